#include "common/journal.h"

#include <fmt/format.h>
#include <spdlog/pattern_formatter.h>
#include <sys/stat.h>

namespace squall {
namespace {

// As syslog(3) numbers them.
char Priority(spdlog::level::level_enum level) {
  switch (level) {
    case spdlog::level::critical:
      return '2';
    case spdlog::level::err:
      return '3';
    case spdlog::level::warn:
      return '4';
    case spdlog::level::info:
      return '6';
    default:
      return '7';
  }
}

class PriorityFlag final : public spdlog::custom_flag_formatter {
 public:
  void format(const spdlog::details::log_msg& message, const std::tm&,
              spdlog::memory_buf_t& to) override {
    to.push_back(Priority(message.level));
  }
  std::unique_ptr<spdlog::custom_flag_formatter> clone() const override {
    return std::make_unique<PriorityFlag>();
  }
};

}  // namespace

bool IsJournal(int fd, std::string_view journal_stream) {
  struct stat file {};
  if (journal_stream.empty() || fstat(fd, &file) != 0) return false;
  return journal_stream == fmt::format("{}:{}", file.st_dev, file.st_ino);
}

std::unique_ptr<spdlog::formatter> LogFormatter(bool journal) {
  auto formatter = std::make_unique<spdlog::pattern_formatter>();
  formatter->add_flag<PriorityFlag>('*').set_pattern(
      journal ? "<%*>level=%l %v" : "%Y-%m-%dT%H:%M:%S.%e%z level=%l %v");
  return formatter;
}

}  // namespace squall
