#include "common/child_process.h"

#include <string>

#include <gtest/gtest.h>

namespace squall {
namespace {

constexpr Nanos kPatience = 20 * kSecond;

// What it is given by ChildProcess itself becomes the names of the script's arguments.
absl::StatusOr<ChildProcess> Shell(const std::string& script) {
  return ChildProcess::Start("/bin/sh", {"-c", script});
}

TEST(ChildProcess, SaysOnItsSocketWhatItHasToSay) {
  const auto child = Shell("printf yes >&3");
  ASSERT_TRUE(child.ok()) << child.status();
  std::string said;
  char byte = 0;
  while (child->Read(byte, SteadyNow() + kPatience)) said += byte;
  EXPECT_EQ(said, "yes");
}

TEST(ChildProcess, KnowsWhetherItWasInterrupted) {
  const struct {
    const char* script;
    bool interrupted;
  } rows[] = {{"kill -INT $$", true}, {"kill -TERM $$", true}, {"kill -HUP $$", false},
              {"exit 130", false},    {"true", false},         {"read line <&3", false}};
  for (const auto& row : rows) {
    auto child = Shell(row.script);
    ASSERT_TRUE(child.ok()) << child.status();
    EXPECT_EQ(child->EndedByInterrupt(), row.interrupted) << row.script;
    EXPECT_FALSE(child->EndedByInterrupt()) << "it is told once";
  }
}

TEST(ChildProcess, OneThatCannotBeIsSaid) {
  const auto child = ChildProcess::Start("/nowhere/at-all", {});
  EXPECT_EQ(child.status().code(), absl::StatusCode::kInternal);
}

}  // namespace
}  // namespace squall
