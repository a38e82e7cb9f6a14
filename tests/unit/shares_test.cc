#include "controller/shares.h"

#include <numeric>
#include <random>

#include <gtest/gtest.h>

namespace squall {
namespace {

TEST(SharesByWeight, Table) {
  struct Row {
    const char* name;
    uint32_t total;
    std::vector<uint32_t> weights;
    std::vector<uint32_t> shares;
  };
  const Row rows[] = {
      {"one", 7, {3}, {7}},
      {"even", 99, {2, 2, 2}, {33, 33, 33}},
      {"a rest", 97, {2, 2, 2}, {33, 32, 32}},
      {"by weight", 100, {1, 3}, {25, 75}},
      {"nobody is left out", 10, {1, 1000}, {1, 9}},
      {"as many as agents", 3, {1, 100, 100}, {1, 1, 1}},
      {"fewer than agents", 2, {5, 1, 9}, {1, 1, 0}},
  };
  for (const Row& row : rows) {
    EXPECT_EQ(SharesByWeight(row.total, row.weights), row.shares) << row.name;
  }
}

TEST(SharesByWeight, AddUpAndStayNearTheProportion) {
  for (uint32_t seed = 0; seed < 2'000; ++seed) {
    std::mt19937 random(seed);
    std::vector<uint32_t> weights(1 + random() % 20);
    for (uint32_t& weight : weights) weight = 1 + static_cast<uint32_t>(random() % 64);
    const uint32_t total = static_cast<uint32_t>(weights.size() + random() % 5'000);
    const std::vector<uint32_t> shares = SharesByWeight(total, weights);
    EXPECT_EQ(std::accumulate(shares.begin(), shares.end(), uint64_t{0}), total);
    const double sum = std::accumulate(weights.begin(), weights.end(), 0.0);
    bool someone_lifted = false;
    for (const uint32_t weight : weights) someone_lifted |= total * weight / sum < 1.0;
    for (size_t i = 0; i < shares.size(); ++i) {
      EXPECT_GE(shares[i], 1u);
      if (someone_lifted) continue;
      EXPECT_NEAR(shares[i], total * weights[i] / sum, 1.0) << "seed " << seed;
    }
  }
}

TEST(ProportionalShares, AddUpAndAreFair) {
  EXPECT_EQ(ProportionalShares(0, {1, 2}), (std::vector<uint64_t>{0, 0}));
  EXPECT_EQ(ProportionalShares(2, {1, 1, 1}), (std::vector<uint64_t>{0, 1, 1}));
  EXPECT_EQ(ProportionalShares(10, {1, 0, 4}), (std::vector<uint64_t>{2, 0, 8}));
  EXPECT_EQ(ProportionalShares(UINT64_MAX, {1, 1}),
            (std::vector<uint64_t>{UINT64_MAX / 2, UINT64_MAX / 2 + 1}));
}

}  // namespace
}  // namespace squall
