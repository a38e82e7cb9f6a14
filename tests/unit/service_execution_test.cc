// Steps carried out, in a folder of the test's own.

#include "agent/service_execution.h"

#include <csignal>
#include <filesystem>
#include <unistd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

namespace squall {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

class ServiceExecutionTest : public testing::Test {
 protected:
  ServiceExecutionTest() { std::filesystem::create_directories(folder_); }
  ~ServiceExecutionTest() override { std::filesystem::remove_all(folder_); }

  static unsigned ModeOf(const std::string& path) {
    struct stat file {};
    return stat(path.c_str(), &file) == 0 ? file.st_mode & 07777u : 0;
  }

  std::vector<std::string> Left() const {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder_)) {
      names.push_back(entry.path().string().substr(folder_.size()));
    }
    return names;
  }

  const std::string folder_ = testing::TempDir() + "/service_execution_" + std::to_string(getpid());
};

TEST_F(ServiceExecutionTest, FilesAppearWholeWithTheirMode) {
  const std::string file = folder_ + "/etc/squall/agent.yaml";
  ASSERT_EQ(CarryOut(WriteFile{file, "one\n", 0644}), absl::OkStatus());
  EXPECT_EQ(TextOf(file), "one\n");
  EXPECT_EQ(ModeOf(file), 0644u);
  ASSERT_EQ(CarryOut(WriteFile{file, "two\n", 0600}), absl::OkStatus());
  EXPECT_EQ(TextOf(file), "two\n");
  EXPECT_EQ(ModeOf(file), 0600u);
  const std::string copy = folder_ + "/bin/squall";
  ASSERT_EQ(CarryOut(CopyFile{file, copy, 0755}), absl::OkStatus());
  EXPECT_EQ(TextOf(copy), "two\n");
  EXPECT_EQ(ModeOf(copy), 0755u);
  // One that was cut off is no obstacle.
  ASSERT_EQ(CarryOut(WriteFile{file + ".new", "half", 0600}), absl::OkStatus());
  ASSERT_EQ(CarryOut(WriteFile{file, "three\n", 0644}), absl::OkStatus());
  EXPECT_THAT(Left(), testing::UnorderedElementsAre("/etc", "/etc/squall", "/etc/squall/agent.yaml",
                                                    "/bin", "/bin/squall"));
}

TEST_F(ServiceExecutionTest, AProgramThatRunsCanBeReplaced) {
  const std::string program = folder_ + "/squall";
  ASSERT_EQ(CarryOut(CopyFile{"/bin/sleep", program, 0755}), absl::OkStatus());
  const auto output = OutputOf({"/bin/sh", "-c", program + " 30 >/dev/null & echo $!"});
  ASSERT_TRUE(output.ok()) << output.status();
  EXPECT_EQ(CarryOut(CopyFile{"/bin/true", program, 0755}), absl::OkStatus());
  EXPECT_EQ(kill(std::stoi(output->text), SIGKILL), 0) << "it went on";
}

TEST_F(ServiceExecutionTest, Removing) {
  ASSERT_EQ(CarryOut(WriteFile{folder_ + "/a/b", "", 0644}), absl::OkStatus());
  EXPECT_EQ(CarryOut(RemoveFolder{folder_ + "/a"}), absl::OkStatus());
  EXPECT_EQ(Left().size(), 2u) << "it is not empty";
  EXPECT_EQ(CarryOut(RemoveAll{folder_ + "/a/b"}), absl::OkStatus());
  EXPECT_EQ(CarryOut(RemoveFolder{folder_ + "/a"}), absl::OkStatus());
  EXPECT_THAT(Left(), IsEmpty());
  EXPECT_EQ(CarryOut(RemoveAll{folder_ + "/a/b"}), absl::OkStatus()) << "there is none";
}

TEST_F(ServiceExecutionTest, WhatGoesWrongSaysWhere) {
  ASSERT_EQ(CarryOut(WriteFile{folder_ + "/file", "", 0644}), absl::OkStatus());
  struct Case {
    const char* name;
    ServiceStep step;
    std::string words;
  };
  const Case kCases[] = {
      {"a file in the way", WriteFile{folder_ + "/file/x", "", 0644}, folder_ + "/file"},
      {"a folder in the way", WriteFile{folder_, "", 0644}, folder_},
      {"nothing to copy", CopyFile{folder_ + "/none", folder_ + "/x", 0644}, folder_ + "/none"},
      {"no such program", RunProgram{{"squall-no-such-program"}},
       "squall-no-such-program: No such"},
      {"a program that fails", RunProgram{{"sh", "-c", "exit 4"}}, "sh -c exit 4: exit code 4"},
      {"one that is killed", RunProgram{{"sh", "-c", "kill -9 $$"}}, "exit code 137"},
  };
  for (const Case& test : kCases) {
    const absl::Status status = CarryOut(test.step);
    EXPECT_FALSE(status.ok()) << test.name;
    EXPECT_THAT(std::string(status.message()), HasSubstr(test.words)) << test.name;
  }
  EXPECT_EQ(CarryOut(RunProgram{{"false"}, /*may_fail=*/true}), absl::OkStatus());
}

TEST_F(ServiceExecutionTest, Output) {
  const auto output = OutputOf({"sh", "-c", "echo one; head -c 100000 /dev/zero; exit 3"});
  ASSERT_TRUE(output.ok()) << output.status();
  EXPECT_EQ(output->exit_code, 3);
  EXPECT_EQ(output->text.size(), 100'004u);
}

}  // namespace
}  // namespace squall
