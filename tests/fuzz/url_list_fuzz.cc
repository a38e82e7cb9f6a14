// Lists of URLs. The first line of the input is the base that lines are joined to, the rest the
// list.
//
// Properties: every entry of an accepted list is a URL that may be sent, and stands in the text as
// it is or without the base; the entries written one a line are the same list again; the text is
// given back as it came; what is refused is refused with a message that can be shown.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/url.h"
#include "common/url_list.h"
#include "tests/fuzz/properties.h"

namespace squall {
namespace {

std::vector<std::string> EntriesOf(const UrlList& list) {
  std::vector<std::string> urls(list.size());
  for (uint64_t i = 0; i < list.size(); ++i) list.Get(i, urls[i]);
  return urls;
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

  absl::StatusOr<UrlList> list = UrlList::Parse(text, "list", base);
  if (!list.ok()) return CheckRefusal(list.status());
  const std::vector<std::string> urls = EntriesOf(*list);
  SQUALL_CHECK(!urls.empty());
  std::string lines;
  for (const std::string& url : urls) {
    SQUALL_CHECK(CheckUrl(url).ok());
    SQUALL_CHECK(text.find(url) != std::string::npos || IsJoined(url, base, text));
    lines += url + "\n";
  }
  const absl::StatusOr<UrlList> again = UrlList::Parse(lines, "list", "");
  SQUALL_CHECK(again.ok() && EntriesOf(*again) == urls);
  SQUALL_CHECK(std::move(*list).ReleaseText() == text);
}

}  // namespace
}  // namespace squall

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  squall::TestUrlList({reinterpret_cast<const char*>(data), size});
  return 0;
}
