// The ledger of an arrival rate under agents that come, go and are lost, tell the truth and lie.
//
// Properties, by a plain model beside it: no number is granted while an agent has it or once it is
// closed, and none beyond the total; what is granted is all of a beginning of the schedule and
// nothing lost waits, when everyone has had his turn; what became of numbers is accepted exactly if
// every one is that agent's and not closed yet.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <vector>

#include <fuzzer/FuzzedDataProvider.h>

#include "common/check.h"
#include "common/schedule.h"
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

class LaneLedgerTest {
 public:
  explicit LaneLedgerTest(FuzzedDataProvider& data) : LaneLedgerTest(data, AnyPhase(data)) {}

  void Join() {
    SQUALL_CHECK(ledger_.Join({.weight = AnyWeight()}) == states_.size());
    states_.push_back(State::kTakesPart);
  }

  void ComeOrGo() {
    const size_t agent = PickAgent();
    State& state = states_[agent];
    switch (data_.ConsumeIntegralInRange(0, 3)) {
      case 0:
        ledger_.Leave(agent);
        if (state == State::kTakesPart) state = State::kLeft;
        return;
      case 1:
        ledger_.Return(agent);
        if (state == State::kLeft) state = State::kTakesPart;
        return;
      case 2:
        return ledger_.Change(agent, {.weight = AnyWeight()});
      default:
        state = State::kLost;
        return Lose(agent);
    }
  }

  void GrantAll() {
    now_ += data_.ConsumeIntegralInRange<Nanos>(0, 2 * kSecond);
    bool any = false;
    for (size_t agent = 0; agent < states_.size(); ++agent) {
      Grant(agent);
      any = any || states_[agent] == State::kTakesPart;
    }
    if (!any) return;
    SQUALL_CHECK(numbers_.size() <= ledger_.total());
    SQUALL_CHECK(numbers_.empty() || numbers_.rbegin()->first < numbers_.size());
    SQUALL_CHECK(ledger_.exhausted() == (numbers_.size() == ledger_.total()));
    for (const auto& [number, owner] : numbers_) SQUALL_CHECK(owner != kLost);
  }

  void Grant() { Grant(PickAgent()); }

  void Close() {
    const size_t agent = PickAgent();
    Closing closing;
    std::vector<uint64_t> numbers;
    for (auto* runs : {&closing.held, &closing.dropped, &closing.unsent})
      AddRuns(agent, *runs, numbers);
    std::sort(numbers.begin(), numbers.end());
    bool truth = std::adjacent_find(numbers.begin(), numbers.end()) == numbers.end();
    for (const uint64_t number : numbers) {
      const auto found = numbers_.find(number);
      truth = truth && found != numbers_.end() && found->second == agent;
    }
    SQUALL_CHECK(ledger_.Close(agent, closing, kSecond).ok() == truth);
    if (!truth) return;
    for (const uint64_t number : numbers) numbers_[number] = kClosed;
    closed_ += numbers.size();
    SQUALL_CHECK(ledger_.complete() == (closed_ == ledger_.total()));
  }

 private:
  enum class State { kTakesPart, kLeft, kLost };

  static constexpr size_t kLost = SIZE_MAX;
  static constexpr size_t kClosed = SIZE_MAX - 1;

  LaneLedgerTest(FuzzedDataProvider& data, const v1::Phase& phase)
      : data_(data), schedule_(phase.arrivals(), 1), ledger_(phase, 1, 4 * kSecond) {
    Join();
  }

  size_t PickAgent() { return data_.ConsumeIntegralInRange<size_t>(0, states_.size() - 1); }

  uint32_t AnyWeight() { return data_.ConsumeIntegralInRange<uint32_t>(1, 9); }

  void Grant(size_t agent) {
    for (const auto& [span, again] : ledger_.Grant(agent, now_)) {
      SQUALL_CHECK(states_[agent] == State::kTakesPart);
      for (uint64_t i = 0; i < span.count; ++i) {
        const auto [found, fresh] = numbers_.emplace(span.first + i * span.stride, agent);
        SQUALL_CHECK(fresh || found->second == kLost);
        SQUALL_CHECK(fresh != again);
        found->second = agent;
      }
    }
  }

  void Lose(size_t agent) {
    const Nanos fenced = now_ + data_.ConsumeIntegralInRange<Nanos>(-9 * kSecond, 9 * kSecond);
    const Ledger::Loss loss = ledger_.Lose(agent, fenced);
    uint64_t again = 0;
    uint64_t due = 0;
    for (auto& [number, owner] : numbers_) {
      if (owner != agent) continue;
      owner = kLost;
      ++again;
      if (schedule_.TimeOf(number) < fenced) ++due;
    }
    SQUALL_CHECK(loss.again == again && loss.possibly_repeated == due);
  }

  // Mostly numbers of the agent that are open, as long as they go on at the distance.
  void AddRuns(size_t agent, std::vector<Span>& runs, std::vector<uint64_t>& numbers) {
    const auto stride = data_.ConsumeIntegralInRange<uint64_t>(1, 20);
    const auto is_own = [&](uint64_t number) {
      const auto found = numbers_.find(number);
      return found != numbers_.end() && found->second == agent;
    };
    uint64_t next = 0;
    for (int i = data_.ConsumeIntegralInRange(0, 4); i > 0; --i) {
      uint64_t first = next + data_.ConsumeIntegralInRange<uint64_t>(0, 20);
      const bool lies = data_.ConsumeBool() && data_.ConsumeBool();
      for (int tries = 0; tries < 50 && !lies && !is_own(first); ++tries) ++first;
      const auto most = data_.ConsumeIntegralInRange<uint64_t>(1, 30);
      uint64_t count = 1;
      while (count < most && (lies || is_own(first + count * stride))) ++count;
      runs.push_back({first, stride, count});
      for (uint64_t j = 0; j < count; ++j) numbers.push_back(first + j * stride);
      next = first + count * stride;
    }
  }

  FuzzedDataProvider& data_;
  Schedule schedule_;
  LaneLedger ledger_;
  Nanos now_ = -5 * kSecond;
  std::vector<State> states_;
  std::map<uint64_t, size_t> numbers_;  // that were granted: whose
  uint64_t closed_ = 0;
};

}  // namespace
}  // namespace squall

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  FuzzedDataProvider data(bytes, size);
  squall::LaneLedgerTest test(data);
  for (int steps = 0; steps < 60 && data.remaining_bytes() > 0; ++steps) {
    switch (data.ConsumeIntegralInRange(0, 9)) {
      case 0:
        test.Join();
        break;
      case 1:
        test.ComeOrGo();
        break;
      case 2:
        test.Grant();
        break;
      case 3:
      case 4:
        test.GrantAll();
        break;
      default:
        test.Close();
    }
  }
  return 0;
}
