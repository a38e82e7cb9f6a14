#include "controller/run_output.h"

#include "controller/report_json.h"
#include "controller/report_output.h"
#include "controller/report_text.h"
#include "controller/summary.h"

namespace squall {
namespace {

constexpr int kDone = 0;
constexpr int kNotAsAsked = 3;
constexpr int kInterruptedExit = 130;

int ExitCode(const RunResult& result) {
  if (result.state == RunState::kInterrupted) return kInterruptedExit;
  const bool as_asked = result.state == RunState::kComplete && ResponsesOf(result) != 0;
  return as_asked && !result.not_all_saved ? kDone : kNotAsAsked;
}

}  // namespace

int PrintResult(const RunResult& result, const std::string& json_path) {
  const bool written = WriteReports(
      json_path, {.text = [&](const TextStyle& style) { return TextReport(result, style); },
                  .json = [&] { return JsonReport(result); }});
  const int code = ExitCode(result);
  return written || code != kDone ? code : kNotAsAsked;
}

}  // namespace squall
