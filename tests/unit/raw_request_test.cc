#include "common/raw_request.h"

#include <ostream>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace squall {
namespace {

const std::string kGet = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
const std::string kHead = "HEAD / HTTP/1.1\r\nHost: a\r\n\r\n";
const std::string kPost = "POST / HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc";

std::string Times(int count, const std::string& text) {
  std::string all;
  for (int i = 0; i < count; ++i) all += text;
  return all;
}

struct GoodCase {
  std::string name;
  std::string bytes;
  uint32_t count;
  uint64_t heads;
  bool idempotent;
};
void PrintTo(const GoodCase& one, std::ostream* out) { *out << one.name; }

class Good : public ::testing::TestWithParam<GoodCase> {};

TEST_P(Good, IsUnderstood) {
  const auto requests = ParseRawRequests(GetParam().bytes);
  ASSERT_TRUE(requests.ok()) << requests.status();
  EXPECT_EQ(requests->count, GetParam().count);
  EXPECT_EQ(requests->heads, GetParam().heads);
  EXPECT_EQ(requests->idempotent, GetParam().idempotent);
}

INSTANTIATE_TEST_SUITE_P(
    RawRequest, Good,
    ::testing::Values(GoodCase{"Get", kGet, 1, 0, true}, GoodCase{"Head", kHead, 1, 1, true},
                      GoodCase{"Post", kPost, 1, 0, false},
                      GoodCase{"Several", kGet + kHead + kGet + kHead, 4, 0b1010, true},
                      GoodCase{"OneThatIsNotIdempotent", kGet + kPost + kGet, 3, 0, false},
                      GoodCase{"Most", Times(64, kHead), 64, ~uint64_t{0}, true},
                      GoodCase{"Chunked",
                               "PUT / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n"
                               "0\r\n\r\n",
                               1, 0, true}),
    [](const auto& test) { return test.param.name; });

struct BadCase {
  std::string name;
  std::string bytes;
  std::string error;
};
void PrintTo(const BadCase& one, std::ostream* out) { *out << one.name; }

class Bad : public ::testing::TestWithParam<BadCase> {};

TEST_P(Bad, IsRefusedWithItsPlace) {
  const auto requests = ParseRawRequests(GetParam().bytes);
  ASSERT_FALSE(requests.ok());
  EXPECT_THAT(std::string(requests.status().message()), ::testing::HasSubstr(GetParam().error));
}

INSTANTIATE_TEST_SUITE_P(
    RawRequest, Bad,
    ::testing::Values(BadCase{"Empty", "", "an empty text"},
                      BadCase{"EmptyLines", "\r\n\r\n", "nothing but empty lines"},
                      BadCase{"NoHttp", "hello", "at line 1, column"},
                      BadCase{"AnAnswer", "HTTP/1.1 200 OK\r\n\r\n", "at line 1, column"},
                      BadCase{"ABadHeader", "GET / HTTP/1.1\r\nA b\r\n\r\n", "at line 2, column"},
                      BadCase{"NoEnd", "GET / HTTP/1.1\r\nHost: a\r\n", "the empty line"},
                      BadCase{"AShortBody", "POST / HTTP/1.1\r\nContent-Length: 4\r\n\r\nabc",
                              "some of the body"},
                      BadCase{"ALongBody", kPost + "x", "at line 4, column 4"},
                      BadCase{"TooMany", Times(65, kGet), "more than 64"},
                      BadCase{"Connect", "CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n", "CONNECT"}),
    [](const auto& test) { return test.param.name; });

}  // namespace
}  // namespace squall
