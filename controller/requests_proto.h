// What named requests and the steps of users came to, as part of a saved result (result.proto).
#pragma once

#include "absl/status/status.h"
#include "controller/result.h"
#include "squall/v1/result.pb.h"

namespace squall {

void RequestsToProto(const RunResult& result, v1::RunResult& proto);

// Into a result that has its plan and what the fleet saw. INVALID_ARGUMENT: RequestsToProto() could
// not have made it of such a one; to be put behind the file's name.
absl::Status ReadRequests(const v1::RunResult& proto, RunResult& result);

}  // namespace squall
