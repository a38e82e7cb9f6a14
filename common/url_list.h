// A list of URLs as a text, one a line.
//
// Blank lines and lines that begin with '#' are skipped; blanks around a URL, carriage returns at
// the end of a line and a byte order mark are tolerated. A line that begins with '/' is joined to
// the base. Holds the text once and four bytes for each line. Immutable: many threads may read.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "common/url.h"

namespace squall {

// Goes through the text of a list, entry by entry.
class UrlListReader {
 public:
  // The text is borrowed.
  explicit UrlListReader(std::string_view text);

  // The next entry, as it stands there, without the blanks around it; nothing: there is no more.
  std::optional<std::string_view> Next();
  // The line of the one that came last, counted from 1.
  uint64_t line() const { return line_; }

 private:
  const std::string_view text_;
  size_t next_;
  uint64_t line_ = 0;
};

// Whether a URL may be sent. Its first `base_bytes` are the base that its line is joined to.
using UrlCheck = std::function<absl::Status(std::string_view url, size_t base_bytes)>;
inline absl::Status CheckListedUrl(std::string_view url, size_t) { return CheckUrl(url); }

class UrlList {
 public:
  // `name` stands for the list in messages. `base_url` may be empty if no line begins with '/'.
  // INVALID_ARGUMENT for the first bad line, with its number, and for a list that has no URLs.
  // `check` is asked of each URL, joined to the base.
  static absl::StatusOr<UrlList> Parse(std::string text, std::string_view name,
                                       std::string_view base_url,
                                       const UrlCheck& check = &CheckListedUrl);

  // At least 1.
  uint64_t size() const { return starts_.size(); }

  // One of them at least is an https URL.
  bool any_https() const { return any_https_; }

  // Sets `url` to entry `index`, 0 ≤ index < size(). Allocates only while `url` has not yet grown
  // to the longest entry.
  void Get(uint64_t index, std::string& url) const;

  // The text as it was given. Leaves nothing behind.
  std::string ReleaseText() && { return std::move(text_); }

 private:
  UrlList() = default;

  std::string text_;
  std::string base_;              // without the slash at its end
  std::vector<uint32_t> starts_;  // position in text_ of each entry
  bool any_https_ = false;
};

}  // namespace squall
