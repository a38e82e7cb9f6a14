#include "controller/terminal.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdlib>
#include <unistd.h>

#include <fmt/format.h>
#include <sys/ioctl.h>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"

namespace squall {
namespace {

std::string_view Environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string_view() : std::string_view(value);
}

bool LocaleIsUtf8() {
  for (const char* name : {"LC_ALL", "LC_CTYPE", "LANG"}) {
    const std::string_view value = Environment(name);
    if (value.empty()) continue;
    const std::string lower = absl::AsciiStrToLower({value.data(), value.size()});
    return absl::StrContains(lower, "utf-8") || absl::StrContains(lower, "utf8");
  }
  return false;
}

struct CodePoint {
  uint32_t value = 0;
  size_t size = 0;  // bytes; 0: not valid UTF-8
};

// The first code point of `text` (not empty), by the table of well-formed byte sequences in The
// Unicode Standard, section 3.9.
CodePoint Decode(std::string_view text) {
  const auto byte = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
  const uint32_t first = byte(0);
  if (first < 0x80) return {first, 1};
  const size_t size = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
  if (first < 0xC2 || first > 0xF4 || text.size() < size) return {};
  uint32_t value = first & (0xFFu >> (size + 1));
  for (size_t i = 1; i < size; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return {};
    value = value << 6 | (byte(i) & 0x3F);
  }
  const bool overlong = (size == 3 && value < 0x800) || (size == 4 && value < 0x10000);
  const bool surrogate = value >= 0xD800 && value <= 0xDFFF;
  if (overlong || surrogate || value > 0x10FFFF) return {};
  return {value, size};
}

struct Range {
  uint32_t first, last;
};

template <size_t kSize>
bool In(const std::array<Range, kSize>& ranges, uint32_t value) {
  return std::any_of(ranges.begin(), ranges.end(), [value](const Range& range) {
    return value >= range.first && value <= range.last;
  });
}

bool IsVisible(uint32_t value) {
  // Controls, soft hyphen, zero width and direction marks, line and paragraph separators,
  // variation selectors, byte order mark, private use, specials, tags.
  static constexpr std::array<Range, 14> kHidden = {{{0x00, 0x1F},
                                                     {0x7F, 0x9F},
                                                     {0xAD, 0xAD},
                                                     {0x61C, 0x61C},
                                                     {0x180B, 0x180F},
                                                     {0x200B, 0x200F},
                                                     {0x2028, 0x202E},
                                                     {0x2060, 0x206F},
                                                     {0xE000, 0xF8FF},
                                                     {0xFE00, 0xFE0F},
                                                     {0xFEFF, 0xFEFF},
                                                     {0xFFF0, 0xFFFF},
                                                     {0x1D173, 0x1D17A},
                                                     {0xE0000, 0x10FFFF}}};
  return !In(kHidden, value);
}

size_t ColumnsOf(uint32_t value) {
  static constexpr std::array<Range, 9> kWide = {{{0x1100, 0x115F},
                                                  {0x2E80, 0xA4CF},
                                                  {0xAC00, 0xD7A3},
                                                  {0xF900, 0xFAFF},
                                                  {0xFE30, 0xFE6F},
                                                  {0xFF00, 0xFF60},
                                                  {0xFFE0, 0xFFE6},
                                                  {0x1F300, 0x1FAFF},
                                                  {0x20000, 0x3FFFD}}};
  return In(kWide, value) ? 2 : 1;
}

bool IsSpace(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

std::string_view Code(Colour colour) {
  switch (colour) {
    case Colour::kNone:
      return "";
    case Colour::kBold:
      return "1";
    case Colour::kDim:
      return "2";
    case Colour::kRed:
      return "31";
    case Colour::kGreen:
      return "32";
    case Colour::kYellow:
      return "33";
    case Colour::kCyan:
      return "36";
  }
  return "";
}

}  // namespace

bool IsLiveTerminal(int fd) { return isatty(fd) != 0 && Environment("TERM") != "dumb"; }

TextStyle DetectStyle(int fd) {
  TextStyle style;
  style.utf8 = LocaleIsUtf8();
  style.colour = IsLiveTerminal(fd) && Environment("NO_COLOR").empty();
  winsize size{};
  if (ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) {
    style.width = std::min<int>(style.width, size.ws_col);
  }
  return style;
}

std::string Printable(std::string_view foreign, bool utf8) {
  std::string out;
  bool space = false;
  while (!foreign.empty()) {
    if (IsSpace(foreign.front())) {
      space = true;
      foreign.remove_prefix(1);
      continue;
    }
    if (space && !out.empty()) out += ' ';
    space = false;
    const CodePoint point = Decode(foreign);
    if (point.size > 0 && IsVisible(point.value) && (utf8 || point.size == 1)) {
      out += foreign.substr(0, point.size);
      foreign.remove_prefix(point.size);
      continue;
    }
    // Whole characters, so that none of their bytes is taken for the beginning of another.
    const size_t bytes = std::max<size_t>(point.size, 1);
    for (const char c : foreign.substr(0, bytes)) {
      out += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
    }
    foreign.remove_prefix(bytes);
  }
  return out;
}

size_t Columns(std::string_view text) {
  size_t columns = 0;
  while (!text.empty()) {
    const CodePoint point = Decode(text);
    columns += ColumnsOf(point.value);
    text.remove_prefix(std::max<size_t>(point.size, 1));
  }
  return columns;
}

std::string Cut(std::string_view text, size_t columns, bool utf8) {
  if (Columns(text) <= columns) return std::string(text);
  const std::string_view ellipsis = utf8 ? "…" : "...";
  if (columns < Columns(ellipsis)) return std::string();
  const size_t room = columns - Columns(ellipsis);
  size_t used = 0;
  size_t end = 0;
  while (end < text.size()) {
    const CodePoint point = Decode(text.substr(end));
    used += ColumnsOf(point.value);
    if (used > room) break;
    end += std::max<size_t>(point.size, 1);
  }
  return fmt::format("{}{}", text.substr(0, end), ellipsis);
}

std::string Wrap(std::string_view text, size_t columns, size_t indent) {
  std::string out;
  size_t used = 0;
  bool line_is_empty = true;
  while (!text.empty()) {
    const size_t end = std::min(text.find(' '), text.size());
    const std::string_view word = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    const size_t size = Columns(word);
    if (!line_is_empty && used + 1 + size > columns) {
      out += '\n';
      out.append(indent, ' ');
      used = indent;
      line_is_empty = true;
    }
    if (!line_is_empty) out += ' ';
    out += word;
    used += size + (line_is_empty ? 0 : 1);
    line_is_empty = false;
  }
  return out;
}

std::string Paint(std::string_view text, Colour colour, const TextStyle& style) {
  if (!style.colour || colour == Colour::kNone || text.empty()) return std::string(text);
  return fmt::format("\x1b[{}m{}\x1b[0m", Code(colour), text);
}

std::string Heading(std::string_view text, const TextStyle& style) {
  return "\n" + Paint(text, Colour::kBold, style) + "\n";
}

}  // namespace squall
