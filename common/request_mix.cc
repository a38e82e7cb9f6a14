#include "common/request_mix.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "common/check.h"
#include "common/protocol.h"

namespace squall {
namespace {

// What a plan's seed is changed by for the orders of cycles.
constexpr uint64_t kMixSeeds = 0x6d69786573;

// How many orders there are: as many as a cache has room for.
constexpr uint32_t kMostPlaces = 1 << 14;
constexpr uint32_t kMostOrders = 256;
constexpr uint32_t kFewestOrders = 4;

std::vector<uint32_t> WeightsOf(const v1::Plan& plan) {
  std::vector<uint32_t> weights;
  for (const v1::NamedRequest& named : plan.mix()) weights.push_back(named.weight());
  return weights;
}

uint32_t InCommon(const std::vector<uint32_t>& weights) {
  return std::accumulate(weights.begin(), weights.end(), uint32_t{0},
                         [](uint32_t a, uint32_t b) { return std::gcd(a, b); });
}

}  // namespace

uint64_t CycleOf(const std::vector<uint32_t>& weights) {
  return std::accumulate(weights.begin(), weights.end(), uint64_t{0}) / InCommon(weights);
}

RequestMix::RequestMix(const v1::Plan& plan)
    : key_(Mix(plan.seed() ^ kMixSeeds)), weights_(WeightsOf(plan)) {
  const uint64_t cycle = CycleOf(weights_);
  SQUALL_CHECK(cycle >= 1 && cycle <= kMaxCycle);
  cycle_ = static_cast<uint32_t>(cycle);
  orders_ = std::clamp(kMostPlaces / cycle_, kFewestOrders, kMostOrders);
  const uint32_t in_common = InCommon(weights_);
  std::vector<Share> sorted;
  for (uint32_t request = 0; request < weights_.size(); ++request) {
    weights_[request] /= in_common;
    for (uint32_t rank = 0; rank < weights_[request]; ++rank) {
      sorted.push_back({static_cast<uint16_t>(request), static_cast<uint16_t>(rank)});
    }
  }
  shares_.reserve(size_t{orders_} * cycle_);
  for (uint32_t order = 0; order < orders_; ++order) {
    // Fisher and Yates's, by draws that are the same on every machine.
    const uint64_t order_key = Draw(~key_, order);
    std::vector<Share> drawn = sorted;
    for (uint32_t left = cycle_; left > 1; --left) {
      const uint64_t taken = (Draw(order_key, left) >> 32) * left >> 32;
      std::swap(drawn[left - 1], drawn[taken]);
    }
    shares_.insert(shares_.end(), drawn.begin(), drawn.end());
  }
}

}  // namespace squall
