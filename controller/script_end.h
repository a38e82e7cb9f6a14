// done() of a run's script, after its report.
#pragma once

#include "absl/status/status.h"
#include "common/script.h"
#include "common/script_done.h"
#include "controller/result.h"

namespace squall {

// What the script is told of a run.
ScriptSummary ScriptSummaryOf(const RunResult& result);

// Calls done(), if the script of the run has one; `print` gets what it says. INVALID_ARGUMENT if it
// fails.
absl::Status EndScript(const RunResult& result, Script::Print print);

}  // namespace squall
