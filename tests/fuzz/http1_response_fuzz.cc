// Answers to http1_transport. The first byte of the input says whether the request was a HEAD; the
// rest of its first line where the bytes after it are cut: the code of each character is the length
// of a piece. At the end of the bytes the connection is closed.
//
// Property: however the bytes are cut, and whichever header was known before, the same comes of
// them.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "agent/http1_response.h"
#include "common/check.h"

namespace squall {
namespace {

using Progress = Http1Response::Progress;

struct Seen {
  Progress progress = Progress::kMore;
  bool whole_when_closed = false;
  size_t used = 0;
  uint32_t status = 0;
  std::optional<v1::FailureKind> judged;
  bool keeps_alive = false;
  uint64_t bytes = 0;
  std::string sample;

  friend bool operator==(const Seen&, const Seen&) = default;
};

Seen Look(Http1Response& response, Progress progress, size_t used) {
  Seen seen{.progress = progress};
  // Where an answer begins to be invalid is not said.
  if (progress == Progress::kInvalid) {
    SQUALL_CHECK(!response.error().empty());
    return seen;
  }
  seen.whole_when_closed = progress == Progress::kMore && response.Close();
  seen.bytes = response.bytes();
  SQUALL_CHECK(seen.bytes <= used);
  if (progress == Progress::kMore && !seen.whole_when_closed) return seen;
  seen.used = used;
  Outcome outcome;
  response.Tell(outcome);
  seen.status = outcome.status;
  seen.judged = outcome.judged;
  seen.keeps_alive = response.keeps_alive();
  seen.sample = std::string(outcome.detail);
  SQUALL_CHECK(seen.status >= 200 && seen.status < Metrics::kStatuses);
  SQUALL_CHECK(seen.sample.size() <= Metrics::kMaxDetailBytes);
  return seen;
}

// What comes of `bytes` in pieces of these lengths; what remains is the last piece.
Seen ReadInPieces(bool to_head, std::string_view bytes, std::string_view lengths,
                  Http1KnownHeader& known, AnswerChecks* checks) {
  Http1Response response(known, checks);
  response.Begin(to_head);
  size_t begin = 0;
  while (begin < bytes.size()) {
    size_t length = bytes.size() - begin;
    if (!lengths.empty()) {
      length = std::clamp<size_t>(static_cast<unsigned char>(lengths.front()), 1, length);
      lengths.remove_prefix(1);
    }
    std::string_view piece = bytes.substr(begin, length);
    const Progress progress = response.Read(piece);
    SQUALL_CHECK(progress != Progress::kMore || piece.empty());
    if (progress != Progress::kMore) {
      return Look(response, progress, begin + length - piece.size());
    }
    begin += length;
  }
  SQUALL_CHECK(response.begun() == !bytes.empty());
  return Look(response, Progress::kMore, bytes.size());
}

// Of every sort one.
std::optional<AnswerChecks> SomeChecks() {
  v1::Plan plan;
  v1::Checks& checks = *plan.mutable_checks();
  checks.add_statuses()->set_first(200);
  checks.mutable_statuses(0)->set_last(404);
  checks.add_headers()->set_name("Server");
  checks.add_headers()->set_name("Content-Length");
  checks.mutable_headers(1)->set_value("5");
  checks.mutable_size()->set_least(2);
  checks.add_bodies("ell");
  checks.add_bodies("^h.*o$");
  checks.add_json()->set_path("$.id[0]");
  return AnswerChecks::Of(plan.checks());
}

void TestAnswer(std::string_view input, AnswerChecks* checks) {
  const bool to_head = !input.empty() && input.front() == 'H';
  const size_t end = std::min(input.find('\n'), input.size());
  const std::string_view bytes = input.substr(std::min(end + 1, input.size()));
  const std::string_view lengths = input.substr(std::min<size_t>(1, end), end);
  static std::array<Http1KnownHeader, 2> known_before;
  Http1KnownHeader known;
  const Seen whole = ReadInPieces(to_head, bytes, "", known, checks);
  SQUALL_CHECK(ReadInPieces(to_head, bytes, "", known, checks) == whole);
  SQUALL_CHECK(ReadInPieces(to_head, bytes, "", known_before[checks != nullptr], checks) == whole);
  SQUALL_CHECK(ReadInPieces(to_head, bytes, lengths, known, checks) == whole);
  SQUALL_CHECK(ReadInPieces(to_head, bytes, std::string(bytes.size(), '\1'), known, checks) ==
               whole);
}

}  // namespace
}  // namespace squall

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const bool once = [] {
    squall::Http1Response::SetUp();
    return true;
  }();
  (void)once;
  static std::optional<squall::AnswerChecks> checks = squall::SomeChecks();
  squall::TestAnswer({reinterpret_cast<const char*>(data), size}, nullptr);
  squall::TestAnswer({reinterpret_cast<const char*>(data), size}, &*checks);
  return 0;
}
