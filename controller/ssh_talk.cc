#include "controller/ssh_talk.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "common/values.h"

namespace squall {
namespace {

// Longer lines are cut: no word of ours is as long.
constexpr size_t kLongestLine = 200;
constexpr std::string_view kOurs = "squall-";

absl::Status OutOfOrder(std::string_view line) {
  return absl::InternalError(fmt::format("says {} out of order", Quoted(line)));
}

}  // namespace

SshTalk::SshTalk(std::string nonce, Choose choose)
    : nonce_(std::move(nonce)), choose_(std::move(choose)) {}

absl::StatusOr<SshTalk::Step> SshTalk::OnBytes(std::string_view bytes) {
  Step step;
  while (!bytes.empty()) {
    const size_t end = std::min(bytes.find('\n'), bytes.size());
    line_ += bytes.substr(0, std::min(end, kLongestLine - std::min(line_.size(), kLongestLine)));
    if (end == bytes.size()) break;
    bytes.remove_prefix(end + 1);
    const std::string line = std::exchange(line_, {});
    if (absl::Status status = OnLine(TrimBlanks(line), step); !status.ok()) return status;
  }
  return step;
}

absl::Status SshTalk::OnLine(std::string_view line, Step& step) {
  if (!line.starts_with(kOurs)) {
    if (stage_ == Stage::kConnecting && !line.empty()) noise_ = line;
    return absl::OkStatus();
  }
  if (failure_ != Failure::kNone) return OutOfOrder(line);
  const std::string_view words = line.substr(kOurs.size());
  const size_t blank = std::min(words.find(' '), words.size());
  const std::string_view word = words.substr(0, blank);
  const std::string_view rest = TrimBlanks(words.substr(blank));
  if (word == "host" && stage_ == Stage::kConnecting) return OnHost(rest, step);
  if (word == "have" && stage_ == Stage::kAsked) {
    stage_ = Stage::kStarting;
    return absl::OkStatus();
  }
  if (word == "need" && stage_ == Stage::kAsked) {
    stage_ = Stage::kCopying;
    step.program = program_;
    return absl::OkStatus();
  }
  if (word == "start" && (stage_ == Stage::kCopying || stage_ == Stage::kStarting)) {
    stage_ = Stage::kStarting;
    return absl::OkStatus();
  }
  if (word == "ready" && stage_ == Stage::kStarting) {
    stage_ = Stage::kReady;
    return absl::OkStatus();
  }
  if (word == "failed" && stage_ != Stage::kConnecting) {
    failure_ = rest == "folder"   ? Failure::kFolder
               : rest == "copy"   ? Failure::kCopy
               : rest == "socket" ? Failure::kSocket
                                  : Failure::kNone;
    return failure_ == Failure::kNone ? OutOfOrder(line) : absl::OkStatus();
  }
  if (word == "ended" && stage_ >= Stage::kStarting) {
    const absl::StatusOr<uint64_t> code = ParseWholeNumber(rest, 0, 255);
    if (!code.ok()) return OutOfOrder(line);
    failure_ = Failure::kEnded;
    agent_exit_code_ = static_cast<int>(*code);
    return absl::OkStatus();
  }
  return OutOfOrder(line);
}

absl::Status SshTalk::OnHost(std::string_view words, Step& step) {
  const size_t blank = words.find(' ');
  if (blank == std::string_view::npos) return OutOfOrder(fmt::format("squall-host {}", words));
  platform_.system = words.substr(0, blank);
  platform_.machine = TrimBlanks(words.substr(blank));
  absl::StatusOr<ProgramFilePtr> program = choose_(platform_);
  if (!program.ok()) return program.status();
  program_ = *std::move(program);
  step.words = fmt::format("{} {} {}\n", program_->sha256, program_->bytes.size(), nonce_);
  stage_ = Stage::kAsked;
  return absl::OkStatus();
}

}  // namespace squall
