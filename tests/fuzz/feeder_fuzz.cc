// Feeders: CSV with a header line.
//
// Properties: every value of every row can be had and is UTF-8, and no longer than its column says;
// the values written anew, all in quotes, are the same feeder again; the text is given back as it
// came; what is refused is refused with a message that can be shown.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/feeder.h"
#include "tests/fuzz/properties.h"

namespace squall {
namespace {

using Table = std::vector<std::vector<std::string>>;

// Into exactly the room that the text says: a sanitizer sees what is beyond.
std::string ValueOf(const FeederField& field) {
  std::vector<char> room(field.text.size());
  const char* end = room.data() + room.size();
  const char* begin = field.WriteBefore(room.data() + room.size());
  return {begin, static_cast<size_t>(end - begin)};
}

// With the names of its columns in front.
Table TableOf(const Feeder& feeder) {
  Table table(1);
  for (const Feeder::Column& column : feeder.columns()) table[0].push_back(column.name);
  for (uint64_t row = 0; row < feeder.size(); ++row) {
    std::vector<std::string>& values = table.emplace_back();
    for (size_t column = 0; column < feeder.columns().size(); ++column) {
      values.push_back(ValueOf(feeder.Row(row).Field(column)));
      SQUALL_CHECK(values.back().size() <= feeder.columns()[column].longest);
      SQUALL_CHECK(IsUtf8(values.back()));
      SQUALL_CHECK(feeder.columns()[column].control_line != 0 ||
                   !HasControlCharacter(values.back()));
    }
  }
  return table;
}

std::string InQuotes(const Table& table) {
  std::string text;
  for (const std::vector<std::string>& row : table) {
    for (const std::string& value : row) {
      text += '"';
      for (const char c : value) text.append(c == '"' ? 2 : 1, c);
      text += "\",";
    }
    text.back() = '\n';
  }
  return text;
}

void TestFeeder(const std::string& text) {
  absl::StatusOr<Feeder> feeder = Feeder::Parse(text, "feeder");
  if (!feeder.ok()) return CheckRefusal(feeder.status());
  SQUALL_CHECK(feeder->size() >= 1);
  const Table table = TableOf(*feeder);
  const absl::StatusOr<Feeder> again = Feeder::Parse(InQuotes(table), "feeder");
  SQUALL_CHECK(again.ok() && TableOf(*again) == table);
  SQUALL_CHECK(std::move(*feeder).ReleaseText() == text);
}

}  // namespace
}  // namespace squall

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  squall::TestFeeder({reinterpret_cast<const char*>(data), size});
  return 0;
}
