// Templates as people and controllers write them. The first byte says where the template stands and
// which numbers it is rendered for; the rest is the template.
//
// Properties: rendering keeps to its bounds and gives the same each time; a URL that is rendered
// may be sent, and begins with the origin that its template shows; a header has no control
// character; a line of a list renders as the same URL alone does; what is refused is refused with a
// message that can be shown.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/request_templates.h"
#include "common/url.h"
#include "tests/fuzz/properties.h"

namespace squall {
namespace {

const Feeder& Rows() {
  static const Feeder feeder =
      Feeder::Parse("id,a b\n1,\"x \"\"y\"\" ü#?/\"\n,\n\"\"\"\",%\n", "feeder").value();
  return feeder;
}

absl::StatusOr<std::string_view> Insert(v1::InsertionKind kind, std::string_view name) {
  if (name == "none") return absl::InvalidArgumentError("there is none");
  return kind == v1::INSERTION_KIND_FILE ? std::string_view("{{seq}}\n#?\n") : "value \"";
}

// Rendered into exactly the room that was asked for: a sanitizer sees what is beyond.
std::string Render(const Template& compiled, const TemplateInput& input) {
  SQUALL_CHECK(compiled.Bound(input) <= compiled.LargestBound(&Rows()));
  std::vector<char> room(kWriteSlack + compiled.Bound(input));
  char* const end = room.data() + room.size();
  const char* begin = compiled.WriteBefore(input, end);
  SQUALL_CHECK(begin >= room.data() + kWriteSlack && begin <= end);
  return {begin, static_cast<size_t>(end - begin)};
}

void TestTemplate(TemplatePlace place, uint64_t n, std::string_view text) {
  const Insertions insertions = &Insert;
  const TemplateScope scope = {place, 7, &Rows(), false, 0, insertions};
  const auto compiled = place == TemplatePlace::kUrl      ? CompileUrl(text, scope)
                        : place == TemplatePlace::kHeader ? CompileHeader(text, scope)
                                                          : CompileBody(text, scope);
  if (!compiled.ok()) return CheckRefusal(compiled.status());
  const TemplateInput input{n, Rows().Row(n % Rows().size()), static_cast<int64_t>(n)};
  const std::string rendered = Render(*compiled, input);
  SQUALL_CHECK(rendered == Render(*compiled, input));
  if (place == TemplatePlace::kHeader && !HasControlCharacter(text)) {
    SQUALL_CHECK(!HasControlCharacter(rendered));
  }
  if (place != TemplatePlace::kUrl) return;
  SQUALL_CHECK(CheckUrl(rendered).ok());
  SQUALL_CHECK(SplitUrl(rendered).origin == SplitUrl(text).origin);
  LineTemplates lines;
  SQUALL_CHECK(lines.Add(text, scope).ok());
  std::string line(text);
  lines.Render(input, line);
  SQUALL_CHECK(line.substr(0, line.find('#')) == rendered);
}

}  // namespace
}  // namespace squall

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto first = static_cast<uint8_t>(text.front());
  squall::TestTemplate(static_cast<squall::TemplatePlace>(first % 3), first / 3, text.substr(1));
  return 0;
}
