#include "controller/range_ledger.h"

#include <algorithm>
#include <utility>

namespace squall {
namespace {

// The least that an agent holds beyond what is in flight, in seconds: less would be spent on
// waiting for more.
constexpr double kLeastSeconds = 0.05;
// The most that an agent holds, in requests, however fast it says it is: one that lies about time
// would have a rate beyond all numbers.
constexpr double kMostHeld = uint64_t{1} << 32;
// The first grant, before its rate is known, in requests a connection.
constexpr double kFirstPerConnection = 4;
// Rates are smoothed over about this time.
constexpr double kRateSeconds = 2.0;

double Seconds(Nanos time) { return static_cast<double>(time) * 1e-9; }

}  // namespace

size_t RangeLedger::Join(const LedgerAgent& agent) {
  agents_.emplace_back().concurrency = agent.concurrency;
  stale_ = true;
  return agents_.size() - 1;
}

void RangeLedger::Change(size_t agent, const LedgerAgent& changed) {
  agents_[agent].concurrency = changed.concurrency;
  stale_ = true;
}

void RangeLedger::Leave(size_t agent) {
  Agent::State& state = agents_[agent].state;
  if (state == Agent::State::kTakesPart) state = Agent::State::kLeft;
  stale_ = true;
}

void RangeLedger::Return(size_t agent) {
  Agent::State& state = agents_[agent].state;
  if (state == Agent::State::kLeft) state = Agent::State::kTakesPart;
  stale_ = true;
}

Ledger::Loss RangeLedger::Lose(size_t agent_index, Nanos /*fenced*/) {
  Agent& agent = agents_[agent_index];
  agent.state = Agent::State::kLost;
  stale_ = true;
  const OpenRanges open = std::exchange(agent.open, {});
  for (const auto& [first, end] : open.ranges()) lost_.Add({first, end - first});
  return {.again = open.count(), .possibly_repeated = open.count()};
}

const RangeLedger::Sums& RangeLedger::TakingPart() {
  if (!std::exchange(stale_, false)) return sums_;
  sums_ = {};
  for (const Agent& agent : agents_) {
    if (agent.state == Agent::State::kTakesPart) {
      ++sums_.agents;
      sums_.unknown += agent.per_second > 0 ? 0 : 1;
      sums_.per_second += agent.per_second;
      sums_.concurrency += agent.concurrency;
    } else {
      sums_.elsewhere += agent.open.count();  // its own until it is lost
    }
  }
  return sums_;
}

// By rate once all rates are known, before by concurrency.
double RangeLedger::ShareOf(const Agent& agent) {
  const Sums& sums = TakingPart();
  return sums.unknown == 0 ? agent.per_second / sums.per_second
                           : agent.concurrency / sums.concurrency;
}

uint64_t RangeLedger::GrantSize(const Agent& agent) {
  const double connections = agent.concurrency;
  // In flight are as many as it has connections; only what is beyond them is work in store.
  double hold = agent.per_second == 0 ? kFirstPerConnection * connections
                                      : agent.per_second * Seconds(hold_) + connections;
  if (total_ != 0) {
    if (const Sums& sums = TakingPart(); sums.agents > 1) {
      const double least = connections + agent.per_second * kLeastSeconds;
      const auto unfinished = static_cast<double>(total_ - held_ - sums.elsewhere);
      const double most = unfinished * ShareOf(agent) / 2;
      hold = std::min(hold, std::max(least, most));
    }
  }
  const auto wanted = static_cast<uint64_t>(std::min(hold, kMostHeld));
  return agent.open.count() >= wanted ? 0 : wanted - agent.open.count();
}

std::vector<Ledger::Granted> RangeLedger::Grant(size_t agent_index, Nanos now) {
  Agent& agent = agents_[agent_index];
  std::vector<Granted> granted;
  if (agent.state != Agent::State::kTakesPart) return granted;
  uint64_t size = GrantSize(agent);
  const auto grant = [&](const NumberRun& run, bool again) {
    agent.open.Add(run);
    granted.push_back({{.first = run.first, .stride = 1, .count = run.count}, again});
    size -= run.count;
  };
  while (size > 0 && !lost_.empty()) grant(lost_.TakeFirst(size), /*again=*/true);
  const uint64_t left = total_ == 0 ? size : total_ - next_;
  if (const NumberRun fresh = {next_, std::min(size, left)}; fresh.count > 0) {
    next_ += fresh.count;
    grant(fresh, /*again=*/false);
  }
  if (!agent.granted && !granted.empty()) {
    // Of one that comes late, the time before says nothing.
    agent.granted = true;
    agent.began = agent.window = std::max<Nanos>(now, 0);
  }
  return granted;
}

void RangeLedger::Expect(size_t agent_index, double per_second) {
  Agent& agent = agents_[agent_index];
  if (agent.reported) return;
  agent.expected = per_second > 0;
  SetRate(agent, per_second);
}

absl::Status RangeLedger::Close(size_t agent_index, const Closing& closing, Nanos window) {
  if (!closing.dropped.empty() || !closing.unsent.empty()) {
    return absl::FailedPreconditionError(
        "it reports requests as dropped or unsent that have no time to be sent at");
  }
  Agent& agent = agents_[agent_index];
  const uint64_t before = agent.open.count();
  for (size_t i = 0; i < closing.held.size(); ++i) {
    const Span& span = closing.held[i];
    // What is far apart is not worth the memory that its gaps would take.
    const bool range = span.stride == 1 || span.count == 1;
    if (range && agent.open.Take({span.first, span.count})) continue;
    for (size_t j = 0; j < i; ++j) agent.open.Add({closing.held[j].first, closing.held[j].count});
    return NotGranted(span.first);
  }
  const uint64_t count = before - agent.open.count();
  agent.held += count;
  held_ += count;
  if (agent.state != Agent::State::kTakesPart) stale_ = true;
  if (window > agent.window) UpdateRate(agent, count, window);
  return absl::OkStatus();
}

void RangeLedger::SetRate(Agent& agent, double per_second) {
  if (agent.state == Agent::State::kTakesPart) {
    sums_.per_second += per_second - agent.per_second;
    sums_.unknown += (per_second > 0 ? 0u : 1u);
    sums_.unknown -= (agent.per_second > 0 ? 0u : 1u);
  }
  agent.per_second = per_second;
}

void RangeLedger::UpdateRate(Agent& agent, uint64_t count, Nanos window) {
  const double elapsed = Seconds(window - agent.began);
  const double seconds = Seconds(window - agent.window);
  const double rate = static_cast<double>(count) / seconds;
  // Over its first seconds the mean is the best guess, if nothing was known before; then the newest
  // intervals count more.
  if (!agent.expected && elapsed < kRateSeconds) {
    SetRate(agent, static_cast<double>(agent.held) / elapsed);
  } else {
    const double part = std::min(1.0, seconds / kRateSeconds);
    SetRate(agent, agent.per_second + (rate - agent.per_second) * part);
  }
  agent.reported = true;
  agent.window = window;
}

}  // namespace squall
