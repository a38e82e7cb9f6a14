// The parts of a result that say what can be believed, as messages and back.
#pragma once

#include "controller/result.h"
#include "squall/v1/result.pb.h"

namespace squall {

void EvidenceToProto(const RunResult& result, v1::RunResult& proto);
// False for what EvidenceToProto() could not have made.
bool EvidenceFromProto(const v1::RunResult& proto, RunResult& result);

}  // namespace squall
