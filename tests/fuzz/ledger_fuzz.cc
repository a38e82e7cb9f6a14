// The ledger of a closed loop under agents that tell the truth and agents that lie, about numbers
// and about time.
//
// Properties, by a plain model beside it: no number is granted twice, none beyond the total, none
// of 2^63 or more; results are accepted exactly if every number was granted to that agent and is
// not held yet; everything is held exactly when complete() says so.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include <fuzzer/FuzzedDataProvider.h>

#include "common/check.h"
#include "common/span.h"
#include "controller/range_ledger.h"

namespace squall {
namespace {

constexpr uint64_t kEnd = uint64_t{1} << 63;  // one after the largest number

bool Overlap(const NumberRun& a, const NumberRun& b) {
  return a.first < b.first + b.count && b.first < a.first + a.count;
}

class LedgerTest {
 public:
  LedgerTest(FuzzedDataProvider& data, uint64_t total)
      : data_(data), total_(total), ledger_(total) {}

  void AddAgent() {
    SQUALL_CHECK(ledger_.AddAgent(data_.ConsumeIntegralInRange(1U, 1'000'000U)) == granted_.size());
    granted_.emplace_back();
  }

  void TopUp() {
    const size_t agent = PickAgent();
    const auto span = ledger_.TopUp(agent);
    if (!span) return;
    SQUALL_CHECK(span->stride == 1 && span->count > 0);
    SQUALL_CHECK(span->first < kEnd && span->count <= kEnd - span->first);
    SQUALL_CHECK(total_ == 0 || span->first + span->count <= total_);
    const NumberRun run = {span->first, span->count};
    for (const auto& granted : granted_) {
      for (const NumberRun& other : granted) SQUALL_CHECK(!Overlap(run, other));
    }
    granted_[agent].push_back(run);
    granted_count_ += run.count;
  }

  void Hold() {
    const size_t agent = PickAgent();
    const std::vector<NumberRun> runs = PickRuns(agent);
    const Nanos window = data_.ConsumeBool() ? data_.ConsumeIntegralInRange<Nanos>(0, 100)
                                             : data_.ConsumeIntegral<Nanos>();
    const bool truth = std::all_of(runs.begin(), runs.end(), [&](const NumberRun& run) {
      return IsGranted(agent, run) &&
             std::none_of(held_.begin(), held_.end(),
                          [&run](const NumberRun& other) { return Overlap(run, other); });
    });
    SQUALL_CHECK(ledger_.Close(agent, {.held = runs}, window).ok() == truth);
    if (!truth) return;
    held_.insert(held_.end(), runs.begin(), runs.end());
    for (const NumberRun& run : runs) held_count_ += run.count;
  }

  void CheckTotals() const {
    SQUALL_CHECK(ledger_.held() == held_count_);
    SQUALL_CHECK(ledger_.complete() == (total_ != 0 && held_count_ == total_));
    SQUALL_CHECK(ledger_.exhausted() == (total_ != 0 && granted_count_ == total_));
  }

 private:
  size_t PickAgent() { return data_.ConsumeIntegralInRange<size_t>(0, granted_.size() - 1); }

  // Mostly grants of the agent or parts of them: rising and apart, as a snapshot names them.
  std::vector<NumberRun> PickRuns(size_t agent) {
    std::vector<NumberRun> picked;
    for (int i = data_.ConsumeIntegralInRange(0, 4); i > 0; --i) {
      NumberRun run = {data_.ConsumeIntegral<uint64_t>() >> 1, 1};
      const size_t owner = data_.ConsumeBool() ? agent : PickAgent();
      if (!granted_[owner].empty()) {
        const auto last = granted_[owner].size() - 1;
        run = granted_[owner][data_.ConsumeIntegralInRange<size_t>(0, last)];
      }
      if (data_.ConsumeBool()) {
        run.first += data_.ConsumeIntegralInRange<uint64_t>(0, run.count);
        run.count = data_.ConsumeIntegralInRange<uint64_t>(1, run.count + 1);
      }
      picked.push_back(run);
    }
    std::sort(picked.begin(), picked.end(),
              [](const NumberRun& a, const NumberRun& b) { return a.first < b.first; });
    std::vector<NumberRun> runs;
    for (const NumberRun& run : picked) {
      if (runs.empty() || run.first > runs.back().first + runs.back().count) runs.push_back(run);
    }
    return runs;
  }

  bool IsGranted(size_t agent, NumberRun run) const {
    for (const NumberRun& granted : granted_[agent]) {  // rising
      if (run.first < granted.first || run.first >= granted.first + granted.count) continue;
      const uint64_t count = std::min(run.count, granted.first + granted.count - run.first);
      run = {run.first + count, run.count - count};
      if (run.count == 0) return true;
    }
    return false;
  }

  FuzzedDataProvider& data_;
  const uint64_t total_;
  RangeLedger ledger_;
  std::vector<std::vector<NumberRun>> granted_;  // of each agent
  std::vector<NumberRun> held_;
  uint64_t granted_count_ = 0;
  uint64_t held_count_ = 0;
};

void TestLedger(FuzzedDataProvider& data) {
  const uint64_t total = data.ConsumeBool() ? data.ConsumeIntegralInRange<uint64_t>(0, 100)
                                            : data.ConsumeIntegral<uint64_t>() >> 2;
  LedgerTest test(data, total);
  test.AddAgent();
  for (int steps = 0; steps < 200 && data.remaining_bytes() > 0; ++steps) {
    switch (data.ConsumeIntegralInRange(0, 8)) {
      case 0:
        test.AddAgent();
        break;
      case 1:
      case 2:
      case 3:
        test.TopUp();
        break;
      default:
        test.Hold();
    }
    test.CheckTotals();
  }
}

}  // namespace
}  // namespace squall

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  FuzzedDataProvider data(bytes, size);
  squall::TestLedger(data);
  return 0;
}
