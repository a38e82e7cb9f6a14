// From what a run recorded to what can be believed of it: parallelism, verdict, and the latencies
// of the time in which no client was the limit.
#pragma once

#include "controller/allotment.h"
#include "controller/recruiter.h"
#include "controller/result.h"
#include "controller/roster.h"
#include "controller/run_evidence.h"

namespace squall {

// Fills these parts of `result`, whose other figures are final. Everything is borrowed.
void TellEvidence(const RunEvidence& evidence, const RunOrder& order, const Roster& roster,
                  const Allotment& allotment, RunResult& result);

}  // namespace squall
