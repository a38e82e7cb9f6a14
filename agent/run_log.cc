#include "agent/run_log.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include "absl/time/clock.h"
#include "common/values.h"

namespace squall {

bool RunLog::MayWrite(const ActiveRun& run, std::string& left_out) {
  if (run.begun()) return true;
  const auto count = log_limit_.Ask(SteadyNow());
  if (count && *count != 0) left_out = fmt::format(" not_logged={}", *count);
  return count.has_value();
}

void RunLog::Write(spdlog::level::level_enum level, std::string_view event, const ActiveRun& run,
                   const std::string& more) {
  std::string left_out;
  if (!MayWrite(run, left_out)) return;
  spdlog::log(level, "event={} run={} controller=\"{}\"{}{}{}", event, Quoted(run.run_id),
              run.controller, more.empty() ? "" : " ", more, left_out);
}

void RunLog::Audit(const ActiveRun& run, std::string_view outcome, std::string_view reason) {
  std::string left_out;
  if (!MayWrite(run, left_out)) return;
  run.audit.Write(run.run_id, run.controller, outcome, reason, absl::Now());
}

}  // namespace squall
