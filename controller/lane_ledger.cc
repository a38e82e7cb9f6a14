#include "controller/lane_ledger.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace squall {
namespace {

uint64_t TotalOf(const v1::Phase& phase, Schedule& schedule) {
  if (phase.duration_ns() == 0) return phase.requests();
  const uint64_t due = schedule.CountBefore(phase.duration_ns());
  return phase.requests() == 0 ? due : std::min(due, phase.requests());
}

}  // namespace

LaneLedger::LaneLedger(const v1::Phase& phase, uint64_t seed, Nanos hold, const ListedTimes* listed)
    : schedule_(phase.arrivals(), seed, listed), total_(TotalOf(phase, schedule_)), hold_(hold) {}

size_t LaneLedger::Join(const LedgerAgent& agent) {
  agents_.emplace_back().weight = agent.weight;
  stale_ = true;
  return agents_.size() - 1;
}

void LaneLedger::Change(size_t agent, const LedgerAgent& changed) {
  stale_ = stale_ || agents_[agent].weight != changed.weight;
  agents_[agent].weight = changed.weight;
}

void LaneLedger::Leave(size_t agent_index) {
  Agent& agent = agents_[agent_index];
  if (agent.state != Agent::State::kTakesPart) return;
  agent.state = Agent::State::kLeft;
  Withdraw(agent);
}

void LaneLedger::Return(size_t agent_index) {
  Agent& agent = agents_[agent_index];
  if (agent.state != Agent::State::kLeft) return;
  agent.state = Agent::State::kTakesPart;
  stale_ = true;
}

Ledger::Loss LaneLedger::Lose(size_t agent_index, Nanos fenced) {
  Agent& agent = agents_[agent_index];
  agent.state = Agent::State::kLost;
  Withdraw(agent);
  const uint64_t due = schedule_.CountBefore(fenced);
  Loss loss;
  for (const uint64_t first : std::exchange(agent.lanes, {})) {
    LaneSecond& second = *SecondOf(first);
    Lane& lane = second.LaneOf(first);
    lane.granted = false;
    lane.again = true;
    loss.again += lane.open.count();
    loss.possibly_repeated += second.OpenBelow(first, due);
    waiting_.push_back(second.OpenOf(first).front().first);
    ++not_granted_;
  }
  return loss;
}

// It takes no part: what was dealt to it goes to others, who will not get it too late.
void LaneLedger::Withdraw(Agent& agent) {
  waiting_.insert(waiting_.end(), agent.dealt.begin(), agent.dealt.end());
  agent.dealt.clear();
  stale_ = true;
}

const std::vector<uint32_t>& LaneLedger::Turns() {
  if (std::exchange(stale_, false)) {
    std::vector<uint32_t> weights;
    for (const Agent& agent : agents_) {
      weights.push_back(agent.state == Agent::State::kTakesPart ? agent.weight : 0);
    }
    turns_ = DealTurns(weights);
  }
  return turns_;
}

void LaneLedger::MakeSecond() {
  const uint64_t end = std::min(total_, schedule_.CountBefore((made_ + 1) * kSecond));
  if (end > next_) {
    const std::vector<uint32_t>& turns = Turns();
    const LaneSecond& second = seconds_.emplace_back(next_, end - next_, turns,
                                                     static_cast<uint64_t>(made_) % turns.size());
    for (uint64_t lane = next_; lane < next_ + second.lanes(); ++lane) {
      agents_[second.LaneOf(lane).owner].dealt.push_back(lane);
    }
    not_granted_ += second.lanes();
    next_ = end;
  }
  ++made_;
}

void LaneLedger::DealWaiting() {
  if (waiting_.empty()) return;
  std::sort(waiting_.begin(), waiting_.end());
  const std::vector<uint32_t>& turns = Turns();
  for (const uint64_t number : waiting_) {
    Lane& lane = SecondOf(number)->LaneOf(number);
    lane.owner = turns[next_turn_++ % turns.size()];
    agents_[lane.owner].dealt.push_back(number);
  }
  waiting_.clear();
}

std::vector<Ledger::Granted> LaneLedger::Grant(size_t agent_index, Nanos now) {
  Agent& agent = agents_[agent_index];
  std::vector<Granted> granted;
  if (agent.state != Agent::State::kTakesPart) return granted;
  DealWaiting();
  while (next_ != total_ && made_ * kSecond < now + hold_ + kSecond) MakeSecond();
  for (const uint64_t number : agent.dealt) {
    LaneSecond& second = *SecondOf(number);
    Lane& lane = second.LaneOf(number);
    lane.granted = true;
    agent.lanes.insert(second.FirstOf(number));
    for (const Span& span : second.OpenOf(number)) granted.push_back({span, lane.again});
  }
  not_granted_ -= agent.dealt.size();
  agent.dealt.clear();
  std::sort(granted.begin(), granted.end(),
            [](const Granted& a, const Granted& b) { return a.span.first < b.span.first; });
  return granted;
}

LaneSecond* LaneLedger::SecondOf(uint64_t number) {
  const auto after = std::upper_bound(
      seconds_.begin(), seconds_.end(), number,
      [](uint64_t sought, const LaneSecond& second) { return sought < second.first(); });
  if (after == seconds_.begin()) return nullptr;
  LaneSecond& second = *std::prev(after);
  return number < second.end() && !second.closed() ? &second : nullptr;
}

// Takes a span's numbers out of the lanes of the agent and appends them to `taken`; false: one is
// not its own, and those before it are taken out.
bool LaneLedger::TakeSpan(size_t agent, Span span, std::vector<Taken>& taken) {
  while (span.count > 0) {
    LaneSecond* const second = SecondOf(span.first);
    if (second == nullptr) return false;
    Lane& lane = second->LaneOf(span.first);
    const NumberRun positions = second->PositionsOf(span);
    if (!lane.granted || lane.owner != agent || !lane.open.Take(positions)) return false;
    taken.push_back({second, span.first, positions});
    span.first += positions.count * span.stride;
    span.count -= positions.count;
  }
  return true;
}

absl::Status LaneLedger::Close(size_t agent_index, const Closing& closing, Nanos /*window*/) {
  std::vector<Taken> all;
  for (const auto* spans : {&closing.held, &closing.dropped, &closing.unsent}) {
    for (const Span& span : *spans) {
      if (TakeSpan(agent_index, span, all)) continue;
      for (const Taken& taken : all) taken.second->LaneOf(taken.number).open.Add(taken.positions);
      return NotGranted(span.first);
    }
  }
  for (const Taken& taken : all) {
    if (taken.second->LaneOf(taken.number).open.empty()) {
      agents_[agent_index].lanes.erase(taken.second->FirstOf(taken.number));
    }
    taken.second->Close(taken.positions.count);
    closed_ += taken.positions.count;
  }
  while (!seconds_.empty() && seconds_.front().closed()) seconds_.pop_front();
  return absl::OkStatus();
}

}  // namespace squall
