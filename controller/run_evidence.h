// What a run's snapshots tell of what can be believed: in flight, also by the server's own count,
// vitals, and the latencies of the time in which no client was the limit.
//
// Owned and called by the coordinator's thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "common/clock.h"
#include "common/compact_metrics.h"
#include "common/histogram.h"
#include "controller/agent_evidence.h"
#include "controller/parallelism.h"
#include "controller/server_record.h"
#include "controller/snapshot_check.h"
#include "squall/v1/metrics.pb.h"

namespace squall {

class RunEvidence {
 public:
  // What agent `agent` (0, 1, 2, …) told in a snapshot; its clock shows `zero` at the beginning of
  // the measured phase. `measured`: of that phase. `checked` is of the snapshot.
  void Add(size_t agent, const v1::Snapshot& snapshot, const CheckedSnapshot& checked, Nanos zero,
           bool measured);
  // Nothing more comes.
  void End();

  const ParallelismRecord& parallelism() const { return parallelism_; }
  const ServerRecord& server() const { return server_; }
  // Null: it told nothing.
  const AgentEvidence* Of(size_t agent) const;

  // Successes of tainted intervals; their service times and, under a rate, response times.
  const Histogram& tainted_service() const { return tainted_service_; }
  const Histogram& tainted_response() const { return tainted_response_; }

 private:
  // What came since the agent's vitals did.
  struct Pending {
    IntervalLoad load;
    CompactHistogram service;  // as there may be thousands of agents
    CompactHistogram response;
  };
  struct OfAgent {
    bool told = false;
    bool tainted = false;  // its last interval
    AgentEvidence evidence;
    Pending pending;
  };

  void Settle(Pending& pending, bool tainted);

  ParallelismRecord parallelism_{kSecond};
  ServerRecord server_;
  std::vector<OfAgent> agents_;
  Histogram tainted_service_;
  Histogram tainted_response_;
};

}  // namespace squall
