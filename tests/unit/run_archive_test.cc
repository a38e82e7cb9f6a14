#include "controller/run_archive.h"

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "common/check.h"
#include "controller/report_json.h"
#include "controller/result_folder.h"
#include "tests/support/example_result.h"
#include "tests/support/outcomes.h"

namespace squall {
namespace {

using Json = nlohmann::json;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

class RunArchiveTest : public testing::Test {
 protected:
  RunArchiveTest() {
    std::string name = testing::TempDir() + "/run_archive_XXXXXX";
    above_ = mkdtemp(name.data());
    folder_ = above_ / "run";
  }
  ~RunArchiveTest() override { std::filesystem::remove_all(above_); }

  std::unique_ptr<RunArchive> Create(bool open_loop) const {
    absl::StatusOr<std::unique_ptr<RunArchive>> archive = RunArchive::Create(folder_, open_loop);
    SQUALL_CHECK(archive.ok());
    return *std::move(archive);
  }

  // So many successes of 1 ms each, each sent 2 ms late if it is under a rate.
  static void Add(RunArchive& archive, size_t agent, std::string_view name, Nanos at, int successes,
                  bool open_loop = false, bool measured = true) {
    Metrics metrics;
    for (int i = 0; i < successes; ++i) {
      const Nanos lag = open_loop ? 2 * kMillisecond : -1;
      metrics.Add(static_cast<uint64_t>(i), {.service = kMillisecond, .lag = lag}, Response(200));
    }
    v1::Snapshot snapshot;
    snapshot.set_phase(measured ? 1 : 0);
    snapshot.set_window_ns(at);
    *snapshot.mutable_metrics() = metrics.ToProto();
    const CheckedSnapshot checked = {.metrics = *DecodedMetrics::Of(snapshot.metrics())};
    archive.Add({.agent = agent,
                 .name = name,
                 .at = at,
                 .measured = measured,
                 .snapshot = snapshot,
                 .checked = checked});
  }

  static std::vector<std::string> Lines(const std::string& path) {
    std::ifstream file(path);
    std::vector<std::string> lines;
    for (std::string line; std::getline(file, line);) lines.push_back(line);
    return lines;
  }
  // Without the histograms, and without what stands above them.
  static std::vector<std::string> LogLines(const std::string& path) {
    std::vector<std::string> lines;
    for (const std::string& line : Lines(path)) {
      if (const size_t at = line.find(",HIST"); at != std::string::npos) {
        lines.push_back(line.substr(0, at));
      }
    }
    return lines;
  }

  std::filesystem::path above_;
  std::string folder_;
};

TEST_F(RunArchiveTest, WritesALineForEachSnapshotAndEachSecond) {
  const auto archive = Create(/*open_loop=*/false);
  archive->Begin("r-1", absl::UnixEpoch(), kSecond / 2);
  Add(*archive, 0, "a b", kSecond / 4, 9, false, /*measured=*/false);
  Add(*archive, 0, "a b", kSecond * 3 / 4, 3);
  Add(*archive, 1, "a b", kSecond, 4);
  Add(*archive, 0, "a b", kSecond + 1, 0);
  Add(*archive, 2, "a_b#2", kSecond + 2, 1);
  // Whoever ends us now leaves the first second behind.
  EXPECT_EQ(LogLines(LatencyLogPath(folder_)).size(), 2U);
  EXPECT_EQ(Lines(SeriesPath(folder_)).size(), 2U);
  Add(*archive, 1, "a b", kSecond * 7 / 2, 5);
  RunResult result = ExampleResult();
  archive->Finish(result);
  EXPECT_FALSE(result.not_all_saved);
  EXPECT_TRUE(result.notes.empty());

  EXPECT_THAT(LogLines(LatencyLogPath(folder_)),
              ElementsAre("Tag=a_b,0.500,0.250,1.000", "0.000,1.000,1.000",
                          "Tag=a_b#2,0.500,0.500,1.000", "Tag=a_b#2#2,0.500,0.500,1.000",
                          "1.000,1.000,1.000", "Tag=a_b#2,1.000,2.500,1.000", "3.000,0.500,1.000"));
  EXPECT_FALSE(std::filesystem::exists(ResponseLogPath(folder_)));
  const std::vector<std::string> series = Lines(SeriesPath(folder_));
  ASSERT_EQ(series.size(), 6U);
  EXPECT_EQ(Json::parse(series[0], nullptr, false), Json({{"agent", "a b"},
                                                          {"tag", "a_b"},
                                                          {"phase", 0},
                                                          {"measured", false},
                                                          {"at_ns", kSecond / 4},
                                                          {"window_ns", kSecond / 4},
                                                          {"recorded", 9},
                                                          {"succeeded", 9},
                                                          {"failed", 0},
                                                          {"dropped", 0},
                                                          {"unsent", 0},
                                                          {"bytes_received", 0},
                                                          {"bytes_sent", 0},
                                                          {"connections", 0},
                                                          {"p50_ns", kMillisecond},
                                                          {"p99_ns", kMillisecond},
                                                          {"max_ns", kMillisecond},
                                                          {"response_p50_ns", nullptr},
                                                          {"response_p99_ns", nullptr},
                                                          {"response_max_ns", nullptr},
                                                          {"flight", nullptr},
                                                          {"vitals", nullptr}}));
  EXPECT_TRUE(Json::parse(series[3], nullptr, false)["p50_ns"].is_null());
}

TEST_F(RunArchiveTest, UnderARateThereIsALogOfResponseTimes) {
  const auto archive = Create(/*open_loop=*/true);
  archive->Begin("r-1", absl::UnixEpoch(), 0);
  Add(*archive, 0, "a", kSecond, 3, /*open_loop=*/true);
  RunResult result = ExampleOpenLoopResult();
  archive->Finish(result);
  EXPECT_THAT(LogLines(LatencyLogPath(folder_)),
              ElementsAre("Tag=a,0.000,1.000,1.000", "1.000,0.000,1.000"));
  EXPECT_THAT(LogLines(ResponseLogPath(folder_)),
              ElementsAre("Tag=a,0.000,1.000,3.000", "1.000,0.000,3.000"));
  EXPECT_THAT(Lines(ResponseLogPath(folder_)).front(), HasSubstr("r-1: response time"));
  EXPECT_EQ(Json::parse(Lines(SeriesPath(folder_))[0], nullptr, false)["response_max_ns"],
            3 * kMillisecond);
}

TEST_F(RunArchiveTest, TheResultIsReadAgain) {
  RunResult result = ExampleResult();
  const auto archive = Create(/*open_loop=*/false);
  archive->Begin("r-1", absl::UnixEpoch(), 0);
  EXPECT_THAT(ReadResult(folder_).status().message(), HasSubstr("ended before it could"));
  archive->Finish(result);
  const absl::StatusOr<RunResult> again = ReadResult(folder_);
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(JsonReport(*again), JsonReport(result));
  std::ifstream json(JsonPath(folder_));
  std::ostringstream text;
  text << json.rdbuf();
  EXPECT_EQ(text.str(), JsonReport(result));
}

TEST_F(RunArchiveTest, WhatCannotBeWrittenIsTold) {
  const auto archive = Create(/*open_loop=*/false);
  archive->Begin("r-1", absl::UnixEpoch(), 0);
  Add(*archive, 0, "a", kSecond, 3);
  std::filesystem::create_directory(ResultPath(folder_));
  RunResult result = ExampleResult();
  archive->Finish(result);
  EXPECT_TRUE(result.not_all_saved);
  ASSERT_EQ(result.notes.size(), 1U);
  EXPECT_THAT(result.notes.front(), StartsWith("not all was saved: "));
  EXPECT_THAT(result.notes.front(), HasSubstr("result.pb: Is a directory"));
  EXPECT_FALSE(std::filesystem::exists(ResultPath(folder_) + ".partial"));
}

TEST_F(RunArchiveTest, OfARunThatDoesNotBeginNothingIsLeft) {
  { const auto archive = Create(/*open_loop=*/true); }
  EXPECT_FALSE(std::filesystem::exists(folder_));
  std::filesystem::create_directory(folder_);
  { const auto archive = Create(/*open_loop=*/true); }
  EXPECT_TRUE(std::filesystem::is_empty(folder_));
}

TEST_F(RunArchiveTest, RefusesFolders) {
  std::filesystem::create_directory(above_ / "full");
  std::ofstream(above_ / "full" / "x") << "y";
  std::ofstream(above_ / "file") << "y";
  std::filesystem::create_symlink("nowhere", above_ / "link");
  const struct {
    const char* folder;
    const char* message;
  } kCases[] = {{"full", "full: is not empty"},
                {"file", "file: Not a directory"},
                {"file/run", "Not a directory"},
                {"none/run", "none: No such file or directory"},
                {"link", "link: File exists"}};
  for (const auto& test : kCases) {
    const auto archive = RunArchive::Create(above_ / test.folder, false);
    ASSERT_FALSE(archive.ok()) << test.folder;
    EXPECT_THAT(archive.status().message(), HasSubstr(test.message)) << test.folder;
  }
  for (const char* folder : {"new", "new/", "./new", "full/../new"}) {
    EXPECT_TRUE(CheckNewFolder(above_ / folder).ok()) << folder;
  }
  EXPECT_TRUE(CheckNewFolder("a_folder_that_is_new").ok());
}

}  // namespace
}  // namespace squall
