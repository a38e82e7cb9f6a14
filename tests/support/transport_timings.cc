#include "tests/support/transport_timings.h"

#include <algorithm>
#include <string>

#include <gtest/gtest.h>

#include "tests/support/raw_server.h"

namespace squall::testing {
namespace {

constexpr Nanos kPause = 200 * kMillisecond;
// Between what a transport measures and what its user does, on a busy machine.
constexpr Nanos kSlack = 50 * kMillisecond;

}  // namespace

void RunTimingsOfParts(TransportFactory factory) {
  const std::string head = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhe";
  const RawAnswer late = {"", RawAnswer::Then::kKeepOpen, kPause, head + "llo"};
  const RawAnswer slow = {head, RawAnswer::Then::kKeepOpen, kPause, "llo"};
  const struct {
    const char* name;
    RawScript script;
    bool late;
  } kCases[] = {
      {"late", {late}, true},
      {"slow", {slow}, false},
  };
  for (const auto& test : kCases) {
    RawServer server(test.script);
    const auto seen = SendAll(factory, SimplePlan(), 1, {server.Url(), server.Url()});
    ASSERT_EQ(seen.size(), 2u);
    for (const bool fresh : {true, false}) {
      SCOPED_TRACE(test.name + std::string(fresh ? " on a fresh" : " on a reused"));
      const Seen& one = seen[fresh ? 0 : 1];
      const Timings& timings = one.timings;
      EXPECT_EQ(one.connections, fresh ? 1u : 0u);
      EXPECT_EQ(timings.connect >= 0, fresh);
      EXPECT_TRUE(fresh || timings.resolve < 0);
      EXPECT_LT(timings.tls, 0);
      // On a busy machine the first piece may be seen late.
      EXPECT_GE(timings.first_byte, test.late ? kPause / 2 : 0);
      EXPECT_GE(timings.transfer, test.late ? 0 : kPause / 2);
      EXPECT_LT(test.late ? timings.transfer : timings.first_byte, kPause);
      const Nanos sum = std::max<Nanos>(timings.resolve, 0) + std::max<Nanos>(timings.connect, 0) +
                        timings.first_byte + timings.transfer;
      EXPECT_LE(sum, one.end - one.start + kMillisecond);
      EXPECT_GE(sum, one.end - one.start - kSlack);
    }
  }
}

void RunTimingsOfResent(TransportFactory factory) {
  const RawAnswer answer = {"HTTP/1.1 204 No Content\r\n\r\n"};
  RawServer server({answer, {"", RawAnswer::Then::kClose}, answer});
  const auto seen = SendAll(factory, SimplePlan(), 1, {server.Url(), server.Url(), server.Url()});
  ASSERT_EQ(seen.size(), 3u);
  EXPECT_TRUE(seen[1].resent);
  EXPECT_LT(seen[1].timings.first_byte, 0);
  EXPECT_GE(seen[2].timings.first_byte, 0);
}

}  // namespace squall::testing
