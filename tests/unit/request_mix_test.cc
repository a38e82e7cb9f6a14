#include "common/request_mix.h"

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace squall {
namespace {

v1::Plan PlanOf(const std::vector<uint32_t>& weights, uint64_t seed = 1) {
  v1::Plan plan;
  plan.set_seed(seed);
  for (const uint32_t weight : weights) plan.add_mix()->set_weight(weight);
  return plan;
}

struct Row {
  const char* name;
  std::vector<uint32_t> weights;
  uint64_t cycle;
};

const std::vector<Row>& Rows() {
  static const std::vector<Row> rows = {
      {"one", {7}, 1},
      {"two alike", {3, 3}, 2},
      {"ten", {6, 3, 1}, 10},
      {"what they have in common", {600, 300, 100}, 10},
      {"one among many", {1, 9999}, 10000},
      {"large weights", {4'000'000'000, 2'000'000'000}, 3},
      {"many", std::vector<uint32_t>(64, 1), 64},
      {"many, not alike", {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13}, 91},
  };
  return rows;
}

TEST(RequestMix, EachCycleHasEveryRequestAsOftenAsItsWeightSays) {
  for (const Row& row : Rows()) {
    SCOPED_TRACE(row.name);
    const RequestMix mix(PlanOf(row.weights));
    ASSERT_EQ(mix.cycle(), row.cycle);
    EXPECT_EQ(CycleOf(row.weights), row.cycle);
    uint64_t sum = 0;
    for (const uint32_t weight : row.weights) sum += weight;
    for (const uint64_t pass : {uint64_t{0}, uint64_t{1}, uint64_t{12'345}, uint64_t{1} << 40}) {
      std::vector<uint64_t> times(row.weights.size());
      for (uint64_t slot = 0; slot < row.cycle; ++slot) {
        ++times[mix.Of(pass * row.cycle + slot).request];
      }
      for (size_t i = 0; i < times.size(); ++i) {
        EXPECT_EQ(times[i] * sum, uint64_t{row.weights[i]} * row.cycle) << i << " in " << pass;
      }
    }
  }
}

// However numbers are dealt out: what they are is asked of each by itself.
TEST(RequestMix, UsesAreCountedFromNoneOnEachOnce) {
  for (const Row& row : Rows()) {
    SCOPED_TRACE(row.name);
    const RequestMix mix(PlanOf(row.weights, 7));
    std::vector<std::set<uint64_t>> uses(row.weights.size());
    const uint64_t numbers = 3 * row.cycle;
    for (const uint64_t lane : {1u, 2u, 0u}) {
      for (uint64_t n = lane; n < numbers; n += 3) {
        const RequestUse use = mix.Of(n);
        ASSERT_LT(use.request, uses.size());
        EXPECT_TRUE(uses[use.request].insert(use.use).second) << n;
      }
    }
    for (const std::set<uint64_t>& of_request : uses) {
      ASSERT_FALSE(of_request.empty());
      EXPECT_EQ(*of_request.rbegin() + 1, of_request.size()) << "none is left out";
    }
  }
}

TEST(RequestMix, TheSeedDecidesTheOrders) {
  const auto orders = [](uint64_t seed) {
    const RequestMix mix(PlanOf({6, 3, 1}, seed));
    std::set<std::string> seen;
    for (uint64_t pass = 0; pass < 1000; ++pass) {
      std::string order;
      for (uint64_t slot = 0; slot < 10; ++slot) {
        order += static_cast<char>('a' + mix.Of(pass * 10 + slot).request);
      }
      seen.insert(order);
    }
    return seen;
  };
  // Of 840 that there are, 1,000 draws meet two thirds.
  EXPECT_GT(orders(1).size(), 400u);
  EXPECT_EQ(orders(1), orders(1));
  EXPECT_NE(orders(1), orders(2));
}

// No place of a cycle has a request more often than others.
TEST(RequestMix, EveryPlaceHasEveryRequestAsOften) {
  const RequestMix mix(PlanOf({1, 4}));
  std::vector<int> times(5);
  constexpr int kPasses = 20'000;
  for (uint64_t n = 0; n < 5 * kPasses; ++n) {
    if (mix.Of(n).request == 0) ++times[n % 5];
  }
  for (const int count : times) EXPECT_NEAR(count, kPasses / 5, 300);
}

// One of many must not come at the same place, or in the same order, again and again.
TEST(RequestMix, ARareOneComesAnywhere) {
  const RequestMix mix(PlanOf({1, 9999}));
  std::set<uint64_t> places;
  for (uint64_t n = 0; n < 50 * 10'000; ++n) {
    if (mix.Of(n).request == 0) places.insert(n % 10'000);
  }
  EXPECT_GT(places.size(), 45u);
}

}  // namespace
}  // namespace squall
