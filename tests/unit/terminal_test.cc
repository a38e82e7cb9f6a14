#include "controller/terminal.h"

#include <gtest/gtest.h>

#include "controller/text_table.h"

namespace squall {
namespace {

using Align = TextTable::Align;

TEST(Printable, MakesForeignTextOneVisibleLine) {
  const struct {
    const char* name;
    std::string foreign;
    const char* utf8;
    const char* ascii;
  } kCases[] = {
      {"plain", "not found", "not found", "not found"},
      {"empty", "", "", ""},
      {"line breaks and tabs", " a\r\n\t b\v\f\n", "a b", "a b"},
      {"terminal escape", "\x1b[2J\x1b]0;title\x07", "\\x1b[2J\\x1b]0;title\\x07",
       "\\x1b[2J\\x1b]0;title\\x07"},
      {"NUL and DEL", std::string("a\0b\x7f", 4), "a\\x00b\\x7f", "a\\x00b\\x7f"},
      {"letters beyond ASCII", "für 世界", "für 世界",
       "f\\xc3\\xbcr \\xe4\\xb8\\x96\\xe7\\x95\\x8c"},
      {"CSI as one character",
       "\xc2\x9b"
       "2J",
       "\\xc2\\x9b2J", "\\xc2\\x9b2J"},
      {"CSI as one byte",
       "\x9b"
       "2J",
       "\\x9b2J", "\\x9b2J"},
      {"right to left override",
       "a\xe2\x80\xae"
       "b",
       "a\\xe2\\x80\\xaeb", "a\\xe2\\x80\\xaeb"},
      {"zero width space",
       "a\xe2\x80\x8b"
       "b",
       "a\\xe2\\x80\\x8bb", "a\\xe2\\x80\\x8bb"},
      {"overlong", "\xc0\xaf\xe0\x80\xaf", "\\xc0\\xaf\\xe0\\x80\\xaf",
       "\\xc0\\xaf\\xe0\\x80\\xaf"},
      {"surrogate", "\xed\xa0\x80", "\\xed\\xa0\\x80", "\\xed\\xa0\\x80"},
      {"cut in a character", "a\xe4\xb8", "a\\xe4\\xb8", "a\\xe4\\xb8"},
      {"beyond Unicode", "\xf4\x90\x80\x80\xff", "\\xf4\\x90\\x80\\x80\\xff",
       "\\xf4\\x90\\x80\\x80\\xff"},
  };
  for (const auto& c : kCases) {
    EXPECT_EQ(Printable(c.foreign, true), c.utf8) << c.name;
    EXPECT_EQ(Printable(c.foreign, false), c.ascii) << c.name;
  }
}

// Whatever the bytes, nothing but visible ASCII comes out without UTF-8, and no control
// character ever.
TEST(Printable, HoldsForAllPairsOfBytes) {
  for (int a = 0; a < 256; ++a) {
    for (int b = 0; b < 256; ++b) {
      const std::string foreign = {static_cast<char>(a), static_cast<char>(b), 'x'};
      for (const char c : Printable(foreign, false)) ASSERT_TRUE(c >= ' ' && c <= '~') << a << b;
      const std::string text = Printable(foreign, true);
      for (const char c : text) {
        ASSERT_FALSE((c >= 0 && c < ' ') || c == '\x7f') << a << " " << b;
      }
      ASSERT_EQ(Printable(text, true), text) << a << " " << b;
    }
  }
}

TEST(Columns, CountsWideCharactersTwice) {
  EXPECT_EQ(Columns(""), 0u);
  EXPECT_EQ(Columns("1.24 µs"), 7u);
  EXPECT_EQ(Columns("█▏–…"), 4u);
  EXPECT_EQ(Columns("世界"), 4u);
}

TEST(Cut, EndsInAnEllipsisWithinItsColumns) {
  EXPECT_EQ(Cut("abcdef", 6, true), "abcdef");
  EXPECT_EQ(Cut("abcdef", 5, true), "abcd…");
  EXPECT_EQ(Cut("abcdef", 5, false), "ab...");
  EXPECT_EQ(Cut("世界世界", 6, true), "世界…");
  EXPECT_EQ(Cut("abcdef", 2, false), "");
}

TEST(Wrap, BreaksAtSpaces) {
  EXPECT_EQ(Wrap("one two three", 100, 2), "one two three");
  EXPECT_EQ(Wrap("one two three", 7, 2), "one two\n  three");
  EXPECT_EQ(Wrap("one incomprehensibilities two", 8, 2), "one\n  incomprehensibilities\n  two");
  EXPECT_EQ(Wrap("", 8, 2), "");
}

TEST(TextTable, AlignsAndCutsOnlyTextToFit) {
  TextTable table({Align::kLeft, Align::kRight, Align::kLeft});
  table.AddRow({"name", "n", "what"});
  table.AddRow({"µ", "1,234", "a long story about nothing"});
  table.AddRow({"", "5"});
  EXPECT_EQ(table.ToString({false, true, 40}, 1),
            " name      n  what\n"
            " µ     1,234  a long story about nothing\n"
            "           5\n");
  EXPECT_EQ(table.ToString({false, true, 30}, 1),
            " name      n  what\n"
            " µ     1,234  a long story ab…\n"
            "           5\n");
}

TEST(Paint, LeavesTextAloneWithoutColour) {
  EXPECT_EQ(Paint("a", Colour::kRed, {false, true, 100}), "a");
  EXPECT_EQ(Paint("a", Colour::kRed, {true, true, 100}), "\x1b[31ma\x1b[0m");
  EXPECT_EQ(Paint("", Colour::kRed, {true, true, 100}), "");
}

}  // namespace
}  // namespace squall
