#include "controller/log_lines.h"

#include <cstdio>
#include <fstream>
#include <string>
#include <unistd.h>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "absl/status/statusor.h"

namespace squall {
namespace {

using Lines = std::vector<std::pair<std::string, bool>>;

absl::StatusOr<Lines> Read(const std::string& text) {
  const std::string path = ::testing::TempDir() + "/log_lines_test_" + std::to_string(getpid());
  std::ofstream(path, std::ios::binary) << text;
  Lines lines;
  absl::Status status = ReadLines(path, [&](std::string_view line, bool whole) {
    lines.emplace_back(line, whole);
    return absl::OkStatus();
  });
  std::remove(path.c_str());
  if (!status.ok()) return status;
  return lines;
}

TEST(ReadLines, Examples) {
  const std::string longest(kLongestLine, 'x');
  const std::string endless(5 << 20, 'y');
  struct Row {
    std::string name;
    std::string text;
    Lines want;
  };
  const std::vector<Row> rows = {
      {"nothing", "", {}},
      {"one", "a\n", {{"a", true}}},
      {"no line break at the end", "a\nb", {{"a", true}, {"b", true}}},
      {"empty lines", "\n\na\n", {{"", true}, {"", true}, {"a", true}}},
      {"zeros", std::string("a\0b\n", 4), {{std::string("a\0b", 3), true}}},
      {"the longest", longest + "\nb\n", {{longest, true}, {"b", true}}},
      {"one byte more", longest + "x\nb\n", {{longest, false}, {"b", true}}},
      {"longer than the buffer",
       "a\n" + endless + "\nb",
       {{"a", true}, {endless.substr(0, kLongestLine), false}, {"b", true}}},
      {"longer than the buffer at the end", endless, {{endless.substr(0, kLongestLine), false}}},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.name);
    const auto lines = Read(row.text);
    ASSERT_TRUE(lines.ok()) << lines.status();
    EXPECT_TRUE(*lines == row.want) << lines->size() << " lines";
  }
}

TEST(ReadLines, AreWholeWhereverTheyEnd) {
  std::string text;
  Lines want;
  for (size_t i = 0; i < 30'000; ++i) {
    want.emplace_back(std::string(i * 7919 % 200, static_cast<char>('a' + i % 26)), true);
    text += want.back().first + "\n";
  }
  const auto lines = Read(text);
  ASSERT_TRUE(lines.ok());
  EXPECT_TRUE(*lines == want);
}

TEST(ReadLines, TellsWhatIsWrong) {
  const auto ignore = [](std::string_view, bool) { return absl::OkStatus(); };
  EXPECT_EQ(ReadLines("no/such.log", ignore).message(), "no/such.log: No such file or directory");
  EXPECT_EQ(ReadLines("/", ignore).message(), "/: Is a directory");
  const auto zipped = Read("\x1f\x8b\x08 and so on");
  EXPECT_NE(zipped.status().message().find("zcat"), absl::string_view::npos) << zipped.status();
}

TEST(ReadLines, EndsWhenItIsTold) {
  int lines = 0;
  const std::string path = ::testing::TempDir() + "/log_lines_end_" + std::to_string(getpid());
  std::ofstream(path) << "a\nb\nc\n";
  const absl::Status status = ReadLines(path, [&](std::string_view, bool) {
    return ++lines == 2 ? absl::InvalidArgumentError("enough") : absl::OkStatus();
  });
  std::remove(path.c_str());
  EXPECT_EQ(status.message(), "enough");
  EXPECT_EQ(lines, 2);
}

}  // namespace
}  // namespace squall
