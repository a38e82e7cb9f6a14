// When the phases of a plan take place, and which one counts.
#pragma once

#include <cstddef>

#include "common/clock.h"
#include "squall/v1/plan.pb.h"

namespace squall {

// The phase that results are made of: the last one. Of a plan without phases, an empty one.
const v1::Phase& MeasuredPhase(const v1::Plan& plan);

// How long after Start phase `index` begins. All phases before it end by duration.
Nanos PhaseBegin(const v1::Plan& plan, size_t index);

}  // namespace squall
