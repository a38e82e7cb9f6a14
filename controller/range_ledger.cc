#include "controller/range_ledger.h"

#include <algorithm>

namespace squall {
namespace {

// How much work an agent holds, in seconds.
constexpr double kHoldSeconds = 4.0;
// The least it holds beyond what is in flight, in seconds: less would be spent on waiting for more.
constexpr double kLeastSeconds = 0.05;
// The most that an agent holds, in requests, however fast it says it is: one that lies about time
// would have a rate beyond all numbers.
constexpr double kMostHeld = uint64_t{1} << 32;
// The first grant, before its rate is known, in requests a connection.
constexpr double kFirstPerConnection = 4;
// Rates are smoothed over about this time.
constexpr double kRateSeconds = 2.0;

}  // namespace

size_t RangeLedger::AddAgent(uint32_t concurrency) {
  Agent agent;
  agent.concurrency = concurrency;
  agents_.push_back(std::move(agent));
  concurrency_ += concurrency;
  return agents_.size() - 1;
}

// The part of the fleet's work that is this agent's: by rate once all rates are known, before by
// concurrency.
double RangeLedger::Share(const Agent& agent) const {
  double per_second = 0;
  bool known = true;
  for (const Agent& other : agents_) {
    per_second += other.per_second;
    known = known && other.per_second > 0;
  }
  if (known) return agent.per_second / per_second;
  return agent.concurrency / static_cast<double>(concurrency_);
}

uint64_t RangeLedger::GrantSize(const Agent& agent) const {
  const double connections = agent.concurrency;
  // In flight are as many as it has connections; only what is beyond them is work in store.
  double hold = agent.per_second == 0 ? kFirstPerConnection * connections
                                      : agent.per_second * kHoldSeconds + connections;
  if (total_ != 0 && agents_.size() > 1) {
    const double least = connections + agent.per_second * kLeastSeconds;
    const double most = static_cast<double>(total_ - held_) * Share(agent) / 2;
    hold = std::min(hold, std::max(least, most));
  }
  const auto wanted = static_cast<uint64_t>(std::min(hold, kMostHeld));
  const uint64_t left = total_ == 0 ? wanted : total_ - next_;
  return agent.open.count() >= wanted ? 0 : std::min(wanted - agent.open.count(), left);
}

std::optional<Span> RangeLedger::TopUp(size_t agent_index) {
  Agent& agent = agents_[agent_index];
  const uint64_t size = GrantSize(agent);
  if (size == 0) return std::nullopt;
  const Span span{.first = next_, .stride = 1, .count = size};
  next_ += size;
  agent.open.Add({span.first, size});
  return span;
}

std::vector<Span> RangeLedger::Grant(size_t agent, Nanos /*now*/) {
  const std::optional<Span> span = TopUp(agent);
  return span ? std::vector<Span>{*span} : std::vector<Span>{};
}

void RangeLedger::Expect(size_t agent_index, double per_second) {
  Agent& agent = agents_[agent_index];
  if (agent.window != 0) return;
  agent.expected = per_second > 0;
  agent.per_second = per_second;
}

absl::Status RangeLedger::Close(size_t agent_index, const Closing& closing, Nanos window) {
  if (!closing.dropped.empty() || !closing.unsent.empty()) {
    return absl::FailedPreconditionError(
        "it reports requests as dropped or unsent that have no time to be sent at");
  }
  Agent& agent = agents_[agent_index];
  // Runs are disjoint, so each can be checked against what is open now.
  uint64_t count = 0;
  for (const NumberRun& run : closing.held) {
    if (!agent.open.Contains(run)) return NotGranted(run.first);
    count += run.count;
  }
  for (const NumberRun& run : closing.held) agent.open.Remove(run);
  agent.held += count;
  held_ += count;
  if (window > agent.window) UpdateRate(agent, count, window);
  return absl::OkStatus();
}

void RangeLedger::UpdateRate(Agent& agent, uint64_t count, Nanos window) {
  const double elapsed = static_cast<double>(window) * 1e-9;
  const double seconds = static_cast<double>(window - agent.window) * 1e-9;
  const double rate = static_cast<double>(count) / seconds;
  // Over its first seconds the mean is the best guess, if nothing was known before; then the newest
  // intervals count more.
  if (!agent.expected && elapsed < kRateSeconds) {
    agent.per_second = static_cast<double>(agent.held) / elapsed;
  } else {
    agent.per_second += (rate - agent.per_second) * std::min(1.0, seconds / kRateSeconds);
  }
  agent.window = window;
}

}  // namespace squall
