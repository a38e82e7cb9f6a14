// A list of URLs as a text, one a line (common/list_scan.h says what lines mean).
//
// The text is a file that is mapped, or a string; an index finds the entries in it. Immutable: many
// threads may read.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/statusor.h"
#include "common/list_index.h"

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

// A list's text with its index: that of a file, or in memory.
struct ListText {
  std::shared_ptr<const void> owner;  // of the text
  std::string_view text;
  ListIndex index;
  // It is not what it was when the index was made, as was seen when it was read.
  std::shared_ptr<std::atomic<bool>> damaged = std::make_shared<std::atomic<bool>>(false);

  // Errors are those of ListScan.
  static absl::StatusOr<ListText> InMemory(std::string text, std::string_view name,
                                           std::string_view base_url);
};

class UrlList {
 public:
  // An entry that has been damaged since the index was made leads nowhere (RFC 2606).
  static constexpr std::string_view kDamaged = "http://damaged-list.invalid/";

  // INVALID_ARGUMENT if lines cannot be joined to `base_url`, which may be empty if none begins
  // with '/'. `name` stands for the list.
  static absl::StatusOr<UrlList> Make(ListText text, std::string_view name,
                                      std::string_view base_url);

  // At least 1.
  uint64_t size() const { return list_.index.facts.entries(); }

  // One of them at least is an https URL.
  bool any_https() const;

  // Sets `url` to entry `index`, 0 ≤ index < size(). With `rendered`, placeholders are the caller's
  // business, who then asks MayBeUrl(). Allocates
  // only while `url` has not yet grown to the longest entry.
  void Get(uint64_t index, std::string& url, bool rendered = false) const;

  // An entry as it stands in the list, joined to the base if it begins with '/'. How many bytes of
  // it are the base.
  size_t Join(std::string_view entry, std::string& url) const;

  // What keeps a damaged entry from being taken to pieces as a URL: not whether it is the right
  // one.
  static bool MayBeUrl(std::string_view entry);
  // Puts what leads nowhere in place of a URL that turned out to be of a damaged entry.
  void Damaged(std::string& url) const;

  // A part of the text in which entry `index` is.
  std::string_view Around(uint64_t index) const;

  // Some entry was, so far. Any thread.
  bool damaged() const { return list_.damaged->load(std::memory_order_relaxed); }

  const ListText& text() const { return list_; }
  const v1::ListFacts& facts() const { return list_.index.facts; }

 private:
  UrlList(ListText text, std::string base) : list_(std::move(text)), base_(std::move(base)) {}

  ListText list_;
  std::string base_;  // without the slash at its end
};

}  // namespace squall
