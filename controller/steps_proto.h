// What the steps of users came to, as part of a saved result (result.proto).
#pragma once

#include "absl/status/status.h"
#include "controller/result.h"
#include "squall/v1/result.pb.h"

namespace squall {

void StepsToProto(const RunResult& result, v1::RunResult& proto);

// INVALID_ARGUMENT: StepsToProto() could not have made it of a result of its plan, which is there
// already; to be put behind the file's name.
absl::Status ReadSteps(const v1::RunResult& proto, RunResult& result);

}  // namespace squall
