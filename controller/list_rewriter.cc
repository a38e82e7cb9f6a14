#include "controller/list_rewriter.h"

#include <utility>

#include <fmt/format.h>

#include "common/http_syntax.h"
#include "common/list_line.h"
#include "common/values.h"
#include "controller/access_log_list.h"
#include "controller/json_list.h"
#include "controller/logged_request.h"

namespace squall {
namespace {

// A line that is longer is not kept.
constexpr size_t kLongestLine = size_t{1} << 20;

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

// Made lines are handed on when there are so many bytes of them.
constexpr size_t kMuch = size_t{256} << 10;

}  // namespace

absl::Status ListRewriter::Add(std::string_view bytes, const Sink& sink) {
  while (!bytes.empty()) {
    const size_t end = bytes.find('\n');
    const std::string_view part = bytes.substr(0, end);
    if (rest_.size() + part.size() > kLongestLine) {
      return absl::InvalidArgumentError(
          fmt::format("{}:1: the line is longer than 1 MiB", line_ + 1));
    }
    if (end == std::string_view::npos) {
      rest_.append(part);
      break;
    }
    const std::string whole = rest_.empty() ? "" : std::exchange(rest_, {}).append(part);
    if (absl::Status status = Take(whole.empty() ? part : whole); !status.ok()) return status;
    bytes.remove_prefix(end + 1);
    if (out_.size() < kMuch) continue;
    if (absl::Status status = sink(out_); !status.ok()) return status;
    out_.clear();
  }
  return absl::OkStatus();
}

absl::Status ListRewriter::Take(std::string_view line) {
  if (++line_ == 1 && line.starts_with(kByteOrderMark)) line.remove_prefix(kByteOrderMark.size());
  const std::string_view entry = TrimBlanks(line);
  if (entry.empty() || entry.starts_with('#')) return absl::OkStatus();
  absl::Status status = Line(line, out_);
  if (status.ok()) return status;
  return absl::InvalidArgumentError(fmt::format("{}:{}", line_, std::string(status.message())));
}

absl::Status ListRewriter::Finish(const Sink& sink) {
  absl::Status status;
  if (!rest_.empty()) status = Take(std::exchange(rest_, {}));
  if (status.ok()) status = End(out_);
  if (!status.ok() || out_.empty()) return status;
  return sink(std::exchange(out_, {}));
}

std::unique_ptr<ListRewriter> RewriterFor(v1::ListFormat format, std::string_view base_url,
                                          std::string_view method) {
  switch (format) {
    case v1::LIST_FORMAT_JSON:
      return MakeJsonList(base_url, method);
    case v1::LIST_FORMAT_COMBINED:
      return MakeAccessLogList(base_url, /*replay=*/false);
    case v1::LIST_FORMAT_REPLAY:
      return MakeAccessLogList(base_url, /*replay=*/true);
    default:
      return nullptr;
  }
}

absl::StatusOr<v1::ListFormat> FormatOf(std::string_view entry) {
  if (entry.starts_with('{') && !entry.starts_with("{{")) return v1::LIST_FORMAT_JSON;
  if (ParseLoggedRequest(entry).ok()) {
    return absl::InvalidArgumentError("looks like a line of an access log: add --format combined");
  }
  std::string_view rest = entry;
  const std::string_view word = TakeWord(rest);
  const bool method = !rest.empty() && CheckMethod(word).ok();
  return method ? v1::LIST_FORMAT_REQUESTS : v1::LIST_FORMAT_URLS;
}

}  // namespace squall
