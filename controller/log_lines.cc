#include "controller/log_lines.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <unistd.h>
#include <vector>

#include <fmt/format.h>

#include "common/values.h"

namespace squall {
namespace {

constexpr size_t kBuffer = size_t{1} << 20;
static_assert(kBuffer > 2 * kLongestLine);

// Cuts what is read into lines.
class Cutter {
 public:
  explicit Cutter(const LineTaker& take) : take_(take), buffer_(kBuffer) {}

  char* room() { return buffer_.data() + kept_; }
  size_t room_size() const { return buffer_.size() - kept_; }

  // So many bytes have come.
  absl::Status Read(size_t count) {
    std::string_view text(buffer_.data(), kept_ + count);
    for (size_t end = 0; (end = text.find('\n')) != std::string_view::npos;) {
      if (absl::Status status = Line(text.substr(0, end)); !status.ok()) return status;
      text.remove_prefix(end + 1);
    }
    if (text.size() > kLongestLine) {
      if (!cut_) {
        if (absl::Status status = take_(text.substr(0, kLongestLine), false); !status.ok()) {
          return status;
        }
      }
      cut_ = true;
      text = {};
    }
    if (!text.empty()) std::memmove(buffer_.data(), text.data(), text.size());
    kept_ = text.size();
    return absl::OkStatus();
  }

  // There is no line break behind the last line.
  absl::Status End() { return kept_ == 0 ? absl::OkStatus() : Line({buffer_.data(), kept_}); }

 private:
  absl::Status Line(std::string_view line) {
    if (cut_) {  // the rest of one that has been told
      cut_ = false;
      return absl::OkStatus();
    }
    const bool whole = line.size() <= kLongestLine;
    return take_(whole ? line : line.substr(0, kLongestLine), whole);
  }

  const LineTaker& take_;
  std::vector<char> buffer_;
  size_t kept_ = 0;   // of a line that has not ended
  bool cut_ = false;  // its beginning has been told, and the rest is passed over
};

absl::Status ReadAll(int file, const std::string& path, const LineTaker& take) {
  constexpr std::string_view kGzip = "\x1f\x8b";
  Cutter cutter(take);
  bool first = true;
  while (true) {
    const ssize_t count = read(file, cutter.room(), cutter.room_size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return absl::ErrnoToStatus(errno, Quoted(path));
    if (count == 0) return cutter.End();
    const auto size = static_cast<size_t>(count);
    if (first && std::string_view(cutter.room(), size).starts_with(kGzip)) {
      return absl::InvalidArgumentError(fmt::format(
          "{}: compressed by gzip: write e.g. zcat LOG | squall reconcile RESULT -", Quoted(path)));
    }
    first = false;
    if (absl::Status status = cutter.Read(size); !status.ok()) return status;
  }
}

}  // namespace

absl::Status ReadLines(const std::string& path, const LineTaker& take) {
  if (path == "-") return ReadAll(STDIN_FILENO, "standard input", take);
  const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return absl::ErrnoToStatus(errno, Quoted(path));
  absl::Status status = ReadAll(file, path, take);
  close(file);
  return status;
}

}  // namespace squall
