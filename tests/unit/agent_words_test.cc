#include "controller/agent_words.h"

#include <string>
#include <utility>
#include <variant>
#include <vector>

#include <gtest/gtest.h>

namespace squall {
namespace {

constexpr Nanos kReceived = 17;

v1::AgentMessage PongOf(size_t bytes) {
  v1::AgentMessage message;
  message.mutable_pong()->set_padding(std::string(bytes, '\0'));
  return message;
}

TEST(AgentWords, AMessageIsUnpackedAndNamed) {
  AgentWords words;
  v1::AgentMessage snapshot;
  for (int i = 0; i < 5000; ++i) snapshot.mutable_snapshot()->mutable_held()->add_counts(1);
  auto news = words.Said(Pack(snapshot), kReceived, {});
  ASSERT_TRUE(news);
  EXPECT_TRUE(std::get<AgentSaid>(*news).message.has_snapshot());
  EXPECT_EQ(std::get<AgentSaid>(*news).received, kReceived);

  v1::AgentMessage welcome;
  welcome.mutable_welcome()->set_name("liar");
  news = words.Said(welcome, kReceived, {.name = "lon-1"});
  ASSERT_TRUE(news);
  EXPECT_EQ(std::get<AgentSaid>(*news).message.welcome().name(), "lon-1/liar");
}

TEST(AgentWords, WhoSaysMoreThanIsHeardIsGivenUpOnce) {
  AgentWords words;
  std::vector<FleetNews> unheard;
  constexpr size_t kPart = AgentWords::kMostUnheard / 4;
  for (int i = 0; i < 3; ++i) {
    unheard.push_back(*words.Said(PongOf(kPart), kReceived, {}));
    ASSERT_TRUE(std::holds_alternative<AgentSaid>(unheard.back()));
  }
  const auto news = words.Said(PongOf(kPart), kReceived, {});
  ASSERT_TRUE(news);
  EXPECT_EQ(std::get<AgentClosed>(*news).status.message(), "it said more than could be heard");
  EXPECT_FALSE(words.Said(PongOf(1), kReceived, {}));
  EXPECT_FALSE(words.Closed(absl::OkStatus()));
}

TEST(AgentWords, WhatNothingIsReadBehindTakesNoRoom) {
  AgentWords words;
  std::vector<FleetNews> unheard;
  for (int i = 0; i < 5; ++i) {
    unheard.push_back(
        *words.Said(PongOf(AgentWords::kMostUnheard / 4), kReceived, {}, /*is_held=*/true));
    ASSERT_TRUE(std::holds_alternative<AgentSaid>(unheard.back())) << i;
    EXPECT_EQ(std::get<AgentSaid>(unheard.back()).room, nullptr);
  }
  EXPECT_TRUE(
      std::holds_alternative<AgentSaid>(*words.Said(PongOf(1), kReceived, {}, /*is_held=*/false)));
}

TEST(AgentWords, WhatWasHeardMakesRoom) {
  AgentWords words;
  for (int i = 0; i < 20; ++i) {
    const auto news = words.Said(PongOf(AgentWords::kMostUnheard / 2), kReceived, {});
    ASSERT_TRUE(news);
    EXPECT_TRUE(std::holds_alternative<AgentSaid>(*news)) << i;
  }
  const auto end = words.Closed(absl::UnavailableError("its connection broke"));
  ASSERT_TRUE(end);
  EXPECT_EQ(std::get<AgentClosed>(*end).status.message(), "its connection broke");
}

}  // namespace
}  // namespace squall
