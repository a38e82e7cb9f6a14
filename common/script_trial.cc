#include "common/script_trial.h"

#include <string>
#include <utility>

#include <fmt/format.h>

#include "common/nearest_word.h"
#include "common/phases.h"
#include "common/raw_request.h"

namespace squall {
namespace {

// As Lua says it of a field that is not there.
constexpr std::string_view kCalled = "attempt to call field '";
constexpr std::string_view kMissing = "' (a nil value)";

// "…: did you mean wrk.format?", where a function of one of our tables is near.
absl::Status WithSuggestion(const absl::Status& status) {
  const std::string message(status.message());
  const size_t begin = message.find(kCalled);
  if (begin == std::string::npos) return status;
  const size_t end = message.find(kMissing, begin);
  if (end == std::string::npos) return status;
  const std::string typed = message.substr(begin + kCalled.size(), end - begin - kCalled.size());
  std::string nearest = NearestWord(typed, {"format", "lookup", "connect", "request"});
  std::string_view table = "wrk";
  if (nearest.empty()) {
    nearest = NearestWord(typed, {"get", "head", "post", "put", "patch", "delete"});
    table = "http";
  }
  if (nearest.empty() || nearest == typed) return status;
  return absl::InvalidArgumentError(
      fmt::format("{}: did you mean {}.{}?", message, table, nearest));
}

// It does not wait where the user sleeps.
absl::Status TryUser(ScriptUsers& users) {
  constexpr int kMostSleeps = 100;
  ScriptUsers::Turn turn = users.Begin(0, 0);
  for (int i = 0; turn.want == ScriptUsers::Want::kSleep && i < kMostSleeps; ++i) {
    turn = users.GoOn(0);
  }
  if (turn.want != ScriptUsers::Want::kError) return absl::OkStatus();
  return absl::InvalidArgumentError(users.error());
}

absl::Status TryRequests(const v1::Plan& plan, UserRows::Ptr rows, Script& script) {
  absl::Status status = script.Init();
  if (!status.ok()) return status;
  if (ScriptUsers* users = script.users()) {
    users->SetRows(std::move(rows));
    return TryUser(*users);
  }
  if (script.delays()) {
    if (MeasuredPhase(plan).has_arrivals()) {
      return absl::InvalidArgumentError(
          "the script has a delay(), and with a rate (-q) it is the rate that says when requests "
          "are sent: leave out one");
    }
    script.Delay();
  }
  status = script.TakeError();
  std::string bytes;
  if (status.ok()) status = script.Request(0, bytes);
  if (!status.ok()) return status;
  return ParseRawRequests(bytes).status();
}

}  // namespace

absl::Status TryScript(const v1::Plan& plan, Script::Print print, bool* users, UserRows::Ptr rows) {
  const auto setup = Script::Load(plan, 0, print);
  if (!setup.ok()) return WithSuggestion(setup.status());
  const auto script = Script::Load(plan, 1, std::move(print));
  if (!script.ok()) return script.status();
  absl::Status status = (*setup)->Setup((*script)->thread());
  if (status.ok()) status = TryRequests(plan, std::move(rows), **script);
  if (users != nullptr) *users = (*script)->users() != nullptr;
  return WithSuggestion(status);
}

}  // namespace squall
