// What an agent's log says of the runs that it is taken for.
//
// Whoever may take an agent can do so, and leave, as often as they like: lines of runs that have
// not begun are limited, and how many were left out is said with the next one.
//
// Used by the session's thread alone.
#pragma once

#include <string>
#include <string_view>

#include <spdlog/common.h>

#include "agent/active_run.h"
#include "common/log_limit.h"

namespace squall {

class RunLog {
 public:
  // "event=done run=… controller="…" recorded=7", where `more` is the last of it. It is safe to
  // print.
  void Write(spdlog::level::level_enum level, std::string_view event, const ActiveRun& run,
             const std::string& more);
  // The line of the audit (agent/run_audit.h); `reason` may be anything.
  void Audit(const ActiveRun& run, std::string_view outcome, std::string_view reason);

 private:
  static constexpr Nanos kMost = 100;  // lines at once

  // With what is to be said of those left out.
  bool MayWrite(const ActiveRun& run, std::string& left_out);

  LogLimit log_limit_{kMost};
};

}  // namespace squall
