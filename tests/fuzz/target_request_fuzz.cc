// Requests to the built-in target. The first line of the input says where the bytes after it are
// cut: the code of each character is the length of a piece.
//
// Property: however the bytes are cut, the same requests are seen, at the same places.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/check.h"
#include "target/request_parser.h"

namespace squall::target {
namespace {

using Step = RequestParser::Step;

// What the parser says after a step, and how many bytes it had used by then.
struct Seen {
  Step step;
  size_t used = 0;
  std::string method, url;
  bool is_get = false, is_head = false, is_delete = false;
  bool is_for_stats = false, keep_alive = false, is_http_1_1 = false;

  friend bool operator==(const Seen&, const Seen&) = default;
};

Seen Look(const RequestParser& parser, Step step, size_t used) {
  // Where malformed bytes begin to be so is not said.
  if (step == Step::kMalformed) return {.step = step};
  if (step == Step::kWantsContinue) return {.step = step, .used = used};
  return {.step = step,
          .used = used,
          .method = std::string(parser.method()),
          .url = std::string(parser.url()),
          .is_get = parser.is_get(),
          .is_head = parser.is_head(),
          .is_delete = parser.is_delete(),
          .is_for_stats = parser.is_for_stats(),
          .keep_alive = parser.keep_alive(),
          .is_http_1_1 = parser.is_http_1_1()};
}

// All steps over `bytes`, in pieces of these lengths; what remains is the last piece.
std::vector<Seen> ParseInPieces(std::string_view bytes, std::string_view lengths) {
  RequestParser parser(UrlsAre::kKept);
  std::vector<Seen> seen;
  size_t begin = 0;
  while (begin < bytes.size()) {
    size_t length = bytes.size() - begin;
    if (!lengths.empty()) {
      length = std::min<size_t>(length, static_cast<unsigned char>(lengths.front()));
      lengths.remove_prefix(1);
    }
    std::string_view piece = bytes.substr(begin, length);
    while (!piece.empty()) {
      const size_t before = piece.size();
      const Step step = parser.Parse(piece);
      SQUALL_CHECK(piece.size() <= before);
      if (step == Step::kNeedsMore) {
        SQUALL_CHECK(piece.empty());
        break;
      }
      seen.push_back(Look(parser, step, begin + length - piece.size()));
      if (step == Step::kMalformed) return seen;
    }
    begin += length;
  }
  return seen;
}

void TestRequests(std::string_view input) {
  const size_t end = std::min(input.find('\n'), input.size());
  const std::string_view bytes = input.substr(std::min(end + 1, input.size()));
  const std::vector<Seen> whole = ParseInPieces(bytes, "");
  SQUALL_CHECK(ParseInPieces(bytes, input.substr(0, end)) == whole);
  SQUALL_CHECK(ParseInPieces(bytes, std::string(bytes.size(), '\1')) == whole);
}

}  // namespace
}  // namespace squall::target

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  squall::target::TestRequests({reinterpret_cast<const char*>(data), size});
  return 0;
}
