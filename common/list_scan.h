// Reads the text of a list once, as it comes: checks every line and makes the index.
//
// Blank lines and lines that begin with '#' are skipped; blanks around a URL, carriage returns at
// the end of a line and a byte order mark are tolerated. A line that begins with '/' is joined to
// the base. Memory is that of the index, whatever the text's length.
//
// Of a list of requests the words and times are checked as well, and its messages name columns.
//
// What a line with placeholders may be, besides where it leads to, is the plan's business: whoever
// knows the plan says it by a LineCheck, or goes through these lines again.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_set>

#include "absl/status/statusor.h"
#include "common/digest.h"
#include "common/list_index.h"
#include "common/list_line.h"

namespace squall {

// What is wrong with a line that has placeholders. The first `base_bytes` of the URL are the base
// that it is joined to.
using LineCheck = std::function<absl::Status(std::string_view url, size_t base_bytes)>;

class ListScan {
 public:
  // `name` stands for the list in messages. `base_url` may be empty if no URL begins with '/'.
  // Null: only where a line with placeholders leads to is looked at.
  ListScan(std::string name, std::string base_url, ListForm form = {}, LineCheck check = nullptr);

  // The next bytes of the text. INVALID_ARGUMENT for the first bad line, with its number; nothing
  // may follow then.
  absl::Status Add(std::string_view bytes);
  // That was all. INVALID_ARGUMENT as well for a list that has no URLs. Once.
  absl::StatusOr<ListIndex> Finish();

 private:
  absl::Status Line(std::string_view text, uint64_t position);
  absl::Status Keep(std::string_view rest, uint64_t position);
  absl::Status CheckRequest(std::string_view entry);
  absl::Status CheckTime(std::string_view word);
  absl::Status CheckWord(std::string_view word);
  absl::Status CheckFields(std::string_view fields);
  absl::Status Check(std::string_view entry);
  absl::Status CheckPlaceholders(std::string_view entry);
  absl::Status CheckJoined(std::string_view entry);
  absl::Status FindBase();
  absl::Status CheckAbsolute(std::string_view entry);
  absl::Status Note(std::string origin);
  absl::Status AtLine(const absl::Status& status) const;
  absl::Status AtColumn(const absl::Status& status, std::string_view line) const;

  const std::string name_;
  const std::string base_url_;
  const ListForm form_;
  const LineCheck check_;
  std::string base_;  // without the slash at its end, once a line was joined to it
  Sha256Sum sum_;
  ListIndex index_;
  uint64_t line_ = 0;         // the last that was whole
  std::string rest_;          // of the text: a line that is not whole yet, without blanks in front
  uint64_t rest_at_ = 0;      // where it begins
  uint64_t rest_blanks_ = 0;  // that are left out
  const char* blame_ = nullptr;  // what is wrong with a line of a list of requests begins there
  std::string last_word_;
  // Of that word: how many headers' values lines have, and fields in all.
  size_t header_fields_ = 0;
  size_t all_fields_ = 0;
  uint64_t origin_bytes_ = 0;
  std::string last_origin_;                  // as the last absolute URL has it
  std::unordered_set<std::string> written_;  // origins as they are written, some of them
  std::unordered_set<std::string> origins_;  // all of them, as they are in the index
  std::string url_;
  std::string field_;
};

}  // namespace squall
