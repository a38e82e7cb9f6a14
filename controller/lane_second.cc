#include "controller/lane_second.h"

#include <algorithm>
#include <numeric>

namespace squall {

// The j-th of the w turns of an agent stands at (2 j + 1) / 2 w of the way.
std::vector<uint32_t> DealTurns(const std::vector<uint32_t>& weights) {
  uint32_t divisor = 0;
  for (const uint32_t weight : weights) divisor = std::gcd(divisor, weight);
  struct Turn {
    uint64_t odd;
    uint64_t weight;
    uint32_t agent;
  };
  std::vector<Turn> turns;
  for (uint32_t agent = 0; agent < weights.size(); ++agent) {
    if (weights[agent] == 0) continue;
    const uint64_t weight = weights[agent] / divisor;
    for (uint64_t j = 0; j < weight; ++j) turns.push_back({2 * j + 1, weight, agent});
  }
  std::stable_sort(turns.begin(), turns.end(), [](const Turn& a, const Turn& b) {
    return a.odd * b.weight < b.odd * a.weight;
  });
  std::vector<uint32_t> agents;
  agents.reserve(turns.size());
  for (const Turn& turn : turns) agents.push_back(turn.agent);
  return agents;
}

LaneSecond::LaneSecond(uint64_t first, uint64_t count, const std::vector<uint32_t>& turns,
                       uint64_t begin)
    : first_(first),
      end_(first + count),
      stride_(turns.size()),
      open_(count),
      lanes_(std::min(count, stride_)) {
  for (uint64_t place = 0; place < lanes_.size(); ++place) {
    lanes_[place].owner = turns[(place + begin) % stride_];
    lanes_[place].open.Add({0, (count - place - 1) / stride_ + 1});
  }
}

std::vector<Span> LaneSecond::OpenOf(uint64_t number) const {
  const uint64_t lane_first = FirstOf(number);
  std::vector<Span> spans;
  for (const auto& [first, end] : LaneOf(number).open.ranges()) {
    spans.push_back({lane_first + first * stride_, stride_, end - first});
  }
  return spans;
}

uint64_t LaneSecond::OpenBelow(uint64_t number, uint64_t limit) const {
  const uint64_t first = FirstOf(number);
  if (limit <= first) return 0;
  return LaneOf(number).open.CountBelow((limit - first - 1) / stride_ + 1);
}

NumberRun LaneSecond::PositionsOf(const Span& span) const {
  const uint64_t position = (span.first - first_) / stride_;
  if (span.stride != stride_) return {position, 1};
  const uint64_t fit = (end_ - span.first - 1) / stride_ + 1;
  return {position, std::min(span.count, fit)};
}

void LaneSecond::Close(uint64_t count) {
  open_ -= count;
  if (closed()) lanes_ = {};
}

}  // namespace squall
