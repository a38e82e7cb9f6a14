#include "controller/lane_ledger.h"

#include <algorithm>
#include <iterator>
#include <numeric>

namespace squall {
namespace {

uint64_t TotalOf(const v1::Phase& phase, Schedule& schedule) {
  if (phase.duration_ns() == 0) return phase.requests();
  const uint64_t due = schedule.CountBefore(phase.duration_ns());
  return phase.requests() == 0 ? due : std::min(due, phase.requests());
}

}  // namespace

LaneLedger::LaneLedger(const v1::Phase& phase, uint64_t seed, std::vector<uint32_t> weights)
    : schedule_(phase.arrivals(), seed),
      total_(TotalOf(phase, schedule_)),
      agents_(weights.size()) {
  MakeLanes(std::move(weights));
}

// The j-th of the w lanes of an agent stands at (2 j + 1) / 2 w of the way.
void LaneLedger::MakeLanes(std::vector<uint32_t> weights) {
  uint32_t divisor = 0;
  for (const uint32_t weight : weights) divisor = std::gcd(divisor, weight);
  struct Turn {
    uint64_t odd;
    uint64_t weight;
    size_t agent;
  };
  std::vector<Turn> turns;
  for (size_t agent = 0; agent < weights.size(); ++agent) {
    const uint64_t weight = weights[agent] / divisor;
    for (uint64_t j = 0; j < weight; ++j) turns.push_back({2 * j + 1, weight, agent});
  }
  std::stable_sort(turns.begin(), turns.end(), [](const Turn& a, const Turn& b) {
    return a.odd * b.weight < b.odd * a.weight;
  });
  for (const Turn& turn : turns) {
    agents_[turn.agent].lanes.push_back(owners_.size());
    owners_.push_back(turn.agent);
  }
}

void LaneLedger::MakeSecond() {
  const uint64_t end = std::min(total_, schedule_.CountBefore((made_ + 1) * kSecond));
  if (end > next_) seconds_.push_back({made_, next_, end - next_, end - next_});
  next_ = end;
  ++made_;
}

const LaneLedger::Second* LaneLedger::SecondAt(int64_t index) const {
  const auto found =
      std::lower_bound(seconds_.begin(), seconds_.end(), index,
                       [](const Second& second, int64_t sought) { return second.index < sought; });
  return found != seconds_.end() && found->index == index ? &*found : nullptr;
}

size_t LaneLedger::SecondOf(uint64_t number) const {
  const auto after =
      std::upper_bound(seconds_.begin(), seconds_.end(), number,
                       [](uint64_t sought, const Second& second) { return sought < second.first; });
  if (after == seconds_.begin()) return seconds_.size();
  const auto found = std::prev(after);
  if (number - found->first >= found->count) return seconds_.size();
  return static_cast<size_t>(found - seconds_.begin());
}

uint64_t LaneLedger::PlaceOf(uint64_t lane, const Second& second) const {
  const uint64_t turned = static_cast<uint64_t>(second.index) % owners_.size();
  return (lane + owners_.size() - turned) % owners_.size();
}

uint64_t LaneLedger::LaneAt(uint64_t place, const Second& second) const {
  return (place + static_cast<uint64_t>(second.index)) % owners_.size();
}

// How many of the agent's lanes stand before a place.
uint64_t LaneLedger::LanesBefore(const Agent& agent, const Second& second, uint64_t place) const {
  const auto below = [&agent](uint64_t lane) {
    return static_cast<uint64_t>(std::lower_bound(agent.lanes.begin(), agent.lanes.end(), lane) -
                                 agent.lanes.begin());
  };
  const uint64_t begin = LaneAt(0, second);
  const uint64_t end = begin + place;
  if (end <= owners_.size()) return below(end) - below(begin);
  return agent.lanes.size() - below(begin) + below(end - owners_.size());
}

std::vector<Span> LaneLedger::Grant(size_t agent_index, Nanos now) {
  Agent& agent = agents_[agent_index];
  const uint64_t lanes = owners_.size();
  std::vector<Span> spans;
  for (; agent.granted * kSecond < now + kAhead + kSecond; ++agent.granted) {
    if (agent.granted == made_) {
      if (exhausted()) break;
      MakeSecond();
    }
    const Second* second = SecondAt(agent.granted);
    if (second == nullptr) continue;
    uint64_t granted = 0;
    for (const uint64_t lane : agent.lanes) {
      const uint64_t place = PlaceOf(lane, *second);
      if (place >= second->count) continue;
      const uint64_t count = (second->count - place - 1) / lanes + 1;
      spans.push_back({.first = second->first + place, .stride = lanes, .count = count});
      granted += count;
    }
    if (granted != 0) agent.open.Add({second->first, granted});
  }
  std::sort(spans.begin(), spans.end(),
            [](const Span& a, const Span& b) { return a.first < b.first; });
  return spans;
}

// Appends the keys of a run of numbers; false if one is not the agent's.
bool LaneLedger::AddKeys(size_t agent_index, NumberRun run, std::vector<Keys>& keys) const {
  const Agent& agent = agents_[agent_index];
  const uint64_t lanes = owners_.size();
  while (run.count > 0) {
    const size_t index = SecondOf(run.first);
    if (index == seconds_.size()) return false;
    const Second& second = seconds_[index];
    const uint64_t offset = run.first - second.first;
    const uint64_t place = offset % lanes;
    if (owners_[LaneAt(place, second)] != agent_index) return false;
    const uint64_t key =
        second.first + offset / lanes * agent.lanes.size() + LanesBefore(agent, second, place);
    const uint64_t count = lanes == 1 ? std::min(run.count, second.count - offset) : 1;
    const bool follows = !keys.empty() && keys.back().run.first + keys.back().run.count == key &&
                         key != second.first;
    if (follows) {
      keys.back().run.count += count;
    } else {
      keys.push_back({{key, count}, run.first});
    }
    run.first += count;
    run.count -= count;
  }
  return true;
}

absl::Status LaneLedger::Close(size_t agent_index, const Closing& closing, Nanos /*window*/) {
  Agent& agent = agents_[agent_index];
  std::vector<Keys> keys;
  for (const auto* runs : {&closing.held, &closing.dropped, &closing.unsent}) {
    for (const NumberRun& run : *runs) {
      if (!AddKeys(agent_index, run, keys)) return NotGranted(run.first);
    }
  }
  std::sort(keys.begin(), keys.end(),
            [](const Keys& a, const Keys& b) { return a.run.first < b.run.first; });
  for (size_t i = 0; i < keys.size(); ++i) {
    const bool twice = i > 0 && keys[i].run.first - keys[i - 1].run.first < keys[i - 1].run.count;
    if (twice || !agent.open.Contains(keys[i].run)) return NotGranted(keys[i].number);
  }
  for (const auto& [run, number] : keys) {
    agent.open.Remove(run);
    seconds_[SecondOf(number)].open -= run.count;
    closed_ += run.count;
  }
  while (!seconds_.empty() && seconds_.front().open == 0) seconds_.pop_front();
  return absl::OkStatus();
}

}  // namespace squall
