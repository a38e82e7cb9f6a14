#include "controller/ssh_failure.h"

#include <algorithm>
#include <string_view>

#include <fmt/format.h>

#include "absl/strings/match.h"
#include "common/values.h"

namespace squall {
namespace {

using Stage = SshTalk::Stage;
using Failure = SshTalk::Failure;

constexpr int kCannotExecute = 126;  // sh's exit code for a program that it may not run
constexpr int kNotFound = 127;       // and for one that is not there, or its loader is not

absl::Status Broken(std::string_view words) {
  return absl::UnavailableError(absl::string_view(words.data(), words.size()));
}

absl::Status Wrong(std::string_view words) {
  return absl::FailedPreconditionError(absl::string_view(words.data(), words.size()));
}

bool Says(const SshFacts& facts, absl::string_view words) {
  return absl::StrContains(facts.errors, words);
}

// " (its words)", if there are any.
std::string InBrackets(const std::string& line) {
  return line.empty() ? std::string() : fmt::format(" ({})", line);
}

absl::Status ExplainConnecting(const SshFacts& facts) {
  const std::string words = SshWords(facts.target);
  const std::string last = LastLine(facts.errors);
  if (facts.exit_code == kNotFound && Says(facts, "ssh: ") && Says(facts, "not found")) {
    return Wrong("there is no program `ssh` on this machine: install OpenSSH's client");
  }
  if (Says(facts, "Could not resolve hostname")) {
    return Broken(fmt::format("no such host: ssh finds no address for {}", facts.target.host));
  }
  if (Says(facts, "Connection refused")) {
    return Broken(fmt::format(
        "connection refused; does an ssh server run there{}?",
        facts.target.port == 0 ? std::string() : fmt::format(" on port {}", facts.target.port)));
  }
  if (Says(facts, "IDENTIFICATION HAS CHANGED")) {
    return Wrong(
        fmt::format("its host key is not the one that ssh knows; find out why, with "
                    "`ssh {}`, before you go on",
                    words));
  }
  if (Says(facts, "Host key verification failed")) {
    return Wrong(
        fmt::format("its host key is not known; connect by `ssh {}` once, and compare the "
                    "fingerprint",
                    words));
  }
  if (Says(facts, "Permission denied") || Says(facts, "Too many authentication failures")) {
    return Wrong(
        fmt::format("permission denied: it takes none of your keys, and no password is "
                    "asked for; `ssh -o BatchMode=yes {} true` must work{}",
                    words, InBrackets(last)));
  }
  if (facts.exit_code == 255) {
    return Broken(fmt::format("ssh cannot reach it{}; try `ssh {}`", InBrackets(last), words));
  }
  if (facts.exit_code < 0) return Broken("ssh was ended before it had reached it");
  return Wrong(fmt::format(
      "its ssh server does not run what it is asked to{}; `ssh {} uname -sm` must say what it is",
      InBrackets(last.empty() ? LastLine(facts.noise) : last), words));
}

absl::Status ExplainEnded(const SshFacts& facts) {
  const std::string last = LastLine(facts.errors);
  if (Says(facts, "Exec format error")) {
    return Wrong("its processor, or system, cannot run the program that was copied to it");
  }
  if (facts.agent_exit_code == kCannotExecute) {
    return Wrong(
        fmt::format("no program may be run in ~/.cache/squall there (noexec): let that be "
                    "a symbolic link to a folder where one may{}",
                    InBrackets(last)));
  }
  if (Says(facts, "shared libraries") || facts.agent_exit_code == kNotFound) {
    return Wrong(
        fmt::format("the program lacks libraries there: use the static file (`make "
                    "static`){}",
                    InBrackets(last)));
  }
  return Wrong(fmt::format("the agent there ended with exit code {}{}", facts.agent_exit_code,
                           InBrackets(last)));
}

}  // namespace

std::string LastLine(std::string_view text) {
  std::string_view last;
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = TrimBlanks(text.substr(0, end));
    if (!line.empty()) last = line;
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return last.empty() ? std::string() : Quoted(last);
}

absl::Status ExplainSshFailure(const SshFacts& facts) {
  const std::string last = LastLine(facts.errors);
  const double megabytes = static_cast<double>(facts.program_bytes) * 1e-6;
  switch (facts.failure) {
    case Failure::kFolder:
      return Wrong(fmt::format("~/.cache/squall cannot be made there{}", InBrackets(last)));
    case Failure::kSocket:
      return Wrong(
          fmt::format("a folder for its socket cannot be made in /tmp there{}", InBrackets(last)));
    case Failure::kCopy:
      if (Says(facts, "No space left") || Says(facts, "quota exceeded")) {
        return Wrong(
            fmt::format("no space there for the program: it takes {:.1f} MB in "
                        "~/.cache/squall{}",
                        megabytes, InBrackets(last)));
      }
      return Wrong(
          fmt::format("the program cannot be put into ~/.cache/squall there{}", InBrackets(last)));
    case Failure::kEnded:
      return ExplainEnded(facts);
    case Failure::kNone:
      break;
  }
  if (facts.stage == Stage::kConnecting) return ExplainConnecting(facts);
  const std::string_view when = facts.stage == Stage::kCopying ? " while the program was copied"
                                : facts.stage == Stage::kReady ? ""
                                                               : " before its agent was there";
  return Broken(fmt::format("its ssh ended{}{}", when, InBrackets(last)));
}

}  // namespace squall
