#include "controller/json_error.h"

#include <string>

#include <gtest/gtest.h>

namespace squall {
namespace {

TEST(JsonErrorAt, IsTheFirstByteThatCannotBe) {
  const struct {
    std::string text;
    size_t at;
  } rows[] = {
      {R"({"a": [1, 2.5, "b", null, true]})", 0},
      {R"({"a": x})", 7},
      {R"({"a": 1} b)", 10},
      {R"({"a": )", 7},
      {"", 1},
  };
  for (const auto& row : rows) EXPECT_EQ(JsonErrorAt(row.text), row.at) << row.text;
}

}  // namespace
}  // namespace squall
