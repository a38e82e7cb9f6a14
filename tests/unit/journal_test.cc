#include "common/journal.h"

#include <fcntl.h>
#include <unistd.h>

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <spdlog/details/log_msg.h>
#include <sys/stat.h>

namespace squall {
namespace {

TEST(JournalTest, WhetherAStreamGoesToIt) {
  const int fd = open("/dev/null", O_WRONLY);
  struct stat file {};
  ASSERT_EQ(fstat(fd, &file), 0);
  struct Case {
    const char* name;
    int fd;
    std::string variable;
    bool journal;
  };
  const Case kCases[] = {
      {"that very stream", fd, fmt::format("{}:{}", file.st_dev, file.st_ino), true},
      {"no variable", fd, "", false},
      {"redirected since", fd, fmt::format("{}:{}", file.st_dev, file.st_ino + 1), false},
      {"another device", fd, fmt::format("{}:{}", file.st_dev + 1, file.st_ino), false},
      {"not open", -1, fmt::format("{}:{}", file.st_dev, file.st_ino), false},
      {"nonsense", fd, "yes", false},
  };
  for (const Case& test : kCases) {
    EXPECT_EQ(IsJournal(test.fd, test.variable), test.journal) << test.name;
  }
  close(fd);
}

std::string Line(bool journal, spdlog::level::level_enum level) {
  const spdlog::details::log_msg message("squall", level, "event=ready");
  spdlog::memory_buf_t buffer;
  LogFormatter(journal)->format(message, buffer);
  return {buffer.data(), buffer.size()};
}

TEST(JournalTest, Lines) {
  EXPECT_EQ(Line(true, spdlog::level::err), "<3>level=error event=ready\n");
  EXPECT_EQ(Line(true, spdlog::level::warn), "<4>level=warning event=ready\n");
  EXPECT_EQ(Line(true, spdlog::level::info), "<6>level=info event=ready\n");
  EXPECT_EQ(Line(true, spdlog::level::debug), "<7>level=debug event=ready\n");
  const std::string plain = Line(false, spdlog::level::info);
  EXPECT_TRUE(plain.ends_with(" level=info event=ready\n")) << plain;
  EXPECT_TRUE(plain.starts_with("20")) << plain;
}

}  // namespace
}  // namespace squall
