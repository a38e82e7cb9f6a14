// What servers answer when they are asked for their own counts.
//
// Properties: what is refused is refused with a message that can be shown; what is accepted is in
// order, and an account of any such answers is one that the controller believes.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "agent/server_account.h"
#include "agent/server_counts.h"
#include "controller/server_record.h"
#include "tests/fuzz/properties.h"

namespace squall {
namespace {

constexpr Nanos kBegin = 1000 * kSecond;

void CheckOrder(const ServerCounts& counts) {
  SQUALL_CHECK(counts.now || counts.peak);
  SQUALL_CHECK(counts.history.empty() || counts.now);
  Nanos last = counts.history_since.value_or(0);
  for (const ServerCounts::Interval& interval : counts.history) {
    SQUALL_CHECK(interval.at >= last && interval.at <= counts.now->at);
    SQUALL_CHECK(interval.in_flight && interval.most <= ServerCounts::kMostInFlight);
    last = interval.at;
  }
}

// Answers follow each other in the input, a line feed between them.
void TestServerCounts(std::string_view text) {
  ServerAccount account(kBegin, true);
  Nanos now = kBegin - kSecond / 2;
  while (!text.empty()) {
    const std::string_view answer = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(answer.size() + 1, text.size()));
    now += kSecond;
    const absl::StatusOr<ServerCounts> counts = ServerCountsFromJson(answer);
    if (!counts.ok()) {
      CheckRefusal(counts.status());
      account.Fail(std::string(counts.status().message()));
      continue;
    }
    CheckOrder(*counts);
    account.Add(*counts, now, now + kMillisecond);
  }
  SQUALL_CHECK(AreServerCounts(account.told()));
  ServerRecord record;
  record.Add(0, account.told(), kBegin);
  const auto found = record.Finish(10 * kSecond, 1);
  SQUALL_CHECK(!found || !found->mean || (*found->mean >= 0 && found->from <= found->to));
}

}  // namespace
}  // namespace squall

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  squall::TestServerCounts({reinterpret_cast<const char*>(data), size});
  return 0;
}
