#include "target/target_command.h"

#include <csignal>
#include <cstdio>
#include <limits>
#include <memory>
#include <string_view>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/file_limit.h"
#include "common/output.h"
#include "common/parent_watch.h"
#include "target/server.h"

namespace squall {
namespace {

constexpr int kUsageError = 2;
constexpr int kCannotServe = 3;

constexpr int64_t kMostBodyBytes = int64_t{1} << 30;
constexpr int64_t kMostThreads = 1024;

absl::StatusOr<absl::Duration> ParseDurationFlag(std::string_view flag, const std::string& text) {
  absl::Duration duration;
  if (!absl::ParseDuration(text, &duration) || duration < absl::ZeroDuration() ||
      duration == absl::InfiniteDuration()) {
    return absl::InvalidArgumentError(fmt::format(
        "{} \"{}\" is not a length of time; write a number with its unit, e.g. 200ms or 1.5s", flag,
        text));
  }
  return duration;
}

absl::Status CheckRange(std::string_view flag, int64_t value, int64_t least, int64_t most) {
  if (value >= least && value <= most) return absl::OkStatus();
  if (most == std::numeric_limits<int64_t>::max()) {
    return absl::InvalidArgumentError(
        fmt::format("{} {} makes no sense; give at least {}", flag, value, least));
  }
  return absl::InvalidArgumentError(
      fmt::format("{} {} makes no sense; give {} to {}", flag, value, least, most));
}

absl::StatusOr<target::Options> ToOptions(const TargetFlags& flags) {
  const absl::StatusOr<absl::Duration> delay = ParseDurationFlag("--delay", flags.delay);
  if (!delay.ok()) return delay.status();
  const absl::StatusOr<absl::Duration> jitter = ParseDurationFlag("--jitter", flags.jitter);
  if (!jitter.ok()) return jitter.status();
  const bool allows_body = flags.status != 204 && flags.status != 304;
  const int64_t body_bytes = flags.body_bytes.value_or(allows_body ? 16 : 0);
  for (const absl::Status& status :
       {CheckRange("--status", flags.status, 200, 599),
        CheckRange("--workers", flags.workers, 0, std::numeric_limits<int64_t>::max()),
        CheckRange("--fail-every", flags.fail_every, 0, std::numeric_limits<int64_t>::max()),
        CheckRange("--body-bytes", body_bytes, 0, kMostBodyBytes),
        CheckRange("--threads", flags.threads, 1, kMostThreads)}) {
    if (!status.ok()) return status;
  }
  if (!allows_body && body_bytes > 0) {
    return absl::InvalidArgumentError(
        fmt::format("an answer with status {} has no body; leave out --body-bytes, or choose "
                    "another --status",
                    flags.status));
  }
  target::Options options;
  options.listen = flags.listen;
  options.delay = *delay;
  options.jitter = *jitter;
  options.workers = static_cast<uint64_t>(flags.workers);
  options.status = static_cast<int>(flags.status);
  options.fail_every = static_cast<uint64_t>(flags.fail_every);
  options.body_bytes = static_cast<uint64_t>(body_bytes);
  options.threads = static_cast<int>(flags.threads);
  options.log = flags.log;
  return options;
}

// Holds SIGINT and SIGTERM back from the calling thread and those it starts, so that they can be
// waited for.
class HeldSignals {
 public:
  HeldSignals() {
    sigemptyset(&signals_);
    sigaddset(&signals_, SIGINT);
    sigaddset(&signals_, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &signals_, &before_);
  }
  ~HeldSignals() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  HeldSignals(const HeldSignals&) = delete;
  HeldSignals& operator=(const HeldSignals&) = delete;

  void WaitForOne() const {
    int signal = 0;
    sigwait(&signals_, &signal);
  }

 private:
  sigset_t signals_;
  sigset_t before_;
};

int Fail(const absl::Status& status) {
  const absl::string_view message = status.message();
  Print(stderr, "squall: {}\n", std::string_view(message.data(), message.size()));
  return absl::IsInvalidArgument(status) ? kUsageError : kCannotServe;
}

}  // namespace

CLI::App* AddTargetCommand(CLI::App& app, TargetFlags& flags) {
  CLI::App* command = app.add_subcommand(
      "target", "Serve HTTP for trying, testing and measuring, and count what comes");
  command
      ->add_option("--listen", flags.listen,
                   "Where: host:port, [IPv6]:port; port 0 is any free one")
      ->capture_default_str()
      ->type_name("ADDR");
  command->add_option("--delay", flags.delay, "Wait this long before each answer, e.g. 200ms")
      ->capture_default_str()
      ->type_name("D");
  command->add_option("--jitter", flags.jitter, "Wait, besides, a random time below this")
      ->capture_default_str()
      ->type_name("D");
  command
      ->add_option("--workers", flags.workers,
                   "Work on N requests at a time, each for --delay and --jitter, whatever\n"
                   "--threads is; the others wait in the order of coming. 0: on any number")
      ->capture_default_str()
      ->type_name("N");
  command->add_option("--status", flags.status, "Answer with this status, 200 to 599")
      ->capture_default_str()
      ->type_name("CODE");
  command
      ->add_option("--fail-every", flags.fail_every, "Answer every K-th request with 500; 0: none")
      ->capture_default_str()
      ->type_name("K");
  command->add_option("--body-bytes", flags.body_bytes, "Size of each answer's body [16]")
      ->type_name("B");
  command->add_option("--threads", flags.threads, "Threads to serve with")
      ->capture_default_str()
      ->type_name("K");
  command->add_option("--log", flags.log, "Write a line for each request, before it is answered")
      ->type_name("FILE");
  command->add_option("--parent-fd", flags.parent_fd)->group("");
  command->footer(
      "Examples:\n"
      "  squall target                                answer 200 at once, at 127.0.0.1:8080\n"
      "  squall target --delay 200ms --jitter 50ms    a slow one\n"
      "  squall target --delay 10ms --workers 8       at most 800 requests a second\n"
      "  squall target --fail-every 100               one answer in a hundred is a 500\n"
      "  squall target --listen 0.0.0.0:80 --threads 4\n"
      "\n"
      "Its counts: printed when it stops (Ctrl-C), and meanwhile\n"
      "  curl http://127.0.0.1:8080/__stats\n"
      "  curl -X DELETE http://127.0.0.1:8080/__stats    counts from 0 again\n"
      "There in_flight_ns is the sum of the requests in flight over time: asked for twice, its\n"
      "increase by that of now_ns is the mean between. history has it for the last seconds: when\n"
      "an interval began, the sum by then, how many there were, and the most in the interval.\n"
      "Connections without a byte do not count.\n"
      "The file of --log: nanoseconds since the start, client, method, path with query, status;\n"
      "written each 100 ms, and before /__stats answers");
  return command;
}

int RunTarget(const TargetFlags& flags) {
  const absl::StatusOr<target::Options> options = ToOptions(flags);
  if (!options.ok()) return Fail(options.status());
  RaiseFileLimit();
  const HeldSignals signals;
  std::signal(SIGPIPE, SIG_IGN);  // a reader of standard output that is gone
  const absl::StatusOr<std::unique_ptr<target::Server>> server = target::Server::Start(*options);
  if (!server.ok()) return Fail(server.status());

  const std::string words = fmt::format("listening on {}\n", (*server)->url());
  if (flags.parent_fd >= 0) {
    const ParentWatch parent(flags.parent_fd, [] { kill(getpid(), SIGTERM); });
    if (parent.Say(words)) signals.WaitForOne();
    (*server)->Stop();
    return 0;
  }
  Write(stdout, words);
  signals.WaitForOne();
  (*server)->Stop();
  const bool printed = Write(stdout, target::CountsToText((*server)->counts()));
  return printed && (*server)->log_is_complete() ? 0 : kCannotServe;
}

}  // namespace squall
