#include "common/phases.h"

namespace squall {

const v1::Phase& MeasuredPhase(const v1::Plan& plan) {
  if (plan.phases().empty()) return v1::Phase::default_instance();
  return *plan.phases().rbegin();
}

Nanos PhaseBegin(const v1::Plan& plan, size_t index) {
  Nanos begin = 0;
  for (size_t i = 0; i < index; ++i) begin += plan.phases(static_cast<int>(i)).duration_ns();
  return begin;
}

}  // namespace squall
