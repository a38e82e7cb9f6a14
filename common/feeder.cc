#include "common/feeder.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "common/protocol.h"
#include "common/text_position.h"
#include "common/values.h"
#include "common/write_before.h"

namespace squall {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

static_assert(kMaxFeederBytes <= UINT32_MAX, "positions are kept in 32 bits");

bool IsControl(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte < 0x20 || byte == 0x7F;
}

struct Scanned {
  FeederField field;
  size_t next = 0;         // where the next field begins, of this row or another
  bool last = false;       // of its row
  const char* wrong = "";  // empty: nothing
  size_t wrong_at = 0;
};

// Where the field ends that goes to `end`, which is at a comma, an end of line or that of the text.
Scanned EndAt(std::string_view text, size_t end, FeederField field) {
  Scanned scanned{.field = field, .next = std::min(end + 1, text.size()), .last = true};
  scanned.last = end >= text.size() || text[end] != ',';
  return scanned;
}

Scanned Wrong(const char* what, size_t at) {
  Scanned scanned;
  scanned.wrong = what;
  scanned.wrong_at = at;
  return scanned;
}

Scanned ScanQuoted(std::string_view text, size_t begin) {
  FeederField field;
  size_t close = text.find('"', begin + 1);
  while (close != std::string_view::npos && text.substr(close + 1).starts_with('"')) {
    field.doubled = true;
    close = text.find('"', close + 2);
  }
  if (close == std::string_view::npos) return Wrong("this quote is never closed", begin);
  field.text = text.substr(begin + 1, close - begin - 1);
  size_t end = close + 1;
  if (text.substr(end).starts_with("\r\n")) ++end;
  if (end < text.size() && text[end] != ',' && text[end] != '\n') {
    return Wrong("behind a closing quote comes a comma or the end of the line", end);
  }
  return EndAt(text, end, field);
}

// Inline, as it is gone through for each request.
inline size_t EndOfPlain(std::string_view text, size_t at) {
  while (at < text.size() && text[at] != ',' && text[at] != '\n' && text[at] != '"') ++at;
  return at;
}

Scanned ScanField(std::string_view text, size_t begin) {
  if (begin < text.size() && text[begin] == '"') return ScanQuoted(text, begin);
  const size_t end = EndOfPlain(text, begin);
  if (end < text.size() && text[end] == '"') {
    return Wrong("a quote within a value: put the value in quotes, and write each of its own twice",
                 end);
  }
  FeederField field{text.substr(begin, end - begin)};
  const bool at_line_end = end == text.size() || text[end] == '\n';
  if (at_line_end && field.text.ends_with('\r')) field.text.remove_suffix(1);
  return EndAt(text, end, field);
}

// Position of the next line that is not blank.
size_t SkipBlankLines(std::string_view text, size_t at) {
  while (at < text.size()) {
    if (text[at] == '\n') {
      ++at;
    } else if (text.substr(at).starts_with("\r\n")) {
      at += 2;
    } else {
      break;
    }
  }
  return at;
}

constexpr size_t kMostColumns = 4096;

absl::Status AddName(const FeederField& field, std::vector<Feeder::Column>& columns) {
  std::string name = field.value();
  if (name.empty()) return absl::InvalidArgumentError("a column without a name");
  if (columns.size() == kMostColumns) {
    return absl::InvalidArgumentError(fmt::format("more than {} columns", kMostColumns));
  }
  const bool known = std::any_of(columns.begin(), columns.end(),
                                 [&name](const auto& column) { return column.name == name; });
  if (known) {
    return absl::InvalidArgumentError(fmt::format("{}: two columns have this name", Quoted(name)));
  }
  columns.push_back({.name = std::move(name)});
  return absl::OkStatus();
}

}  // namespace

char* FeederField::WriteBefore(char* end) const {
  if (!doubled) return WriteTextBefore(text, end);
  for (size_t left = text.size(); left > 0; --left) {
    *--end = text[left - 1];
    if (text[left - 1] == '"' && left > 1) --left;  // it is written twice
  }
  return end;
}

std::string FeederField::value() const {
  std::string value(text.size(), ' ');
  return value.substr(static_cast<size_t>(WriteBefore(value.data() + value.size()) - value.data()));
}

FeederField FeederRow::Field(size_t column) const {
  size_t at = 0;
  for (; column > 0; --column) at = ScanField(rest_, at).next;
  return ScanField(rest_, at).field;
}

absl::StatusOr<Feeder> Feeder::Parse(std::string text, std::string_view name) {
  if (text.size() > kMaxFeederBytes) {
    return absl::InvalidArgumentError(
        fmt::format("{}: larger than {} MiB", name, kMaxFeederBytes >> 20));
  }
  Feeder feeder;
  feeder.text_ = std::move(text);
  const std::string_view all = feeder.text_;
  const auto at = [name, all](size_t position, std::string_view what) {
    const TextPosition where = PositionIn(all, position);
    return absl::InvalidArgumentError(
        fmt::format("{}:{}:{}: {}", name, where.line, where.column, what));
  };
  std::vector<Column>& columns = feeder.columns_;
  bool in_header = true;
  size_t next = all.starts_with(kByteOrderMark) ? kByteOrderMark.size() : 0;
  for (next = SkipBlankLines(all, next); next < all.size(); next = SkipBlankLines(all, next)) {
    const size_t row = next;
    size_t fields = 0;
    for (bool last = false; !last; ++fields) {
      const size_t begin = next;
      const Scanned scanned = ScanField(all, begin);
      if (*scanned.wrong != '\0') return at(scanned.wrong_at, scanned.wrong);
      const FeederField& field = scanned.field;
      next = scanned.next;
      last = scanned.last;
      if (in_header) {
        const absl::Status added = AddName(field, columns);
        if (!added.ok()) return at(begin, std::string(added.message()));
        continue;
      }
      if (fields == columns.size()) {
        return at(begin, fmt::format("more values than the header names columns ({})", fields));
      }
      Column& column = columns[fields];
      column.longest = std::max(column.longest, field.text.size());
      if (column.control_line == 0 &&
          std::any_of(field.text.begin(), field.text.end(), IsControl)) {
        column.control_line = PositionIn(all, begin).line;
      }
    }
    if (!IsUtf8(all.substr(row, next - row))) return at(row, "this row is not UTF-8");
    if (!in_header && fields < columns.size()) {
      return at(row, fmt::format("{} value{} where the header names {} columns", fields,
                                 fields == 1 ? "" : "s", columns.size()));
    }
    if (!in_header) feeder.starts_.push_back(static_cast<uint32_t>(row));
    in_header = false;
  }
  if (columns.empty()) {
    return absl::InvalidArgumentError(
        fmt::format("{}: empty: its first line names the columns, the others are rows", name));
  }
  if (feeder.starts_.empty()) {
    return absl::InvalidArgumentError(
        fmt::format("{}: has no rows: only a line that names columns", name));
  }
  feeder.starts_.shrink_to_fit();
  return feeder;
}

}  // namespace squall
