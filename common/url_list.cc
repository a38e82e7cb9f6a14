#include "common/url_list.h"

#include <algorithm>

#include <fmt/format.h>

#include "absl/strings/match.h"
#include "common/protocol.h"
#include "common/values.h"

namespace squall {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

static_assert(kMaxListBytes <= UINT32_MAX, "positions are kept in 32 bits");

// The rest of the line at `start`, without blanks around it.
std::string_view LineAt(std::string_view text, size_t start) {
  return TrimBlanks(text.substr(start, text.find('\n', start) - start));
}

// `base_url` as lines can be joined to it.
absl::StatusOr<std::string_view> JoinableBase(std::string_view base_url) {
  if (base_url.empty()) {
    return absl::InvalidArgumentError(
        "the line begins with '/': give the URL that it is to be joined to by -u");
  }
  if (base_url.find_first_of("?#") != std::string_view::npos) {
    return absl::InvalidArgumentError(fmt::format(
        "the line begins with '/' but cannot be joined to {}: give a URL without ? and #",
        Quoted(base_url)));
  }
  if (absl::Status status = CheckUrl(base_url); !status.ok()) return status;
  if (base_url.ends_with('/')) base_url.remove_suffix(1);
  return base_url;
}

}  // namespace

UrlListReader::UrlListReader(std::string_view text)
    : text_(text), next_(text.starts_with(kByteOrderMark) ? kByteOrderMark.size() : 0) {}

std::optional<std::string_view> UrlListReader::Next() {
  while (next_ < text_.size()) {
    const std::string_view entry = LineAt(text_, next_);
    next_ = std::min(text_.find('\n', next_), text_.size()) + 1;
    ++line_;
    if (!entry.empty() && !entry.starts_with('#')) return entry;
  }
  return std::nullopt;
}

absl::StatusOr<UrlList> UrlList::Parse(std::string text, std::string_view name,
                                       std::string_view base_url, const UrlCheck& check) {
  if (text.size() > kMaxListBytes) {
    return absl::InvalidArgumentError(
        fmt::format("{}: larger than {} MiB", name, kMaxListBytes >> 20));
  }
  UrlList list;
  list.text_ = std::move(text);
  const std::string_view all = list.text_;
  list.starts_.reserve(static_cast<size_t>(std::count(all.begin(), all.end(), '\n')) + 1);

  UrlListReader reader(all);
  const auto at_line = [name, &reader](const absl::Status& status) {
    const absl::string_view message = status.message();
    return absl::InvalidArgumentError(fmt::format(
        "{}:{}: {}", name, reader.line(), std::string_view(message.data(), message.size())));
  };
  std::string url;
  while (const std::optional<std::string_view> found = reader.Next()) {
    const std::string_view entry = *found;
    if (entry.starts_with('/') && list.base_.empty()) {
      const absl::StatusOr<std::string_view> base = JoinableBase(base_url);
      if (!base.ok()) return at_line(base.status());
      list.base_ = *base;
    }
    list.starts_.push_back(static_cast<uint32_t>(entry.data() - all.data()));
    list.Get(list.starts_.size() - 1, url);
    const size_t base_bytes = entry.starts_with('/') ? list.base_.size() : 0;
    if (absl::Status status = check(url, base_bytes); !status.ok()) return at_line(status);
    list.any_https_ = list.any_https_ || absl::StartsWithIgnoreCase(url, "https:");
  }
  if (list.starts_.empty()) {
    return absl::InvalidArgumentError(fmt::format("{}: has no URLs: write one a line", name));
  }
  list.starts_.shrink_to_fit();
  return list;
}

void UrlList::Get(uint64_t index, std::string& url) const {
  const std::string_view entry = LineAt(text_, starts_[index]);
  if (entry.starts_with('/')) {
    url.assign(base_).append(entry);
  } else {
    url.assign(entry);
  }
}

}  // namespace squall
