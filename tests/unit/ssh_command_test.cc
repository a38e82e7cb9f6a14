#include "controller/ssh_command.h"

#include <algorithm>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace squall {
namespace {

using ::testing::Contains;

TEST(SshCommandTest, TheScriptMeansTheSameToEveryShell) {
  const std::string script = RemoteScript();
  ASSERT_TRUE(script.starts_with("sh -c '"));
  ASSERT_TRUE(script.ends_with("'"));
  const std::string inner = script.substr(7, script.size() - 8);
  EXPECT_EQ(inner.find_first_of("'\\!\n\r\t"), std::string::npos) << inner;
}

TEST(SshCommandTest, Arguments) {
  const std::vector<std::string> command =
      SshCommand({.user = "ann", .host = "lab", .port = 2222}, "/tmp/here.sock", "00ff");
  EXPECT_EQ(command.front(), "ssh");
  EXPECT_THAT(command, Contains("BatchMode=yes"));
  EXPECT_THAT(command, Contains("/tmp/here.sock:/tmp/squall-00ff/agent.sock"));
  const auto end = std::find(command.begin(), command.end(), "--");
  ASSERT_EQ(command.end() - end, 3);
  EXPECT_EQ(end[1], "lab");
  EXPECT_EQ(end[2], RemoteScript());
  const std::vector<std::string> last(end - 4, end);
  EXPECT_THAT(last, ::testing::ElementsAre("-l", "ann", "-p", "2222"));
}

TEST(SshCommandTest, WhatIsNotSaidIsLeftToTheConfiguration) {
  const std::vector<std::string> command = SshCommand({.host = "lab"}, "/tmp/here.sock", "00ff");
  EXPECT_EQ(std::count(command.begin(), command.end(), "-l"), 0);
  EXPECT_EQ(std::count(command.begin(), command.end(), "-p"), 0);
}

}  // namespace
}  // namespace squall
