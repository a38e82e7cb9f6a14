#include <fstream>
#include <memory>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "target/request_log.h"
#include "target/server.h"
#include "tests/unit/raw_client.h"
#include "tests/unit/target_support.h"

namespace squall::target {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::string NewPath() {
  return testing::TempDir() + "/requests-" +
         testing::UnitTest::GetInstance()->current_test_info()->name() + ".log";
}

std::vector<std::string> LinesOf(const std::string& path) {
  std::ifstream file(path);
  std::vector<std::string> lines;
  for (std::string line; std::getline(file, line);) lines.push_back(line);
  return lines;
}

// Lines without the first field, which rises from one to the next.
std::vector<std::string> WithoutTimes(const std::vector<std::string>& lines) {
  std::vector<std::string> rests;
  Nanos last = -1;
  for (const std::string& line : lines) {
    const size_t space = line.find(' ');
    const Nanos time = std::stoll(line.substr(0, space));
    EXPECT_GE(time, last);
    last = time;
    rests.push_back(line.substr(space + 1));
  }
  return rests;
}

TEST(TargetRequestLog, HasWhatWasAddedBeforeAFlush) {
  const std::string path = NewPath();
  std::ofstream(path) << "of another run\n";
  auto log = RequestLog::Open(path, 2);
  ASSERT_TRUE(log.ok()) << log.status();
  for (int i = 0; i < 3; ++i) {
    (*log)->Add(i % 2, {.since_start = i,
                        .client = "10.0.0.1",
                        .method = "GET",
                        .path = "/a?b=c",
                        .status = 200 + i});
    (*log)->Flush();
    EXPECT_EQ(LinesOf(path).size(), static_cast<size_t>(i) + 1);
  }
  EXPECT_THAT(LinesOf(path), ElementsAre("0 10.0.0.1 GET /a?b=c 200", "1 10.0.0.1 GET /a?b=c 201",
                                         "2 10.0.0.1 GET /a?b=c 202"));
  EXPECT_TRUE((*log)->complete());
}

TEST(TargetRequestLog, IsWrittenUnaskedAndAtTheEnd) {
  const std::string path = NewPath();
  auto log = RequestLog::Open(path, 1);
  ASSERT_TRUE(log.ok()) << log.status();
  const RequestLog::Line line{
      .since_start = 1, .client = "c", .method = "GET", .path = "/", .status = 200};
  (*log)->Add(0, line);
  EXPECT_TRUE(Eventually([&] { return LinesOf(path).size() == 1; }));
  (*log)->Add(0, line);
  log->reset();
  EXPECT_EQ(LinesOf(path).size(), 2u);
}

TEST(TargetRequestLog, SaysWhenItIsNotComplete) {
  auto log = RequestLog::Open("/dev/full", 1);
  if (!log.ok()) GTEST_SKIP() << "no /dev/full here";
  (*log)->Flush();
  EXPECT_TRUE((*log)->complete());
  (*log)->Add(0, {.since_start = 1, .client = "c", .method = "GET", .path = "/", .status = 200});
  (*log)->Flush();
  EXPECT_FALSE((*log)->complete());
}

TEST(TargetRequestLog, RefusesAFileThatCannotBeWritten) {
  Options options;
  options.listen = "127.0.0.1:0";
  options.log = testing::TempDir() + "/no/such/folder/log";
  const auto server = Server::Start(options);
  EXPECT_EQ(server.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(server.status().message()), HasSubstr("can't write --log"));
}

TEST(TargetRequestLog, HasALineForEachRequestReadWholeBeforeItIsAnswered) {
  Options options;
  options.log = NewPath();
  options.fail_every = 3;
  options.threads = 2;
  const auto server = StartServer(options);
  RawClient asker(server->port());
  asker.Get("/__stats");
  EXPECT_THAT(LinesOf(options.log), IsEmpty());

  const std::string long_path = "/" + std::string(10'000, 'x');
  RawClient client(server->port());
  client.Get("/__statistics?x=1&y=%20");
  client.Get(long_path, "DELETE");
  client.Send("POST http://t/whole?a HTTP/1.1\r\nContent-Length: 2\r\n\r\na");
  asker.Get("/__stats");
  EXPECT_EQ(LinesOf(options.log).size(), 2u) << "the third is not read whole yet";
  client.Send("b");
  client.Receive();
  client.Send("rubbish\r\n\r\n");
  client.Receive();
  asker.Get("/__stats?again");
  EXPECT_THAT(
      WithoutTimes(LinesOf(options.log)),
      ElementsAre("127.0.0.1 GET /__statistics?x=1&y=%20 200",
                  "127.0.0.1 DELETE " + long_path + " 200", "127.0.0.1 POST http://t/whole?a 500"));
}

TEST(TargetRequestLog, HasTheRequestsWhoseAnswersAreStillToCome) {
  Options options;
  options.log = NewPath();
  options.delay = absl::Hours(1);
  const auto server = StartServer(options);
  RawClient client(server->port());
  client.Send(kGet);
  ASSERT_TRUE(Eventually([&] { return server->counts().in_flight == 1; }));
  server->Stop();
  EXPECT_THAT(WithoutTimes(LinesOf(options.log)), ElementsAre("127.0.0.1 GET / 200"));
}

// Whoever reads a count at /__stats finds as many lines, whichever threads count.
TEST(TargetRequestLog, IsNeverBehindTheCounts) {
  constexpr int kClients = 3;
  constexpr int kRequests = 300;
  Options options;
  options.log = NewPath();
  options.threads = 3;
  const auto server = StartServer(options);
  std::vector<std::thread> threads;
  for (int i = 0; i < kClients; ++i) {
    threads.emplace_back([&] {
      RawClient client(server->port());
      for (int n = 0; n < kRequests; ++n) client.Get();
    });
  }
  RawClient asker(server->port());
  size_t count = 0;
  while (count < size_t{kClients} * kRequests) {
    const std::string body = asker.Get("/__stats").body;
    count = std::stoull(body.substr(body.find(':') + 1));
    EXPECT_GE(LinesOf(options.log).size(), count);
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(LinesOf(options.log).size(), size_t{kClients} * kRequests);
}

}  // namespace
}  // namespace squall::target
