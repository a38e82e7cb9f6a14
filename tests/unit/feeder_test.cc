#include "common/feeder.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace squall {
namespace {

TEST(Feeder, RowsByIndex) {
  struct Case {
    std::string name, text;
    std::vector<std::string> columns;
    std::vector<std::vector<std::string>> rows;
  };
  const Case cases[] = {
      {"plain", "a,b\n1,2\n3,4\n", {"a", "b"}, {{"1", "2"}, {"3", "4"}}},
      {"no end of the last line", "a,b\n1,2", {"a", "b"}, {{"1", "2"}}},
      {"CRLF", "a,b\r\n1,2\r\n3,4\r\n", {"a", "b"}, {{"1", "2"}, {"3", "4"}}},
      {"CRLF behind quotes", "\"a\",\"b\"\r\n\"1\",\"2\"\r\n", {"a", "b"}, {{"1", "2"}}},
      {"empty values", "a,b\n,\n\"\",x\n", {"a", "b"}, {{"", ""}, {"", "x"}}},
      {"empty at the end of the text", "a,b\n1,", {"a", "b"}, {{"1", ""}}},
      {"quotes", "a,b\n\"x,\"\"y\"\"\n\",2\n", {"a", "b"}, {{"x,\"y\"\n", "2"}}},
      {"blanks are kept", "a, b\n 1 ,2 \n", {"a", " b"}, {{" 1 ", "2 "}}},
      {"blank lines", "\n\r\na\n\n1\n\r\n2\n\n", {"a"}, {{"1"}, {"2"}}},
      {"byte order mark",
       "\xEF\xBB\xBF"
       "a\n1\n",
       {"a"},
       {{"1"}}},
      {"UTF-8", "é\nü\n", {"é"}, {{"ü"}}},
      {"carriage return within a line", "a\nx\ry\n", {"a"}, {{"x\ry"}}},
  };
  for (const Case& c : cases) {
    absl::StatusOr<Feeder> feeder = Feeder::Parse(c.text, "f");
    ASSERT_TRUE(feeder.ok()) << c.name << ": " << feeder.status();
    std::vector<std::string> names;
    for (const Feeder::Column& column : feeder->columns()) names.push_back(column.name);
    EXPECT_EQ(names, c.columns) << c.name;
    ASSERT_EQ(feeder->size(), c.rows.size()) << c.name;
    for (uint64_t row = 0; row < feeder->size(); ++row) {
      for (size_t column = 0; column < names.size(); ++column) {
        const std::string value = feeder->Row(row).Field(column).value();
        EXPECT_EQ(value, c.rows[row][column]) << c.name;
        EXPECT_LE(value.size(), feeder->columns()[column].longest) << c.name;
      }
    }
    EXPECT_EQ(std::move(*feeder).ReleaseText(), c.text) << c.name;
  }
}

TEST(Feeder, KnowsItsControlCharacters) {
  const auto feeder = Feeder::Parse("a,b\n1,2\n\"x\ny\",2\n3,\"\n\"\n", "f");
  ASSERT_TRUE(feeder.ok());
  EXPECT_EQ(feeder->columns()[0].control_line, 3U);
  EXPECT_EQ(feeder->columns()[1].control_line, 5U);
}

TEST(Feeder, SaysWhereAMistakeIs) {
  struct Case {
    std::string name, text, want;
  };
  const Case cases[] = {
      {"empty", "", "f: empty: its first line names the columns, the others are rows"},
      {"blank lines alone", "\n\r\n",
       "f: empty: its first line names the columns, the others are rows"},
      {"a header alone", "a,b\n", "f: has no rows: only a line that names columns"},
      {"too few values", "a,b\n1,2\n3\n", "f:3:1: 1 value where the header names 2 columns"},
      {"too many values", "a,b\n1,2,3\n", "f:2:5: more values than the header names columns (2)"},
      {"a column without a name", "a,,b\n1,2,3\n", "f:1:3: a column without a name"},
      {"two of one name", "a,b,a\n1,2,3\n", "f:1:5: a: two columns have this name"},
      {"open quote", "a,b\n1,\"2\n3,4\n", "f:2:3: this quote is never closed"},
      {"quote within a value", "a\nx\"y\"\n",
       "f:2:2: a quote within a value: put the value in quotes, and write each of its own twice"},
      {"text behind a quote", "a\n\"x\"y\n",
       "f:2:4: behind a closing quote comes a comma or the end of the line"},
      {"not UTF-8", "a\nb\n\xFF\n", "f:3:1: this row is not UTF-8"},
      {"header not UTF-8", "\xFF\nb\n", "f:1:1: this row is not UTF-8"},
  };
  for (const Case& c : cases) {
    const absl::StatusOr<Feeder> feeder = Feeder::Parse(c.text, "f");
    EXPECT_EQ(feeder.status().code(), absl::StatusCode::kInvalidArgument) << c.name;
    EXPECT_EQ(feeder.status().message(), c.want) << c.name;
  }
  std::string wide = "c";
  for (int i = 0; i < 4096; ++i) wide += ",c" + std::to_string(i);
  const absl::StatusOr<Feeder> feeder = Feeder::Parse(wide + "\n", "f");
  EXPECT_TRUE(std::string(feeder.status().message()).ends_with(": more than 4096 columns"));
}

}  // namespace
}  // namespace squall
