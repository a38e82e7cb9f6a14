#include "agent/run_scripts.h"

#include <string>
#include <string_view>
#include <utility>

#include <spdlog/spdlog.h>

#include "common/script_trial.h"
#include "common/values.h"

namespace squall {
namespace {

// Lines of a worker that are logged.
constexpr int kMostLines = 20;

// What a script prints may come in any pieces.
Script::Print LogOf(uint32_t worker) {
  return [worker, line = std::string(), lines = 0](std::string_view text) mutable {
    constexpr size_t kLongest = 1000;
    for (const char c : text) {
      if (lines >= kMostLines) return;
      if (c != '\n') {
        if (line.size() < kLongest) line += c;
        continue;
      }
      ++lines;
      spdlog::info("event=script_said worker={} text=\"{}\"{}", worker, LogValue(line),
                   lines == kMostLines ? " more=\"not logged\"" : "");
      line.clear();
    }
  };
}

}  // namespace

absl::StatusOr<RunScripts> RunScripts::Make(const v1::Prepare& prepare, uint32_t workers,
                                            std::string feeder) {
  RunScripts scripts;
  const v1::Plan& plan = prepare.plan();
  if (!plan.has_script()) return scripts;
  absl::StatusOr<UserRows::Ptr> rows = UserRows::Ptr();
  if (plan.users()) rows = UserRows::Make(plan, std::move(feeder));
  if (!rows.ok()) return rows.status();
  bool users = false;
  if (absl::Status status = TryScript(plan, nullptr, &users, *rows); !status.ok()) return status;
  if (users != plan.users()) {
    return absl::InvalidArgumentError(users ? "plan: users: the script has user()"
                                            : "plan: users: the script has no user()");
  }
  const auto setup = Script::Load(plan, 0, nullptr);
  if (!setup.ok()) return setup.status();
  for (uint32_t worker = 0; worker < workers; ++worker) {
    // Draws of its own in the whole fleet.
    const uint64_t place = uint64_t{prepare.first_connection()} + worker + 1;
    auto script = Script::Load(plan, place, LogOf(worker));
    if (!script.ok()) return script.status();
    if (users) (*script)->state().MakeRoomFor((plan.concurrency() + workers - 1) / workers);
    absl::Status status = (*setup)->Setup((*script)->thread());
    if (status.ok()) status = (*script)->Init();
    if (!status.ok()) return status;
    if (users) (*script)->users()->SetRows(*rows);
    scripts.scripts_.push_back(*std::move(script));
  }
  return scripts;
}

void RunScripts::Tell(v1::Done& done) const {
  for (const auto& script : scripts_) {
    if (script->has_done()) *done.add_script_threads() = script->Globals();
  }
}

}  // namespace squall
