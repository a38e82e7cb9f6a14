// Lists of URLs. The first line of the input is the base that lines are joined to, the rest the
// list.
//
// Properties: every entry of an accepted list is a URL that may be sent (whether one with
// placeholders may be, its plan says: they are left out here), and stands in the text as it is or
// without the base; a line that is copied as it is, is its entry; the entries written one a line
// are the same list again; the text is the same in whatever pieces it comes; what is refused is
// refused with a message that can be shown.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/list_scan.h"
#include "common/url.h"
#include "common/url_list.h"
#include "tests/fuzz/properties.h"

namespace squall {
namespace {

std::vector<std::string> EntriesOf(const UrlList& list) {
  std::vector<std::string> urls(list.size());
  UrlList::PlainLine memory;
  for (uint64_t i = 0; i < list.size(); ++i) {
    list.Get(i, urls[i]);
    const std::string_view plain = list.CopyPlain(i, memory);
    SQUALL_CHECK(plain.empty() || plain == urls[i] || list.base() + std::string(plain) == urls[i]);
  }
  return urls;
}

absl::StatusOr<UrlList> Parse(const std::string& text, std::string_view base) {
  absl::StatusOr<ListText> list = ListText::InMemory(text, "list", base);
  if (!list.ok()) return list.status();
  return UrlList::Make(*std::move(list), "list", base);
}

// It does not matter in which pieces a text comes, and its index is read as it was written.
void TestPieces(std::string_view text, std::string_view base, const ListIndex& whole) {
  ListScan scan("list", std::string(base));
  for (size_t at = 0, size = 1; at < text.size(); at += size, size = size % 7 + 1) {
    SQUALL_CHECK(scan.Add(text.substr(at, size)).ok());
  }
  const absl::StatusOr<ListIndex> index = scan.Finish();
  SQUALL_CHECK(index.ok());
  const std::string written = ToProto(whole).SerializeAsString();
  SQUALL_CHECK(ToProto(*index).SerializeAsString() == written);
  v1::ListIndex proto;
  SQUALL_CHECK(proto.ParseFromString(written));
  const absl::StatusOr<ListIndex> again = ListIndexFromProto(proto);
  SQUALL_CHECK(again.ok() && ToProto(*again).SerializeAsString() == written);
}

// `base` and what stands in `text` make `url`.
bool IsJoined(std::string_view url, std::string_view base, std::string_view text) {
  if (base.ends_with('/')) base.remove_suffix(1);
  return url.starts_with(base) && url.substr(base.size()).starts_with('/') &&
         text.find(url.substr(base.size())) != std::string_view::npos;
}

void TestUrlList(std::string_view input) {
  const size_t end = std::min(input.find('\n'), input.size());
  const std::string_view base = input.substr(0, end);
  const std::string text(input.substr(std::min(end + 1, input.size())));

  absl::StatusOr<UrlList> list = Parse(text, base);
  if (!list.ok()) return CheckRefusal(list.status());
  TestPieces(text, base, list->text().index);
  if (list->facts().placeholder_lines() != 0) return;
  const std::vector<std::string> urls = EntriesOf(*list);
  SQUALL_CHECK(!urls.empty());
  std::string lines;
  for (const std::string& url : urls) {
    SQUALL_CHECK(CheckUrl(url).ok());
    SQUALL_CHECK(text.find(url) != std::string::npos || IsJoined(url, base, text));
    lines += url + "\n";
  }
  const absl::StatusOr<UrlList> again = Parse(lines, "");
  SQUALL_CHECK(again.ok() && EntriesOf(*again) == urls);
}

}  // namespace
}  // namespace squall

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  squall::TestUrlList({reinterpret_cast<const char*>(data), size});
  return 0;
}
