#include "controller/ssh_talk.h"

#include <memory>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace squall {
namespace {

using ::testing::HasSubstr;
using Stage = SshTalk::Stage;
using Failure = SshTalk::Failure;

SshTalk Talk() {
  return SshTalk("0123", [](const Platform& platform) -> absl::StatusOr<ProgramFilePtr> {
    if (platform.machine == "vax") return absl::FailedPreconditionError("no program for a vax");
    return std::make_shared<const ProgramFile>(ProgramFile{"/squall", "abcd", "0123456789"});
  });
}

TEST(SshTalkTest, WhereTheProgramIs) {
  SshTalk talk = Talk();
  auto step = talk.OnBytes("squall-host Linux x86_64\n");
  ASSERT_TRUE(step.ok()) << step.status();
  EXPECT_EQ(step->words, "abcd 10 0123\n");
  EXPECT_EQ(step->program, nullptr);
  EXPECT_EQ(talk.stage(), Stage::kAsked);
  EXPECT_EQ(talk.platform(), (Platform{"Linux", "x86_64"}));
  step = talk.OnBytes("squall-have\nsquall-start\nsquall-ready\n");
  ASSERT_TRUE(step.ok()) << step.status();
  EXPECT_EQ(step->words, "");
  EXPECT_EQ(step->program, nullptr);
  EXPECT_EQ(talk.stage(), Stage::kReady);
}

TEST(SshTalkTest, WhereTheProgramIsNot) {
  SshTalk talk = Talk();
  // In whatever pieces it comes, among whatever else that machine says.
  const std::string before = "Welcome!\r\nYou have mail.\n\nsquall-host Linux x86_64\r\nsquall-ne";
  std::string said;
  for (const char c : before) {
    auto step = talk.OnBytes(std::string(1, c));
    ASSERT_TRUE(step.ok()) << step.status();
    said += step->words;
    EXPECT_EQ(step->program, nullptr);
  }
  EXPECT_EQ(said, "abcd 10 0123\n");
  EXPECT_EQ(talk.noise(), "You have mail.");
  auto step = talk.OnBytes("ed\n");
  ASSERT_TRUE(step.ok()) << step.status();
  ASSERT_NE(step->program, nullptr);
  EXPECT_EQ(step->program->bytes, "0123456789");
  EXPECT_EQ(talk.stage(), Stage::kCopying);
  ASSERT_TRUE(talk.OnBytes("squall-start\n").ok());
  EXPECT_EQ(talk.stage(), Stage::kStarting);
  ASSERT_TRUE(talk.OnBytes("hm\nsquall-ready\n").ok());
  EXPECT_EQ(talk.stage(), Stage::kReady);
}

TEST(SshTalkTest, WhyItEnds) {
  struct Case {
    const char* name;
    std::string said;  // behind "squall-host …"
    Failure failure;
    int exit_code;
  };
  for (const Case& c : std::vector<Case>{
           {"no folder", "squall-failed folder\n", Failure::kFolder, 0},
           {"no room", "squall-need\nsquall-failed copy\n", Failure::kCopy, 0},
           {"no socket", "squall-have\nsquall-failed socket\n", Failure::kSocket, 0},
           {"no right to run it", "squall-have\nsquall-start\nsquall-ended 126\n", Failure::kEnded,
            126},
           {"later", "squall-have\nsquall-start\nsquall-ready\nsquall-ended 137\n", Failure::kEnded,
            137},
       }) {
    SCOPED_TRACE(c.name);
    SshTalk talk = Talk();
    ASSERT_TRUE(talk.OnBytes("squall-host Linux x86_64\n").ok());
    const auto step = talk.OnBytes(c.said);
    ASSERT_TRUE(step.ok()) << step.status();
    EXPECT_EQ(talk.failure(), c.failure);
    EXPECT_EQ(talk.agent_exit_code(), c.exit_code);
  }
}

TEST(SshTalkTest, WhatCannotBeSaid) {
  struct Case {
    const char* name;
    std::string said;
    std::string words;
  };
  for (const Case& c : std::vector<Case>{
           {"another machine", "squall-host VMS vax\n", "no program for a vax"},
           {"no machine", "squall-host Linux\n", "out of order"},
           {"ready at once", "squall-ready\n", "out of order"},
           {"a failure at once", "squall-failed copy\n", "out of order"},
           {"twice", "squall-host a b\nsquall-host a b\n", "out of order"},
           {"never asked", "squall-host a b\nsquall-start\n", "out of order"},
           {"another failure", "squall-host a b\nsquall-failed luck\n", "out of order"},
           {"another exit code", "squall-host a b\nsquall-have\nsquall-ended 256\n",
            "out of order"},
           {"more behind the end", "squall-host a b\nsquall-failed copy\nsquall-have\n",
            "out of order"},
           {"another word", "squall-host a b\nsquall-hello\n", "out of order"},
           {"control characters", "squall-\x1b[2J\n", "\\x1b"},
       }) {
    SCOPED_TRACE(c.name);
    SshTalk talk = Talk();
    const auto step = talk.OnBytes(c.said);
    ASSERT_FALSE(step.ok());
    EXPECT_THAT(std::string(step.status().message()), HasSubstr(c.words));
  }
}

TEST(SshTalkTest, EndlessLinesTakeNoMemory) {
  SshTalk talk = Talk();
  for (int i = 0; i < 100; ++i) ASSERT_TRUE(talk.OnBytes(std::string(10'000, 'x')).ok());
  ASSERT_TRUE(talk.OnBytes("\nsquall-host Linux x86_64\n").ok());
  EXPECT_LT(talk.noise().size(), 1000u);
  EXPECT_EQ(talk.stage(), Stage::kAsked);
}

}  // namespace
}  // namespace squall
