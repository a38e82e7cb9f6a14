#include "target/target_command.h"

#include <csignal>
#include <functional>
#include <string>

#include <CLI/CLI.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "target/server.h"

namespace squall {
namespace {

using testing::HasSubstr;
using testing::MatchesRegex;
using testing::StartsWith;

// What `squall target` with these flags prints to standard error; its exit code in `code`.
std::string ErrorOf(const TargetFlags& flags, int& code) {
  testing::internal::CaptureStderr();
  code = RunTarget(flags);
  return testing::internal::GetCapturedStderr();
}

TEST(TargetCommand, RefusesFlagsThatMakeNoSense) {
  struct Case {
    const char* name;
    std::function<void(TargetFlags&)> set;
    const char* message;
  };
  const Case cases[] = {
      {"DelayWithoutUnit", [](auto& f) { f.delay = "200"; }, "--delay \"200\" is not a length"},
      {"NegativeDelay", [](auto& f) { f.delay = "-1s"; }, "e.g. 200ms"},
      {"EndlessJitter", [](auto& f) { f.jitter = "inf"; }, "--jitter \"inf\" is not a length"},
      {"InterimStatus", [](auto& f) { f.status = 101; },
       "--status 101 makes no sense; give 200 to 599"},
      {"FarStatus", [](auto& f) { f.status = 600; }, "--status 600"},
      {"Workers", [](auto& f) { f.workers = -1; }, "--workers -1 makes no sense; give at least 0"},
      {"FailEvery", [](auto& f) { f.fail_every = -1; },
       "--fail-every -1 makes no sense; give at least 0"},
      {"BodyBytes", [](auto& f) { f.body_bytes = -1; }, "--body-bytes -1"},
      {"HugeBody", [](auto& f) { f.body_bytes = int64_t{1} << 40; }, "--body-bytes"},
      {"BodyWhereNoneIs",
       [](auto& f) {
         f.status = 204;
         f.body_bytes = 1;
       },
       "leave out --body-bytes"},
      {"NoThreads", [](auto& f) { f.threads = 0; }, "--threads 0 makes no sense; give 1 to"},
      {"LogInNoFolder", [](auto& f) { f.log = "/no/such/folder/log"; }, "can't write --log"},
      {"NoPort", [](auto& f) { f.listen = "127.0.0.1"; }, "write host:port"},
      {"NoHost", [](auto& f) { f.listen = ":80"; }, "write host:port"},
      {"BadPort", [](auto& f) { f.listen = "127.0.0.1:80a"; }, "write host:port"},
      {"FarPort", [](auto& f) { f.listen = "127.0.0.1:65536"; }, "write host:port"},
      {"BareV6", [](auto& f) { f.listen = "::1:80"; }, "write host:port"},
      {"UnknownHost", [](auto& f) { f.listen = "256.0.0.1:80"; },
       "name an address of this machine"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    TargetFlags flags;
    flags.listen = "127.0.0.1:0";
    c.set(flags);
    int code = 0;
    const std::string message = ErrorOf(flags, code);
    EXPECT_EQ(code, 2);
    EXPECT_THAT(message, StartsWith("squall: "));
    EXPECT_THAT(message, HasSubstr(c.message));
  }
}

TEST(TargetCommand, SaysWhatToDoIfThePortIsTaken) {
  target::Options options;
  options.listen = "127.0.0.1:0";
  const auto server = target::Server::Start(options);
  ASSERT_TRUE(server.ok());
  TargetFlags flags;
  flags.listen = "127.0.0.1:" + std::to_string((*server)->port());
  int code = 0;
  EXPECT_THAT(ErrorOf(flags, code), HasSubstr("choose another port"));
  EXPECT_EQ(code, 3);
}

TEST(TargetCommand, ServesUntilASignalAndPrintsItsCounts) {
  // Held back in this thread, the signal is there already when the command comes to wait for it.
  sigset_t held;
  sigset_t before;
  sigemptyset(&held);
  sigaddset(&held, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &held, &before);
  pthread_kill(pthread_self(), SIGTERM);

  TargetFlags flags;
  flags.listen = "localhost:0";
  flags.status = 204;
  testing::internal::CaptureStdout();
  EXPECT_EQ(RunTarget(flags), 0);
  const std::string printed = testing::internal::GetCapturedStdout();
  EXPECT_THAT(printed,
              MatchesRegex("listening on http://[^ \n]+:[1-9][0-9]*\nrequests +0\n(.|\n)*"));
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

TEST(TargetCommand, ReadsItsFlags) {
  CLI::App app;
  TargetFlags flags;
  CLI::App* command = AddTargetCommand(app, flags);
  app.parse(
      "target --listen [::1]:0 --workers 3 --delay 1s --jitter 2ms --status 404 --fail-every 7 "
      "--body-bytes 0 --threads 2 --log requests.log");
  EXPECT_TRUE(command->parsed());
  EXPECT_EQ(flags.listen, "[::1]:0");
  EXPECT_EQ(flags.delay, "1s");
  EXPECT_EQ(flags.jitter, "2ms");
  EXPECT_EQ(flags.workers, 3);
  EXPECT_EQ(flags.status, 404);
  EXPECT_EQ(flags.fail_every, 7);
  EXPECT_EQ(flags.body_bytes, 0);
  EXPECT_EQ(flags.threads, 2);
  EXPECT_EQ(flags.log, "requests.log");
  EXPECT_THAT(app.help("", CLI::AppFormatMode::All), HasSubstr("squall target --delay"));
}

}  // namespace
}  // namespace squall
