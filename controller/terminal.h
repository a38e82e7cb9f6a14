// Text for a terminal: what it can show, and text of others made harmless for it.
//
// Bodies, names and messages come from servers and agents. Written to a terminal as they are, they
// could move the cursor, set the title or hide lines; here they become one line of visible
// characters.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace squall {

struct TextStyle {
  bool colour = false;
  bool utf8 = false;  // characters beyond ASCII may be written
  int width = 100;    // columns
};

// What the terminal behind `fd` can show, at most 100 columns wide; no colour if it is none, is
// dumb, or if NO_COLOR is set (https://no-color.org). UTF-8 as LC_ALL, LC_CTYPE or LANG says.
TextStyle DetectStyle(int fd);

// `fd` is a terminal on which a line can be rewritten.
bool IsLiveTerminal(int fd);

// One line of visible characters: stretches of white space become one space, control characters,
// invalid UTF-8 and characters that change the direction or show nothing become "\x1b", and so
// does, without `utf8`, every byte beyond ASCII.
std::string Printable(std::string_view foreign, bool utf8);

// Columns that visible UTF-8 text takes: two for wide characters (East Asian, emoji), else one.
size_t Columns(std::string_view text);

// `text` if it takes no more than `columns`; otherwise its beginning and an ellipsis.
std::string Cut(std::string_view text, size_t columns, bool utf8);

// Breaks at spaces, so that no line takes more than `columns` unless a single word does. Lines
// after the first begin with `indent` spaces. Ends without a line break.
std::string Wrap(std::string_view text, size_t columns, size_t indent);

enum class Colour { kNone, kBold, kDim, kRed, kGreen, kYellow, kCyan };

// As it is if the style has no colour.
std::string Paint(std::string_view text, Colour colour, const TextStyle& style);

// Of a section: a blank line, and the text.
std::string Heading(std::string_view text, const TextStyle& style);

}  // namespace squall
