#include "controller/ledger.h"

#include <algorithm>

#include <fmt/format.h>

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

size_t Ledger::AddAgent(uint32_t concurrency) {
  Agent agent;
  agent.concurrency = concurrency;
  agents_.push_back(std::move(agent));
  concurrency_ += concurrency;
  return agents_.size() - 1;
}

// The part of the fleet's work that is this agent's: by rate once all rates are known, before by
// concurrency.
double Ledger::Share(const Agent& agent) const {
  double per_second = 0;
  bool known = true;
  for (const Agent& other : agents_) {
    per_second += other.per_second;
    known = known && other.per_second > 0;
  }
  if (known) return agent.per_second / per_second;
  return agent.concurrency / static_cast<double>(concurrency_);
}

uint64_t Ledger::GrantSize(const Agent& agent) const {
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
  return agent.open_count >= wanted ? 0 : std::min(wanted - agent.open_count, left);
}

std::optional<Span> Ledger::TopUp(size_t agent_index) {
  Agent& agent = agents_[agent_index];
  const uint64_t size = GrantSize(agent);
  if (size == 0) return std::nullopt;
  const Span span{.first = next_, .stride = 1, .count = size};
  next_ += size;
  // Ranges that touch become one.
  auto last = agent.open.empty() ? agent.open.end() : std::prev(agent.open.end());
  if (last != agent.open.end() && last->second == span.first) {
    last->second = next_;
  } else {
    agent.open.emplace(span.first, next_);
  }
  agent.open_count += size;
  return span;
}

void Ledger::Expect(size_t agent_index, double per_second) {
  Agent& agent = agents_[agent_index];
  if (agent.window != 0) return;
  agent.expected = per_second > 0;
  agent.per_second = per_second;
}

bool Ledger::IsOpen(const Agent& agent, const NumberRun& run) {
  auto range = agent.open.upper_bound(run.first);
  if (range == agent.open.begin()) return false;
  --range;
  return run.first < range->second && run.count <= range->second - run.first;
}

void Ledger::Close(Agent& agent, const NumberRun& run) {
  auto range = std::prev(agent.open.upper_bound(run.first));
  const uint64_t end = range->second;
  const uint64_t run_end = run.first + run.count;
  if (range->first == run.first) {
    agent.open.erase(range);
  } else {
    range->second = run.first;
  }
  if (run_end != end) agent.open.emplace(run_end, end);
}

absl::Status Ledger::Hold(size_t agent_index, const std::vector<NumberRun>& runs, Nanos window) {
  Agent& agent = agents_[agent_index];
  // Runs are disjoint, so each can be checked against what is open now.
  uint64_t count = 0;
  for (const NumberRun& run : runs) {
    if (!IsOpen(agent, run)) {
      return absl::FailedPreconditionError(
          fmt::format("it reports {} requests from number {} on, which it was not granted or has "
                      "reported before",
                      run.count, run.first));
    }
    count += run.count;
  }
  for (const NumberRun& run : runs) Close(agent, run);
  agent.open_count -= count;
  agent.held += count;
  held_ += count;
  if (window > agent.window) {
    const double seconds = static_cast<double>(window - agent.window) * 1e-9;
    const double rate = static_cast<double>(count) / seconds;
    const double mean = static_cast<double>(agent.held) / (static_cast<double>(window) * 1e-9);
    // Over its first seconds the mean is the best guess, if nothing was known before; then the
    // newest intervals count more.
    agent.per_second =
        !agent.expected && static_cast<double>(window) * 1e-9 < kRateSeconds
            ? mean
            : agent.per_second + (rate - agent.per_second) * std::min(1.0, seconds / kRateSeconds);
    agent.window = window;
  }
  return absl::OkStatus();
}

}  // namespace squall
