// The streams at a control port that are not the run's: how long they may stay, and how many.

#include "agent/bystanders.h"

#include <deque>
#include <vector>

#include <gtest/gtest.h>
#include <spdlog/spdlog.h>

namespace squall {
namespace {

class FakeLink final : public ControlLink {
 public:
  void Send(v1::AgentMessage message) override { said.push_back(std::move(message)); }
  void Finish() override { finished = true; }
  void Break() override { broken = true; }
  size_t waiting_bytes() const override { return waiting; }
  const std::string& peer() const override { return peer_; }

  std::vector<v1::AgentMessage> said;
  bool finished = false;
  bool broken = false;
  size_t waiting = 0;

 private:
  const std::string peer_ = "10.0.0.7:4711";
};

class BystandersTest : public ::testing::Test {
 protected:
  BystandersTest() { spdlog::set_level(spdlog::level::off); }
  ~BystandersTest() override { spdlog::set_level(level_); }

  std::shared_ptr<FakeLink> Come() {
    auto link = std::make_shared<FakeLink>();
    bystanders_.Came(link, now_);
    return link;
  }
  void Pass(Nanos time) {
    now_ += time;
    bystanders_.OnTime(now_);
  }

  const spdlog::level::level_enum level_ = spdlog::get_level();
  Bystanders bystanders_;
  Nanos now_ = 100 * kSecond;
};

TEST_F(BystandersTest, WhoSaysNothingIsToldSoAndThenBrokenOff) {
  const auto silent = Come();
  const auto speaks = Come();
  EXPECT_TRUE(bystanders_.Hears(speaks, now_));
  EXPECT_EQ(bystanders_.NextTime(), now_ + Bystanders::kFirstWordTime);
  Pass(Bystanders::kFirstWordTime);
  ASSERT_EQ(silent->said.size(), 1u);
  EXPECT_EQ(silent->said[0].failed().message(), "no Hello came");
  EXPECT_TRUE(silent->finished);
  EXPECT_FALSE(silent->broken);
  EXPECT_FALSE(bystanders_.Hears(silent, now_)) << "it comes too late";
  Pass(Bystanders::kLeaveTime);
  EXPECT_TRUE(silent->broken);
  EXPECT_FALSE(bystanders_.Hears(silent, now_));
  EXPECT_EQ(bystanders_.NextTime(), kForever);
  EXPECT_FALSE(speaks->finished || speaks->broken) << "a look may last";
}

TEST_F(BystandersTest, TheOldestMakesRoomButForThoseThatLeaveAnyway) {
  std::deque<std::shared_ptr<FakeLink>> links;
  for (size_t i = 0; i < Bystanders::kMost; ++i) links.push_back(Come());
  bystanders_.Finish(links[5], now_);
  const auto one = Come();
  EXPECT_TRUE(links[5]->broken);
  EXPECT_FALSE(links[0]->broken);
  const auto another = Come();
  EXPECT_TRUE(links[0]->broken);
  EXPECT_FALSE(links[1]->broken);
  bystanders_.Left(links[1]);
  const auto third = Come();
  EXPECT_FALSE(links[2]->broken) << "there was room";
}

TEST_F(BystandersTest, NoLookTakesSoManyWords) {
  const auto talker = Come();
  for (uint64_t i = 0; i < Bystanders::kMostWords; ++i) {
    ASSERT_TRUE(bystanders_.Hears(talker, now_));
  }
  EXPECT_FALSE(bystanders_.Hears(talker, now_));
  EXPECT_TRUE(talker->finished);
  EXPECT_EQ(talker->said.size(), 1u);
  EXPECT_FALSE(bystanders_.Hears(talker, now_));
  EXPECT_EQ(talker->said.size(), 1u) << "it is told once";
}

TEST_F(BystandersTest, AnswersThatNobodyReadsAreBounded) {
  const auto deaf = Come();
  EXPECT_TRUE(bystanders_.MayPad(Bystanders::kMostWaitingBytes, now_));
  deaf->waiting = 10;
  EXPECT_FALSE(bystanders_.MayPad(Bystanders::kMostWaitingBytes, now_));
  EXPECT_TRUE(bystanders_.MayPad(Bystanders::kMostWaitingBytes - 10, now_));
}

TEST_F(BystandersTest, PaddingIsGivenAtABoundedRate) {
  constexpr size_t kPiece = 16 << 20;
  const auto given_at = [&](Nanos now) {
    int pieces = 0;
    while (bystanders_.MayPad(kPiece, now)) ++pieces;
    return pieces;
  };
  EXPECT_EQ(given_at(now_), 8);
  EXPECT_EQ(given_at(now_ + kSecond), 0);
  EXPECT_EQ(given_at(now_ + 4 * kSecond), 2);
  EXPECT_EQ(given_at(now_ + 1'000 * kSecond), 8);
}

}  // namespace
}  // namespace squall
