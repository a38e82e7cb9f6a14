// `squall run`'s words up to its plan, in a folder of the test's own.
#pragma once

#include <filesystem>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "controller/run_options.h"
#include "tests/support/run_words.h"

namespace squall {

// A folder that is the working directory while a test runs, so that messages show short paths.
class RunOptionsTest : public ::testing::Test {
 protected:
  RunOptionsTest() : before_(std::filesystem::current_path()) {
    std::string name = ::testing::TempDir() + "/run_options_XXXXXX";
    folder_ = mkdtemp(name.data());
    std::filesystem::current_path(folder_);
  }
  ~RunOptionsTest() override {
    std::filesystem::current_path(before_);
    std::filesystem::remove_all(folder_);
  }

  static void Write(const std::string& path, const std::string& text) {
    std::ofstream(path, std::ios::binary) << text;
  }

  // As the shell would hand it over.
  static absl::StatusOr<RunOptions> Run(std::vector<std::string> words) {
    const absl::StatusOr<RunFlags> flags = squall::testing::ParseRun(std::move(words));
    if (!flags.ok()) return flags.status();
    return ResolveRunOptions(*flags);
  }

  // A plan as a file, and what is typed beside it, resolved as by the program.
  static absl::StatusOr<RunOptions> OfPlan(const std::string& plan,
                                           std::vector<std::string> words = {}) {
    Write("plan.yaml", plan);
    words.insert(words.begin(), "plan.yaml");
    return squall::testing::ResolveWords(std::move(words));
  }

 private:
  const std::filesystem::path before_;
  std::filesystem::path folder_;
};

}  // namespace squall
