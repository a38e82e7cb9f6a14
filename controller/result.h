// What a run came to: all that reports are made from.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "common/clock.h"
#include "common/compact_metrics.h"
#include "common/metrics.h"
#include "common/span.h"
#include "common/step_metrics.h"
#include "controller/clock_sync.h"
#include "controller/parallelism.h"
#include "controller/verdict.h"
#include "squall/v1/control.pb.h"
#include "squall/v1/plan.pb.h"

namespace squall {

enum class RunState {
  kComplete,
  kInterrupted,  // by the user
  kIncomplete,   // could not be carried out as asked
};

// A phase in front of the measured one. Its requests are in no other figure of the result.
struct WarmUp {
  Nanos duration = 0;  // for how long it issued requests
  uint64_t recorded = 0;
  uint64_t failed = 0;
  uint64_t connections = 0;  // opened by then; the measured phase goes on with them
};

// What an agent's steady clock was found to be.
struct AgentClock {
  Nanos offset = 0;  // the agent's minus the controller's, at the start
  Nanos error = 0;   // by which that may be wrong, to either side
  Nanos rtt = 0;     // of the fastest round trip
  std::optional<ClockSync::Drift> drift;
};

// Something that became of an agent.
struct RunEvent {
  enum class Kind { kLost, kResumed, kRegranted, kJoined };
  Nanos at = 0;  // since the start
  Kind kind = Kind::kLost;
  std::string agent;  // its name
  std::string detail;
};

struct AgentResult {
  std::string name;     // as the agent calls itself
  std::string address;  // as the user named it; "local" for the run's own agent
  std::string build;
  v1::Host host;
  uint32_t concurrency = 0;       // its share; 0: it did not take part
  uint32_t peak_connections = 0;  // open at once; 0: not known
  bool obeys_anybody = false;     // as it says (v1::Welcome)
  std::optional<AgentClock> clock;
  CompactMetrics metrics;
  // Of the whole run, summed up; nothing: it told none.
  std::optional<v1::Vitals> vitals;
};

// How requests named themselves to the server (--tag).
struct TagResult {
  std::string run;  // the value of Squall-Run
  // Which numbers of the measured phase have a result: disjoint, rising, as few as possible.
  // Nothing: there were too many holes between them to keep.
  std::optional<std::vector<NumberRun>> recorded;
};

// Which entries of the list were requested: those of numbers that have a result, whatever it is.
struct CoverageResult {
  struct OpenPass {
    uint64_t pass = 0;    // counted from 0
    uint64_t passes = 1;  // with those that follow it, where there were too many to count each
    uint64_t held = 0;    // of passes * listed
    friend bool operator==(const OpenPass&, const OpenPass&) = default;
  };

  uint64_t missed() const { return listed - distinct; }

  uint64_t listed = 0;
  uint64_t distinct = 0;
  // How often the entries were requested that were least and most often; nothing: not known.
  std::optional<uint64_t> times_least = {};
  std::optional<uint64_t> times_most = {};
  // Passes over the list; nothing in random order, which has none. Of those that have begun and are
  // not whole the first dozen and the last, and how many more there are.
  std::optional<uint64_t> whole_passes = {};
  std::vector<OpenPass> open_passes = {};
  uint64_t more_open_passes = 0;
  // By entry; empty: all were, or it was read from a file, which does not have it.
  std::vector<bool> reached = {};
};

// Times of the successes of intervals in which a client, or its link, was the limit: a part of the
// fleet's.
struct Tainted {
  Histogram service;
  Histogram response;  // under a rate
};

struct RunResult {
  std::string id;
  std::string version;  // of the squall that carried it out
  v1::Plan plan;
  absl::Time started_at;  // wall clock of the controller, for people
  // From the beginning of the measured phase to the end of its last request.
  Nanos elapsed = 0;
  RunState state = RunState::kComplete;
  // n, or the number of requests that were issued if the duration ended the run; under a rate, how
  // many it makes in that time.
  uint64_t planned = 0;
  // Under a rate, what was due and has no result: planned = recorded + dropped + unsent.
  uint64_t dropped = 0;     // beyond the bound of the backlog
  uint64_t unsent = 0;      // when the run ended
  Nanos oldest_unsent = 0;  // for how long the oldest of these had been due
  // At most so many requests of lost agents were sent though somebody else was to send them again,
  // or nobody could.
  uint64_t possibly_repeated = 0;
  std::optional<CoverageResult> coverage;   // nothing: there is no list
  std::vector<RunEvent> events;             // as they came
  std::optional<StartSpread> start_spread;  // nothing: there was one agent, or not all have begun
  std::optional<WarmUp> warm_up;
  std::optional<TagResult> tag;  // nothing: requests were not tagged
  std::optional<Parallelism> parallelism;
  std::optional<Verdict> verdict;
  std::optional<Tainted> tainted;  // nothing: clients were never the limit
  Metrics fleet;                   // bucket for bucket the merge of the agents'
  // What each of the plan's named requests came to, in its order: what the fleet's is the sum of,
  // but for addresses and what waited.
  std::vector<Metrics> requests;
  // Where numbers are users: what their requests came to, by the names of their steps. The fleet's
  // is of their flows.
  StepMetrics steps;
  std::vector<AgentResult> agents;
  // What the reader must know before believing the numbers, the gravest first. A sentence each.
  std::vector<std::string> notes;
  // What the script's variables were in the end, by worker, of agents that came to their end.
  std::vector<v1::ScriptGlobals> script_threads;
  // Not everything that --save is to write could be written; a note says what.
  bool not_all_saved = false;
};

}  // namespace squall
