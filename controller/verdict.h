// What limited a run: the server, an agent, a link, what a system gives out so many of, the
// schedule, or nothing.
//
// A pure function over what was recorded; docs/measurement.md explains the rules, and their
// thresholds stand in controller/vitals_signs.h. Nanoseconds since the beginning of the measured
// phase.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/clock.h"
#include "common/flight.h"
#include "controller/agent_evidence.h"

namespace squall {

enum class Limit {
  kUnknown,  // too little was seen
  kNone,
  kServer,
  kClient,
  kLink,
  kPorts,
  kFiles,
  kSchedule,
  kMixed,
};
// "server-limited", "not limited", …
std::string_view LimitName(Limit limit);

enum class Confidence { kLow, kMedium, kHigh };
std::string_view ConfidenceName(Confidence confidence);

struct Evidence {
  std::string agent;  // empty: it is of the fleet or the server
  std::string text;
};

struct OutlierAgent {
  std::string name;
  Nanos p50 = 0;
  Nanos p99 = 0;
  Nanos others_p50 = 0;  // medians of the other agents' own
  Nanos others_p99 = 0;
};

struct AgentTaint {
  std::string agent;
  TaintedInterval interval;
};

struct Verdict {
  Limit limit = Limit::kUnknown;
  Confidence confidence = Confidence::kLow;
  std::vector<std::string> agents;  // that were the limit
  std::string summary;              // one line, without the limit's name
  std::vector<Evidence> evidence;
  std::vector<AgentTaint> tainted;
  std::vector<OutlierAgent> outliers;
};

struct AgentFacts {
  std::string name;
  const AgentEvidence* evidence = nullptr;  // borrowed; null: nothing is known
  uint64_t succeeded = 0;
  Nanos p50 = 0;  // service time
  Nanos p99 = 0;
};

struct VerdictFacts {
  std::vector<AgentFacts> agents;  // that took part
  bool open_loop = false;
  bool users = false;        // they make the load, and requests and times are those of their steps
  uint64_t concurrency = 0;  // asked for; under a rate a bound
  bool bound_given = true;   // not by what files, ports and squall itself allow
  double rate = 0;           // asked for, per second
  Nanos elapsed = 0;
  uint64_t planned = 0;
  uint64_t recorded = 0;
  uint64_t not_started = 0;  // dropped and unsent
  uint64_t waited = 0;
  uint64_t refusals = 0;  // failures that say that it was too much
  // Of successes.
  uint64_t succeeded = 0;
  double service_mean = 0;       // ns
  double service_variation = 0;  // standard deviation by mean
  Flight flight;                 // of all agents
  // Under a rate: how many more were in flight near the end than in the middle.
  double flight_growth = 0;
};

Verdict Judge(const VerdictFacts& facts);

}  // namespace squall
