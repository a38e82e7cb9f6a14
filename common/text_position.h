// Where something stands in a text, as editors count: for messages.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace squall {

struct TextPosition {
  uint64_t line = 1;
  uint64_t column = 1;  // in characters of UTF-8
};

// Of the byte at `offset`, or of the end.
inline TextPosition PositionIn(std::string_view text, size_t offset) {
  const std::string_view before = text.substr(0, offset);
  const size_t line = before.rfind('\n') + 1;  // 0 where there is no other
  const auto begins_character = [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0U) != 0x80;
  };
  TextPosition position;
  position.line += static_cast<uint64_t>(std::count(before.begin(), before.end(), '\n'));
  position.column += static_cast<uint64_t>(
      std::count_if(before.begin() + static_cast<ptrdiff_t>(line), before.end(), begins_character));
  return position;
}

}  // namespace squall
