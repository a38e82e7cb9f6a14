// A list of URLs or requests as a text, one a line (common/list_scan.h and common/list_line.h say
// what lines mean).
//
// The text is a file that is mapped, or a string; an index finds the entries in it. Immutable: many
// threads may read.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "common/list_index.h"
#include "common/list_line.h"

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
                                           std::string_view base_url, ListForm form = {});
};

class UrlList {
 public:
  // An entry that has been damaged since the index was made leads nowhere (RFC 2606).
  static constexpr std::string_view kDamaged = "http://damaged-list.invalid/";

  // INVALID_ARGUMENT if lines cannot be joined to `base_url`, which may be empty if none begins
  // with '/'; or if they are not of the form, or have other words than these. `name` stands for the
  // list.
  static absl::StatusOr<UrlList> Make(ListText text, std::string_view name,
                                      std::string_view base_url, ListForm form = {},
                                      std::vector<std::string> words = {});

  // At least 1.
  uint64_t size() const { return list_.index.facts.entries(); }

  // One of them at least is an https URL.
  bool any_https() const;

  // Sets `url` to that of entry `index`, 0 ≤ index < size(). With `rendered`, placeholders are the
  // caller's business, who then asks MayBeUrl(). Allocates only while `url` has not yet grown to
  // the longest entry. Returns which of the words the entry has; 0 in a list of URLs.
  uint32_t Get(uint64_t index, std::string& url, bool rendered = false) const;

  // A copy of entry `index` as it stands in the list, in `memory`, if it is a line of its own as
  // most are: short, without a fragment, with nothing in it that is in no URL, and not the last
  // one. Empty: Get() has to look at it. Of a list without words. It reads whole blocks, so up to
  // one more behind the line.
  static constexpr size_t kPlainBlock = 16;
  using PlainLine = std::array<char, 32 * kPlainBlock>;
  std::string_view CopyPlain(uint64_t index, PlainLine& memory) const;
  // What entries are joined to that begin with '/': without the slash at its end. Empty: none do.
  const std::string& base() const { return base_; }

  // Its words alone say which request it is.
  uint32_t WordOf(uint64_t index) const;
  bool has_words() const { return form_.requests; }
  // Sets `fields` to what stands behind its URL: a copy, as a list on a disk may be changed by
  // others at any time. Nothing where words have no fields.
  void FieldsOf(uint64_t index, std::string& fields) const;
  // When it is due, in microseconds after the first; UINT64_MAX: it is damaged. Of a timed list.
  uint64_t TimeOf(uint64_t index) const;

  // The URL of an entry as it stands in the list.
  std::string_view UrlIn(std::string_view entry) const;
  // The same joined to the base if it begins with '/'. How many bytes of it are the base.
  size_t Join(std::string_view url_of_entry, std::string& url) const;

  // What keeps a damaged entry from being taken to pieces as a URL: not whether it is the right
  // one.
  static bool MayBeUrl(std::string_view entry);
  // A scheme of ours, and a host behind it that is written with nothing strange.
  static bool HasOrigin(std::string_view url);
  // Puts what leads nowhere in place of a URL that turned out to be of a damaged entry.
  void Damaged(std::string& url) const;

  // A part of the text in which entry `index` is.
  std::string_view Around(uint64_t index) const {
    const auto& [facts, stride, positions] = list_.index;
    const uint64_t place = stride == 1 ? index : index / stride;
    const uint64_t end = place + 1 < positions.size() ? positions[place + 1] : list_.text.size();
    return {list_.text.data() + positions[place], end - positions[place]};
  }

  // Some entry was, so far. Any thread.
  bool damaged() const { return list_.damaged->load(std::memory_order_relaxed); }

  const ListText& text() const { return list_; }
  const v1::ListFacts& facts() const { return list_.index.facts; }

 private:
  UrlList(ListText text, std::string base, ListForm form, std::vector<std::string> words)
      : list_(std::move(text)), base_(std::move(base)), form_(form), words_(std::move(words)) {}

  std::optional<std::string_view> Entry(uint64_t index) const;
  std::optional<uint32_t> TakeRequest(std::string_view& entry) const;

  ListText list_;
  std::string base_;
  ListForm form_;
  std::vector<std::string> words_;
};

}  // namespace squall
