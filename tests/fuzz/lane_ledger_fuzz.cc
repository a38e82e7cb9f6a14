// The ledger of an arrival rate under agents that tell the truth and agents that lie.
//
// Properties, by a plain model beside it: no number is granted twice and none beyond the total;
// what is granted is all of a beginning of the schedule, when everyone has had his turn; what
// became of numbers is accepted exactly if every one was granted to that agent and is not closed
// yet.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <utility>
#include <vector>

#include <fuzzer/FuzzedDataProvider.h>

#include "common/check.h"
#include "controller/lane_ledger.h"

namespace squall {
namespace {

v1::Phase AnyPhase(FuzzedDataProvider& data) {
  constexpr uint64_t kMostRateNano = 200'000'000'000;  // the model has a node for each number
  v1::Phase phase;
  v1::Arrivals& arrivals = *phase.mutable_arrivals();
  arrivals.set_rate_nano(data.ConsumeIntegralInRange<uint64_t>(1, kMostRateNano));
  arrivals.set_process(data.ConsumeBool() ? v1::ARRIVAL_PROCESS_CONSTANT
                                          : v1::ARRIVAL_PROCESS_POISSON);
  phase.set_requests(data.ConsumeIntegralInRange<uint64_t>(1, 1'000'000));
  if (data.ConsumeBool())
    phase.set_duration_ns(data.ConsumeIntegralInRange<Nanos>(1, kSecond * 60));
  return phase;
}

std::vector<uint32_t> AnyWeights(FuzzedDataProvider& data) {
  std::vector<uint32_t> weights(data.ConsumeIntegralInRange<size_t>(1, 5));
  for (uint32_t& weight : weights) weight = data.ConsumeIntegralInRange<uint32_t>(1, 9);
  return weights;
}

class LaneLedgerTest {
 public:
  explicit LaneLedgerTest(FuzzedDataProvider& data)
      : data_(data), weights_(AnyWeights(data)), ledger_(AnyPhase(data), 1, weights_) {}

  void GrantAll() {
    now_ += data_.ConsumeIntegralInRange<Nanos>(0, 2 * kSecond);
    for (size_t agent = 0; agent < weights_.size(); ++agent) {
      for (const Span& span : ledger_.Grant(agent, now_)) {
        for (uint64_t i = 0; i < span.count; ++i) {
          SQUALL_CHECK(open_.emplace(span.first + i * span.stride, agent).second);
          ++granted_;
        }
      }
    }
    SQUALL_CHECK(granted_ <= ledger_.total());
    SQUALL_CHECK(ledger_.exhausted() == (granted_ == ledger_.total()));
    SQUALL_CHECK(open_.empty() || open_.rbegin()->first < granted_);
  }

  void Close() {
    const size_t agent = data_.ConsumeIntegralInRange<size_t>(0, weights_.size() - 1);
    Closing closing;
    std::vector<uint64_t> numbers;
    for (auto* runs : {&closing.held, &closing.dropped, &closing.unsent})
      AddRuns(agent, *runs, numbers);
    std::sort(numbers.begin(), numbers.end());
    bool truth = std::adjacent_find(numbers.begin(), numbers.end()) == numbers.end();
    for (const uint64_t number : numbers) {
      const auto found = open_.find(number);
      truth = truth && found != open_.end() && found->second == agent;
    }
    SQUALL_CHECK(ledger_.Close(agent, closing, kSecond).ok() == truth);
    if (!truth) return;
    for (const uint64_t number : numbers) open_.erase(number);
    SQUALL_CHECK(ledger_.complete() == (open_.empty() && granted_ == ledger_.total()));
  }

 private:
  // Mostly numbers of the agent that are open.
  void AddRuns(size_t agent, std::vector<NumberRun>& runs, std::vector<uint64_t>& numbers) {
    uint64_t next = 0;
    for (int i = data_.ConsumeIntegralInRange(0, 4); i > 0; --i) {
      const uint64_t from = next + data_.ConsumeIntegralInRange<uint64_t>(0, 20);
      auto found = open_.lower_bound(from);
      while (found != open_.end() && found->second != agent) ++found;
      const bool lies = data_.ConsumeBool() && data_.ConsumeBool();
      const uint64_t first = lies || found == open_.end() ? from : found->first;
      const auto count = lies ? data_.ConsumeIntegralInRange<uint64_t>(1, 30) : 1;
      if (!runs.empty() && first <= runs.back().first + runs.back().count) continue;
      runs.push_back({first, count});
      for (uint64_t j = 0; j < count; ++j) numbers.push_back(first + j);
      next = first + count;
    }
  }

  FuzzedDataProvider& data_;
  const std::vector<uint32_t> weights_;
  LaneLedger ledger_;
  Nanos now_ = -5 * kSecond;
  uint64_t granted_ = 0;
  std::map<uint64_t, size_t> open_;  // granted and not closed: whose
};

}  // namespace
}  // namespace squall

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  FuzzedDataProvider data(bytes, size);
  squall::LaneLedgerTest test(data);
  for (int steps = 0; steps < 60 && data.remaining_bytes() > 0; ++steps) {
    if (data.ConsumeIntegralInRange(0, 3) == 0) {
      test.GrantAll();
    } else {
      test.Close();
    }
  }
  return 0;
}
