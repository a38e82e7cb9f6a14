// `squall run`'s words up to its plan, in a folder of the test's own.
#pragma once

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>
#include <gtest/gtest.h>

#include "controller/run_options.h"

namespace squall {

// A folder that is the working directory while a test runs, so that messages show short paths.
class RunOptionsTest : public testing::Test {
 protected:
  RunOptionsTest() : before_(std::filesystem::current_path()) {
    std::string name = testing::TempDir() + "/run_options_XXXXXX";
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
    CLI::App app("", "squall");
    app.require_subcommand(1);
    RunFlags flags;
    AddRunCommand(app, flags);
    words.insert(words.begin(), "run");
    std::reverse(words.begin(), words.end());
    try {
      app.parse(words);
    } catch (const CLI::ParseError& error) {
      return absl::InternalError(error.what());
    }
    return ResolveRunOptions(flags);
  }

 private:
  const std::filesystem::path before_;
  std::filesystem::path folder_;
};

}  // namespace squall
