#include "controller/text_table.h"

#include <algorithm>
#include <numeric>

namespace squall {
namespace {

constexpr size_t kGap = 2;
constexpr size_t kNarrowest = 8;  // no column is cut below this

}  // namespace

std::vector<size_t> TextTable::Widths(const TextStyle& style, size_t indent) const {
  std::vector<size_t> widths(columns_.size(), 0);
  for (const auto& row : rows_) {
    for (size_t i = 0; i < row.size(); ++i) {
      widths[i] = std::max(widths[i], Columns(row[i].text));
    }
  }
  const size_t fixed = indent + kGap * (columns_.size() - 1);
  const auto limit = static_cast<size_t>(std::max(style.width, 0));
  while (fixed + std::accumulate(widths.begin(), widths.end(), size_t{0}) > limit) {
    size_t widest = columns_.size();
    for (size_t i = 0; i < columns_.size(); ++i) {
      if (columns_[i] != Align::kLeft || widths[i] <= kNarrowest) continue;
      if (widest == columns_.size() || widths[i] > widths[widest]) widest = i;
    }
    if (widest == columns_.size()) break;
    --widths[widest];
  }
  return widths;
}

std::string TextTable::ToString(const TextStyle& style, size_t indent) const {
  const std::vector<size_t> widths = Widths(style, indent);
  std::string out;
  for (const auto& row : rows_) {
    size_t spaces = indent;
    for (size_t i = 0; i < row.size(); ++i) {
      const std::string text =
          columns_[i] == Align::kLeft ? Cut(row[i].text, widths[i], style.utf8) : row[i].text;
      const size_t padding = widths[i] - std::min(widths[i], Columns(text));
      if (columns_[i] == Align::kRight) spaces += padding;
      // Spaces are written only before something, so no line ends with any.
      if (!text.empty()) {
        out.append(spaces, ' ');
        out += Paint(text, row[i].colour, style);
        spaces = 0;
      }
      spaces += kGap;
      if (columns_[i] == Align::kLeft) spaces += padding;
    }
    out += '\n';
  }
  return out;
}

}  // namespace squall
