// Rows of values as a text: CSV (RFC 4180) with a header line that names the columns.
//
// Lines may end in LF or CRLF; blank lines and a byte order mark are tolerated; the text is UTF-8
// and every row has as many fields as the header. Holds the text once and four bytes for each row.
// Immutable: many threads may read.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace squall {

// A value as it stands in the text.
struct FeederField {
  std::string_view text;  // without the quotes around it
  bool doubled = false;   // each quote in it is written twice

  // Writes the value itself so that it ends at `end`, in front of which there is room for
  // text.size() bytes; returns its beginning.
  char* WriteBefore(char* end) const;
  std::string value() const;
};

// Borrows the feeder's text.
class FeederRow {
 public:
  FeederRow() = default;  // no columns
  explicit FeederRow(std::string_view rest) : rest_(rest) {}

  // `column` is one of the feeder's, from 0.
  FeederField Field(size_t column) const;

 private:
  std::string_view rest_;  // from its first field on, to the text's end
};

class Feeder {
 public:
  struct Column {
    std::string name;
    size_t longest = 0;         // bytes of its longest value
    uint64_t control_line = 0;  // of the first value with a control character; 0: there is none
  };

  // `name` stands for it in messages. INVALID_ARGUMENT for the first mistake, with line and column,
  // and for a feeder that has no rows.
  static absl::StatusOr<Feeder> Parse(std::string text, std::string_view name);

  // At least 1.
  uint64_t size() const { return starts_.size(); }
  const std::vector<Column>& columns() const { return columns_; }

  // Row `index`, 0 ≤ index < size().
  FeederRow Row(uint64_t index) const {
    return FeederRow(std::string_view(text_).substr(starts_[index]));
  }

  // The text as it was given. Leaves nothing behind.
  std::string ReleaseText() && { return std::move(text_); }

 private:
  Feeder() = default;

  std::string text_;
  std::vector<Column> columns_;
  std::vector<uint32_t> starts_;  // position in text_ of each row
};

}  // namespace squall
