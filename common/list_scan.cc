#include "common/list_scan.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include <fmt/format.h>

#include "common/origin.h"
#include "common/placeholder_syntax.h"
#include "common/protocol.h"
#include "common/url.h"
#include "common/values.h"

namespace squall {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

// A line that is longer is no URL, and not kept to be shown whole.
constexpr size_t kLongestLine = size_t{1} << 20;

// Bounds what is remembered to save time.
constexpr size_t kMostWritten = 4096;

// And what all origins of a list may be, in bytes.
constexpr uint64_t kMostOriginBytes = 16 << 20;

// All characters may stand in a URL, as far as it is ASCII. Without a branch, so that many are
// looked at together.
bool IsPlain(std::string_view text) {
  unsigned bad = 0;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    bad |= static_cast<unsigned>(byte <= 0x20) | static_cast<unsigned>(byte >= 0x7F);
  }
  return bad == 0;
}

// Whether what stands behind an origin is the path or what comes instead.
bool EndsOrigin(std::string_view url, size_t size) {
  return url.size() == size || url[size] == '/' || url[size] == '?' || url[size] == '#';
}

// All before the path, in what may be no URL.
std::string_view WrittenOrigin(std::string_view entry) {
  const size_t scheme = entry.find("://");
  if (scheme == std::string_view::npos) return {};
  return entry.substr(0, entry.find_first_of("/?#", scheme + 3));
}

}  // namespace

ListScan::ListScan(std::string name, std::string base_url, LineCheck check)
    : name_(std::move(name)), base_url_(std::move(base_url)), check_(std::move(check)) {}

absl::Status ListScan::Add(std::string_view bytes) {
  sum_.Add(bytes);
  uint64_t position = index_.facts.size_bytes();
  index_.facts.set_size_bytes(position + bytes.size());
  while (!bytes.empty()) {
    const size_t end = bytes.find('\n');
    if (end == std::string_view::npos) return Keep(bytes, position);
    const std::string_view line = bytes.substr(0, end);
    absl::Status status;
    if (rest_.empty()) {
      status = Line(line, position);
    } else {
      status = Keep(line, position);
      if (status.ok()) status = Line(std::exchange(rest_, {}), rest_at_);
    }
    if (!status.ok()) return status;
    bytes.remove_prefix(end + 1);
    position += end + 1;
  }
  return absl::OkStatus();
}

// The line goes on with `more`, which is at `position`.
absl::Status ListScan::Keep(std::string_view more, uint64_t position) {
  if (rest_.empty()) {
    const size_t blanks = std::min(more.find_first_not_of(" \t\r"), more.size());
    more.remove_prefix(blanks);
    rest_at_ = position + blanks;
  }
  // Comments may be of any length.
  if (rest_.starts_with('#')) return absl::OkStatus();
  rest_.append(more.substr(0, more.starts_with('#') && rest_.empty() ? 1 : more.size()));
  if (rest_.size() <= kLongestLine) return absl::OkStatus();
  ++line_;
  return AtLine(absl::InvalidArgumentError(
      fmt::format("{}: more than 1 MiB long: at most {} bytes are possible",
                  Quoted(std::string_view(rest_).substr(0, kMaxUrlBytes)), kMaxUrlBytes)));
}

absl::Status ListScan::Line(std::string_view text, uint64_t position) {
  ++line_;
  const char* const begin = text.data();
  if (position == 0 && text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  const std::string_view entry = TrimBlanks(text);
  if (entry.empty() || entry.starts_with('#')) return absl::OkStatus();
  if (absl::Status status = Check(entry); !status.ok()) return AtLine(status);
  index_.Add(position + static_cast<uint64_t>(entry.data() - begin));
  return absl::OkStatus();
}

absl::Status ListScan::Check(std::string_view entry) {
  if (HasPlaceholder(entry)) return CheckPlaceholders(entry);
  return entry.starts_with('/') ? CheckJoined(entry) : CheckAbsolute(entry);
}

absl::Status ListScan::CheckPlaceholders(std::string_view entry) {
  const bool joined = entry.starts_with('/');
  if (joined) {
    if (absl::Status status = FindBase(); !status.ok()) return status;
  }
  url_.assign(base_, 0, joined ? base_.size() : 0).append(entry);
  if (check_) {
    if (absl::Status status = check_(url_, joined ? base_.size() : 0); !status.ok()) return status;
  }
  v1::ListFacts& facts = index_.facts;
  facts.set_placeholder_lines(facts.placeholder_lines() + 1);
  if (facts.placeholder_lines() > kMaxPlaceholderLines) {
    return absl::InvalidArgumentError(fmt::format(
        "more than {} lines with placeholders: let a feeder (--feed) bring what differs",
        kMaxPlaceholderLines));
  }
  if (joined) return absl::OkStatus();
  const std::string_view origin = WrittenOrigin(entry);
  if (origin.empty() || HasPlaceholder(origin)) {
    return absl::InvalidArgumentError(
        "placeholders may stand in path and query, not in scheme, host or port");
  }
  if (absl::Status status = CheckUrl(origin); !status.ok()) return status;
  return Note(OriginOf(origin).Display());
}

// That of lines which begin with '/', when the first comes.
absl::Status ListScan::FindBase() {
  if (index_.facts.first_joined_line() != 0) return absl::OkStatus();
  const absl::StatusOr<std::string_view> base = JoinableBase(base_url_);
  if (!base.ok()) return base.status();
  base_ = *base;
  index_.facts.set_first_joined_line(line_);
  return Note("");
}

absl::Status ListScan::CheckJoined(std::string_view entry) {
  if (absl::Status status = FindBase(); !status.ok()) return status;
  v1::ListFacts& facts = index_.facts;
  if (!IsPlain(entry) || base_.size() + entry.size() > kMaxUrlBytes) {
    url_.assign(base_).append(entry);
    if (absl::Status status = CheckUrl(url_); !status.ok()) return status;
  }
  if (entry.size() > facts.longest_joined_bytes()) {
    facts.set_longest_joined_bytes(entry.size());
    facts.set_longest_joined_line(line_);
  }
  return absl::OkStatus();
}

// The check of a URL is that of its origin, its characters and its length: most origins of a list
// have been seen before.
absl::Status ListScan::CheckAbsolute(std::string_view entry) {
  const bool same = !last_origin_.empty() && entry.starts_with(last_origin_) &&
                    EndsOrigin(entry, last_origin_.size());
  if (!same) {
    last_origin_ = WrittenOrigin(entry);
    if (!written_.contains(last_origin_)) {
      absl::Status status = CheckUrl(entry);
      if (status.ok()) status = Note(OriginOf(entry).Display());
      if (!status.ok()) return status;
      if (written_.size() == kMostWritten) written_.clear();
      written_.insert(last_origin_);
      return absl::OkStatus();
    }
  }
  const bool plain = entry.size() <= kMaxUrlBytes && IsPlain(entry.substr(last_origin_.size()));
  return plain ? absl::OkStatus() : CheckUrl(entry);
}

absl::Status ListScan::Note(std::string origin) {
  if (!origins_.insert(origin).second) return absl::OkStatus();
  origin_bytes_ += origin.size();
  if (origins_.size() > kMostOrigins || origin_bytes_ > kMostOriginBytes) {
    return absl::InvalidArgumentError(fmt::format(
        "the list leads to more than {} servers: split it into several", origins_.size() - 1));
  }
  index_.facts.add_origins(std::move(origin));
  return absl::OkStatus();
}

absl::Status ListScan::AtLine(const absl::Status& status) const {
  return absl::InvalidArgumentError(
      fmt::format("{}:{}: {}", name_, line_, std::string(status.message())));
}

absl::StatusOr<ListIndex> ListScan::Finish() {
  if (!rest_.empty()) {
    if (absl::Status status = Line(rest_, rest_at_); !status.ok()) return status;
  }
  if (index_.facts.entries() == 0) {
    return absl::InvalidArgumentError(fmt::format("{}: has no URLs: write one a line", name_));
  }
  if (index_.facts.placeholder_lines() > 0 &&
      index_.facts.size_bytes() > kMaxPlaceholderListBytes) {
    return absl::InvalidArgumentError(
        fmt::format("{}: larger than {} MiB: with placeholders in its lines it may not be", name_,
                    kMaxPlaceholderListBytes >> 20));
  }
  index_.facts.set_sha256(sum_.Finish());
  if (index_.facts.sha256().empty()) return absl::InternalError("OpenSSL has no SHA-256");
  index_.positions.shrink_to_fit();
  return std::move(index_);
}

}  // namespace squall
