// Results of runs as JSON, held against the first numbers of a log.
//
// Properties: what is refused is refused with a message that can be shown; what is accepted does
// not contradict itself, and can be held against a log and reported without much memory or time,
// whatever it says.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "controller/reconcile_report.h"
#include "tests/fuzz/properties.h"

namespace squall {
namespace {

void CheckFacts(const RunFacts& facts) {
  uint64_t responses = 0;
  for (const auto& [status, count] : facts.statuses) {
    SQUALL_CHECK(status <= 999);
    responses += count;
  }
  SQUALL_CHECK(responses + facts.without_response == facts.recorded);
  if (!facts.runs) return;
  uint64_t end = 0;
  uint64_t sum = 0;
  for (const NumberRun& run : *facts.runs) {
    SQUALL_CHECK(run.first >= end && run.count > 0);
    end = run.first + run.count;
    sum += run.count;
  }
  SQUALL_CHECK(end <= uint64_t{1} << 63 && sum == facts.recorded);
}

void TestRunFacts(std::string_view text) {
  absl::StatusOr<RunFacts> facts = ReadRunFacts(text);
  if (!facts.ok()) return CheckRefusal(facts.status());
  CheckFacts(*facts);
  ReconcileReport report;
  report.facts = *std::move(facts);
  const RunFacts& of = report.facts;
  Reconciler reconciler(of);
  for (uint64_t n = 0; n < 100; ++n) {
    SQUALL_CHECK(reconciler.Add({200, of.tagged ? of.id : "", n % 7 == 0, n * n}).ok());
  }
  const absl::StatusOr<Reconciliation> found = reconciler.Finish();
  SQUALL_CHECK(found.ok());
  report.found = *found;
  report.conclusion = Judge(of, report.found);
  if (found->by_number) {
    SQUALL_CHECK(found->once + found->more_often + found->never == of.recorded);
  }
  std::string shown = ReconcileText(report, {});
  std::erase(shown, '\n');
  SQUALL_CHECK(IsUtf8(shown) && !HasControlCharacter(shown));
  SQUALL_CHECK(ReadRunFacts(ReconcileJson(report)).status().code() ==
               absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace squall

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  squall::TestRunFacts({reinterpret_cast<const char*>(data), size});
  return 0;
}
