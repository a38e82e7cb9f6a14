#include "controller/connection_shares.h"

#include <random>

#include <gtest/gtest.h>

namespace squall {
namespace {

// Agents that obey, at once or after a while.
struct Model {
  explicit Model(uint64_t total) : shares(total) {}

  void Settle() {
    for (const auto& [agent, share] : shares.Settle()) told[agent] = share;
  }
  void Obey(size_t agent) {
    occupied[agent] = told[agent];
    shares.Report(agent, occupied[agent]);
  }
  // Requests in flight that there may be: an agent takes more as soon as it is told.
  uint64_t InFlight() const {
    uint64_t sum = 0;
    for (const auto& [agent, share] : told) {
      const auto before = occupied.find(agent);
      sum += std::max(share, before == occupied.end() ? 0u : before->second);
    }
    return sum;
  }

  ConnectionShares shares;
  std::map<size_t, uint32_t> told;
  std::map<size_t, uint32_t> occupied;
};

TEST(ConnectionShares, ThoseWhoAreLeftTakeOverWhatALostOneHad) {
  Model model(10);
  model.shares.Add(0, 2, 1000, 4);
  model.shares.Add(1, 2, 1000, 3);
  model.shares.Add(2, 2, 1000, 3);
  model.Settle();
  EXPECT_TRUE(model.told.empty()) << "nothing has changed";
  model.shares.Remove(0);
  model.Settle();
  EXPECT_EQ(model.told, (std::map<size_t, uint32_t>{{1, 5}, {2, 5}}));
  EXPECT_TRUE(model.shares.settled());
}

TEST(ConnectionShares, WhatOneCannotHaveGoesToTheOthers) {
  Model model(100);
  model.shares.Add(0, 1, 30, 30);
  model.shares.Add(1, 1, 1000, 35);
  model.shares.Add(2, 1, 1000, 35);
  model.shares.Remove(2);
  EXPECT_TRUE(model.shares.Suffice());
  model.Settle();
  EXPECT_EQ(model.told, (std::map<size_t, uint32_t>{{1, 70}}));
  model.shares.Remove(1);
  EXPECT_FALSE(model.shares.Suffice());
}

// Somebody else was to have them, and did not come.
TEST(ConnectionShares, WhatIsNobodysAtTheBeginningIsSharedOut) {
  Model model(10);
  model.shares.Add(0, 1, 1000, 5);
  model.Settle();
  EXPECT_EQ(model.told, (std::map<size_t, uint32_t>{{0, 10}}));
}

TEST(ConnectionShares, ThereIsNoRoomForMoreThanTheTotal) {
  Model model(2);
  model.shares.Add(0, 1, 1000, 1);
  EXPECT_TRUE(model.shares.HasRoom());
  model.shares.Add(1, 1, 1000, 1);
  EXPECT_FALSE(model.shares.HasRoom());
}

TEST(ConnectionShares, ANewOneWaitsUntilOthersHaveMadeRoom) {
  Model model(9);
  model.shares.Add(0, 1, 1000, 5);
  model.shares.Add(1, 1, 1000, 4);
  model.occupied = model.told = {{0, 5}, {1, 4}};
  model.shares.Add(2, 1, 1000, 0);
  model.Settle();
  EXPECT_EQ(model.told.count(2), 0u);
  EXPECT_EQ(model.told[0], 3u);
  model.Obey(0);
  model.Settle();
  EXPECT_EQ(model.told[2], 2u);
  EXPECT_FALSE(model.shares.settled());
  model.Obey(1);
  model.Settle();
  EXPECT_EQ(model.told[2], 3u);
  EXPECT_TRUE(model.shares.settled());
}

TEST(ConnectionShares, NeverMoreThanTheTotalAndInTheEndAllOfIt) {
  for (uint64_t seed = 0; seed < 300; ++seed) {
    std::mt19937_64 random(seed);
    const uint64_t total = 5 + random() % 200;
    Model model(total);
    size_t next = 0;
    for (int step = 0; step < 60; ++step) {
      const uint64_t what = random() % 4;
      if (what == 0 && model.told.size() < 5) {
        model.shares.Add(next++, static_cast<uint32_t>(1 + random() % 8), 1'000'000, 0);
      } else if (what == 1 && model.told.size() > 1) {
        const size_t agent =
            std::next(model.told.begin(), static_cast<ptrdiff_t>(random() % model.told.size()))
                ->first;
        model.shares.Remove(agent);
        model.told.erase(agent);
        model.occupied.erase(agent);
      } else if (!model.told.empty()) {
        model.Obey(
            std::next(model.told.begin(), static_cast<ptrdiff_t>(random() % model.told.size()))
                ->first);
      }
      model.Settle();
      ASSERT_LE(model.InFlight(), total) << "seed " << seed << ", step " << step;
    }
    for (int step = 0; step < 10 && !model.shares.settled(); ++step) {
      const auto told = model.told;
      for (const auto& [agent, share] : told) model.Obey(agent);
      model.Settle();
    }
    EXPECT_TRUE(model.shares.settled()) << "seed " << seed;
    if (!model.told.empty()) {
      EXPECT_EQ(model.InFlight(), total) << "seed " << seed;
    }
  }
}

}  // namespace
}  // namespace squall
