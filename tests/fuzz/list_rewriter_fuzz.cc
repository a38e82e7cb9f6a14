// Lists that are made into other lines before agents are sent them. The first line of the input is
// the format, as the number that it has, and the base that paths are joined to; the rest is the
// list.
//
// Properties: the lines that are made are good ones, each with a URL that may be sent; they are the
// same in whatever pieces the list comes; what is refused is refused with a line, a column and a
// message that can be shown; times of a replay begin at 0 and do not sink; and lines of requests
// alone are read, or refused, in the same way.
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
#include "controller/list_rewriter.h"
#include "tests/fuzz/properties.h"

namespace squall {
namespace {

constexpr v1::ListFormat kFormats[] = {v1::LIST_FORMAT_REQUESTS, v1::LIST_FORMAT_JSON,
                                       v1::LIST_FORMAT_COMBINED, v1::LIST_FORMAT_REPLAY};

struct Made {
  absl::Status status;
  std::string text;
};

Made Make(v1::ListFormat format, const std::string& base, std::string_view text, size_t piece) {
  const auto rewriter = RewriterFor(format, base, "GET");
  if (rewriter == nullptr) return {absl::OkStatus(), std::string(text)};
  Made made;
  const auto sink = [&made](std::string_view lines) {
    made.text.append(lines);
    return absl::OkStatus();
  };
  while (!text.empty() && made.status.ok()) {
    made.status = rewriter->Add(text.substr(0, piece), sink);
    text.remove_prefix(std::min(piece, text.size()));
  }
  if (made.status.ok()) made.status = rewriter->Finish(sink);
  return made;
}

void TestList(const UrlList& list, bool timed) {
  std::string url;
  uint64_t before = 0;
  for (uint64_t i = 0; i < list.size(); ++i) {
    const uint32_t word = list.Get(i, url);
    SQUALL_CHECK(CheckUrl(url).ok() && url != UrlList::kDamaged);
    SQUALL_CHECK(word == list.WordOf(i) && static_cast<int>(word) < list.facts().words_size());
    if (!timed) continue;
    SQUALL_CHECK(list.TimeOf(i) >= before && (i > 0 || list.TimeOf(i) == 0));
    before = list.TimeOf(i);
  }
  SQUALL_CHECK(!list.damaged());
}

void TestRewriter(std::string_view input) {
  if (input.empty()) return;
  const v1::ListFormat format = kFormats[static_cast<unsigned char>(input[0]) % 4];
  const size_t end = std::min(input.find('\n'), input.size());
  const std::string base(input.substr(1, end - 1));
  const std::string_view text = input.substr(std::min(end + 1, input.size()));

  const Made made = Make(format, base, text, SIZE_MAX);
  const Made again = Make(format, base, text, 3);
  SQUALL_CHECK(made.status == again.status);
  if (!made.status.ok()) return CheckRefusal(made.status);
  SQUALL_CHECK(made.text == again.text);

  const bool is_rewritten = format != v1::LIST_FORMAT_REQUESTS;
  const ListForm form = {.requests = true,
                         .timed = format == v1::LIST_FORMAT_REPLAY,
                         .fields = format == v1::LIST_FORMAT_JSON};
  absl::StatusOr<ListText> list = ListText::InMemory(made.text, "list", base, form);
  if (!list.ok()) {
    // Of what was made, only nothing at all.
    SQUALL_CHECK(!is_rewritten || made.text.empty());
    return CheckRefusal(list.status());
  }
  if (list->index.facts.placeholder_lines() != 0) {
    SQUALL_CHECK(!is_rewritten);
    return;
  }
  std::vector<std::string> words(list->index.facts.words().begin(),
                                 list->index.facts.words().end());
  ListForm found = form;
  found.fields = std::any_of(words.begin(), words.end(),
                             [](const std::string& word) { return HasFields(word); });
  const absl::StatusOr<UrlList> urls =
      UrlList::Make(*std::move(list), "list", base, found, std::move(words));
  SQUALL_CHECK(urls.ok());
  TestList(*urls, form.timed);
}

}  // namespace
}  // namespace squall

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  squall::TestRewriter({reinterpret_cast<const char*>(data), size});
  return 0;
}
