// What an agent keeps of its ceiling, and where.

#include "agent/ceiling_store.h"

#include <filesystem>
#include <fstream>
#include <map>
#include <unistd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <spdlog/spdlog.h>

#include "agent/state_folder.h"
#include "common/ceiling.h"
#include "common/version.h"

namespace squall {
namespace {

using testing::HasSubstr;

v1::Ceiling Example() {
  v1::Ceiling ceiling;
  ceiling.set_requests_per_second(43'210.0625);
  ceiling.set_connections(200);
  ceiling.set_cores(4);
  ceiling.set_threads(3);
  ceiling.set_version(std::string(kVersion));
  ceiling.set_transport(v1::TRANSPORT_KIND_HTTP1);
  ceiling.set_measured_at(1'795'491'986);
  return ceiling;
}

class CeilingStoreTest : public testing::Test {
 protected:
  CeilingStoreTest() : folder_(testing::TempDir() + "/ceiling_store_" + std::to_string(getpid())) {
    std::filesystem::remove_all(folder_);
    spdlog::set_level(spdlog::level::off);
  }
  ~CeilingStoreTest() override {
    spdlog::set_level(level_);
    std::filesystem::remove_all(folder_);
  }

  std::string file() const { return folder_ + "/state/ceiling.txt"; }
  std::string state() const { return folder_ + "/state"; }

  void WriteFile(const std::string& text) const {
    std::filesystem::create_directories(state());
    std::ofstream(file(), std::ios::binary) << text;
  }

  const std::string folder_;

 private:
  const spdlog::level::level_enum level_ = spdlog::get_level();
};

TEST_F(CeilingStoreTest, WhatIsKeptIsThereAfterARestart) {
  CeilingStore first(state());
  EXPECT_EQ(first.Current(4, 3), nullptr);
  ASSERT_TRUE(first.Keep(Example()).ok());
  v1::Ceiling newer = Example();
  newer.set_requests_per_second(50'000);
  ASSERT_TRUE(first.Keep(newer).ok());
  ASSERT_NE(first.Current(4, 3), nullptr);

  const CeilingStore again(state());
  ASSERT_NE(again.Current(4, 3), nullptr);
  EXPECT_EQ(again.Current(4, 3)->SerializeAsString(), newer.SerializeAsString());
  // Nothing is left but the file.
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(state()), {}), 1);
}

TEST_F(CeilingStoreTest, AStaleOneIsNotTold) {
  struct Row {
    const char* name;
    const char* version;  // null: ours
    uint32_t cores;
    uint32_t threads;
    bool told;
  };
  const Row rows[] = {
      {"as it was", nullptr, 4, 3, true},
      {"other cores", nullptr, 8, 3, false},
      {"other threads", nullptr, 4, 4, false},
      {"other version", "0.0.1", 4, 3, false},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.name);
    v1::Ceiling ceiling = Example();
    if (row.version != nullptr) ceiling.set_version(row.version);
    WriteFile(CeilingToText(ceiling));
    EXPECT_EQ(CeilingStore(state()).Current(row.cores, row.threads) != nullptr, row.told);
  }
}

TEST_F(CeilingStoreTest, ADamagedFileIsAsNoneAndIsReplaced) {
  const std::string good = CeilingToText(Example());
  struct Row {
    const char* name;
    std::string text;
  };
  const Row rows[] = {
      {"empty", ""},
      {"cut in a line", good.substr(0, good.size() - 4)},
      {"cut after a line", good.substr(0, good.find("cores"))},
      {"something else", "{\"requests_per_second\": 5}\n"},
      {"bytes", std::string("\xff\x00\n", 3)},
      {"a field too much", good + "colour: \"red\"\n"},
      {"not a number", "requests_per_second: nan\n" + good.substr(good.find('\n') + 1)},
      {"nothing a second", "requests_per_second: 0\n" + good.substr(good.find('\n') + 1)},
      {"too much a second", "requests_per_second: inf\n" + good.substr(good.find('\n') + 1)},
      {"longer than any", good + std::string(100'000, '\n')},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.name);
    WriteFile(row.text);
    CeilingStore store(state());
    EXPECT_EQ(store.Current(4, 3), nullptr);
    EXPECT_TRUE(store.Keep(Example()).ok());
    EXPECT_NE(CeilingStore(state()).Current(4, 3), nullptr);
  }
}

TEST_F(CeilingStoreTest, WhereNothingCanBeWrittenItIsInMemory) {
  std::filesystem::create_directories(folder_);
  std::ofstream(folder_ + "/file") << "no folder";
  for (const std::string& where :
       {std::string(), folder_ + "/file", folder_ + "/file/below", std::string("/proc/nowhere")}) {
    SCOPED_TRACE(where);
    CeilingStore store(where);
    const absl::Status kept = store.Keep(Example());
    EXPECT_FALSE(kept.ok());
    EXPECT_THAT(std::string(kept.message()), HasSubstr(where.empty() ? "--state" : where));
    EXPECT_NE(store.Current(4, 3), nullptr);
  }
}

TEST(StateFolder, IsWhereAgentsOfAServiceOrAUserKeepThings) {
  struct Row {
    const char* name;
    const char* asked;
    std::map<std::string, std::string> environment;
    const char* folder;
  };
  const Row rows[] = {
      {"asked for", "here", {{"STATE_DIRECTORY", "/var/lib/squall"}, {"HOME", "/home/a"}}, "here"},
      {"a service", "", {{"STATE_DIRECTORY", "/var/lib/squall"}, {"HOME", "/"}}, "/var/lib/squall"},
      {"several of them", "", {{"STATE_DIRECTORY", "/a:/b"}}, "/a"},
      {"a user's choice", "", {{"XDG_STATE_HOME", "/x"}, {"HOME", "/home/a"}}, "/x/squall"},
      {"a relative one does not count",
       "",
       {{"XDG_STATE_HOME", "x"}, {"HOME", "/home/a"}},
       "/home/a/.local/state/squall"},
      {"a user", "", {{"HOME", "/home/a"}}, "/home/a/.local/state/squall"},
      {"nothing", "", {}, ""},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.name);
    EXPECT_EQ(StateFolder(row.asked,
                          [&row](const char* name) {
                            const auto found = row.environment.find(name);
                            return found == row.environment.end() ? "" : found->second;
                          }),
              row.folder);
  }
}

}  // namespace
}  // namespace squall
