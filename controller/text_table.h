// Rows of cells in aligned columns, for a terminal.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "controller/terminal.h"

namespace squall {

class TextTable {
 public:
  // Numbers go to the right. Where a table is wider than the style allows, its left columns are
  // cut, the widest first; numbers never are.
  enum class Align { kLeft, kRight };

  struct Cell {
    Cell(std::string text_in, Colour colour_in = Colour::kNone)  // NOLINT: a cell is a text
        : text(std::move(text_in)), colour(colour_in) {}
    Cell(const char* text_in) : text(text_in) {}  // NOLINT

    std::string text;  // visible characters only
    Colour colour = Colour::kNone;
  };

  explicit TextTable(std::vector<Align> columns) : columns_(std::move(columns)) {}

  // Missing cells at the end are empty.
  void AddRow(std::vector<Cell> cells) { rows_.push_back(std::move(cells)); }

  // Lines that begin with `indent` spaces, with two spaces between columns, none at the end, and a
  // line break after each.
  std::string ToString(const TextStyle& style, size_t indent) const;

 private:
  std::vector<size_t> Widths(const TextStyle& style, size_t indent) const;

  std::vector<Align> columns_;
  std::vector<std::vector<Cell>> rows_;
};

}  // namespace squall
