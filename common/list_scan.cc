#include "common/list_scan.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include <fmt/format.h>

#include "absl/strings/numbers.h"
#include "common/base64.h"
#include "common/http_syntax.h"
#include "common/list_times.h"
#include "common/origin.h"
#include "common/placeholder_syntax.h"
#include "common/protocol.h"
#include "common/text_position.h"
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

// METHOD URL, where URLs alone belong.
bool IsRequest(std::string_view entry) {
  const std::string_view word = TakeWord(entry);
  return CheckMethod(word).ok() &&
         (entry.starts_with('/') || entry.find("://") != std::string_view::npos);
}

absl::Status Mixed() {
  return absl::InvalidArgumentError(
      "a method in front of the URL, which the first line has not: write one in every line, or in "
      "none");
}

// All before the path, in what may be no URL.
std::string_view WrittenOrigin(std::string_view entry) {
  const size_t scheme = entry.find("://");
  if (scheme == std::string_view::npos) return {};
  return entry.substr(0, entry.find_first_of("/?#", scheme + 3));
}

// Takes "column 5: ", which counts from where the URL begins, off a message. 1: it has none.
size_t TakeColumn(std::string_view& message) {
  constexpr std::string_view kColumn = "column ";
  const size_t end = message.find(": ");
  uint64_t column = 0;
  if (end == message.npos || !message.starts_with(kColumn) ||
      !absl::SimpleAtoi(absl::string_view(message.data() + kColumn.size(), end - kColumn.size()),
                        &column)) {
    return 1;
  }
  message.remove_prefix(end + 2);
  return static_cast<size_t>(column);
}

}  // namespace

ListScan::ListScan(std::string name, std::string base_url, ListForm form, LineCheck check)
    : name_(std::move(name)),
      base_url_(std::move(base_url)),
      form_(form),
      check_(std::move(check)) {}

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
    rest_blanks_ += blanks;
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
  if (!entry.empty() && !entry.starts_with('#')) {
    blame_ = entry.data();
    const absl::Status status = form_.requests ? CheckRequest(entry) : Check(entry);
    if (!status.ok()) {
      return AtColumn(!form_.requests && IsRequest(entry) ? Mixed() : status, text);
    }
    index_.Add(position + static_cast<uint64_t>(entry.data() - begin));
  }
  rest_blanks_ = 0;
  return absl::OkStatus();
}

absl::Status ListScan::CheckRequest(std::string_view entry) {
  std::string_view url = entry;
  if (form_.timed) {
    if (absl::Status status = CheckTime(TakeWord(url)); !status.ok()) return status;
    blame_ = url.data();
  }
  const std::string_view word = TakeWord(url);
  if (word != last_word_) {
    if (absl::Status status = CheckWord(word); !status.ok()) return status;
    const absl::StatusOr<ListWord> parsed = ParseListWord(word);
    last_word_ = word;
    header_fields_ = parsed->headers.size();
    all_fields_ = parsed->fields();
  }
  blame_ = url.data();
  if (url.empty()) {
    return absl::InvalidArgumentError(
        fmt::format("no URL behind {}: write METHOD URL", Quoted(word)));
  }
  if (form_.fields) {
    std::string_view fields = url;
    url = TakeWord(fields);
    if (absl::Status status = Check(url); !status.ok()) return status;
    blame_ = fields.data();
    return CheckFields(fields);
  }
  const size_t end = url.find_first_of(" \t");
  if (end == std::string_view::npos || HasPlaceholder(url)) return Check(url);
  blame_ += url.find_first_not_of(" \t", end);
  const std::string_view more = url.substr(static_cast<size_t>(blame_ - url.data()));
  return absl::InvalidArgumentError(
      more.starts_with("HTTP/")
          ? fmt::format("{}: leave it out: the line ends with the URL", Quoted(more))
          : fmt::format("{}: behind the URL: write %20 for a blank in it, or leave it out",
                        Quoted(more)));
}

absl::Status ListScan::CheckFields(std::string_view fields) {
  for (size_t i = 0; i < all_fields_; ++i) {
    const std::string_view field = TakeWord(fields);
    const std::string_view text = FieldOf(field, 0);
    if (field.empty() || !IsBase64(text)) {
      return absl::InvalidArgumentError(fmt::format("field {} is missing, or no base64", i));
    }
    if (i >= header_fields_) continue;
    field_.resize(Base64Size(text));
    WriteBase64(text, field_.data());
    const absl::StatusOr<v1::Header> header = ParseHeader("x:" + field_);
    if (!header.ok() || header->value() != field_ || field_.size() > kMaxHeaderBytes) {
      return absl::InvalidArgumentError(fmt::format("field {} is not the value of a header", i));
    }
  }
  if (fields.empty()) return absl::OkStatus();
  return absl::InvalidArgumentError(fmt::format("more than {} fields", all_fields_));
}

absl::Status ListScan::CheckTime(std::string_view word) {
  uint64_t us = 0;
  if (!ReadListedUs(word, us) || us < index_.facts.times().last_us()) {
    return absl::InvalidArgumentError(fmt::format("{}: not the time of a line", Quoted(word)));
  }
  AddListTime(us, *index_.facts.mutable_times());
  return absl::OkStatus();
}

absl::Status ListScan::CheckWord(std::string_view word) {
  const auto& words = index_.facts.words();
  if (std::find(words.begin(), words.end(), word) != words.end()) return absl::OkStatus();
  if (word.starts_with('/') || word.find("://") != std::string_view::npos) {
    return absl::InvalidArgumentError(
        fmt::format("{0}: no method in front of it, which other lines have: did you mean GET {0}?",
                    Quoted(word)));
  }
  const absl::StatusOr<ListWord> parsed =
      form_.fields ? ParseListWord(word) : ListWord{word, {}, false};
  const absl::Status status = parsed.ok() ? CheckMethod(parsed->method) : parsed.status();
  if (!status.ok()) return status;
  if (words.size() == kMaxListedRequests || word.size() > kMaxListedWord ||
      parsed->method.size() > kMaxListedMethod) {
    return absl::InvalidArgumentError(
        fmt::format("{}: a list has at most {} methods{}, of {} bytes", Quoted(word.substr(0, 80)),
                    kMaxListedRequests, form_.fields ? " with the headers that come with them" : "",
                    kMaxListedMethod));
  }
  index_.facts.add_words(std::string(word));
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

// `line`: without a byte order mark, and without blanks that stood in front.
absl::Status ListScan::AtColumn(const absl::Status& status, std::string_view line) const {
  const auto offset = static_cast<size_t>(blame_ - line.data());
  std::string_view what(status.message().data(), status.message().size());
  const size_t column = rest_blanks_ + PositionIn(line, offset).column + TakeColumn(what) - 1;
  return absl::InvalidArgumentError(fmt::format("{}:{}:{}: {}", name_, line_, column, what));
}

absl::StatusOr<ListIndex> ListScan::Finish() {
  if (!rest_.empty()) {
    if (absl::Status status = Line(rest_, rest_at_); !status.ok()) return status;
  }
  if (index_.facts.entries() == 0) {
    return absl::InvalidArgumentError(fmt::format("{}: has no {}: write one a line", name_,
                                                  form_.requests ? "requests" : "URLs"));
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
