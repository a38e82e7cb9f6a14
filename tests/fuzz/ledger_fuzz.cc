// The ledger of a closed loop under agents that come, go and are lost, tell the truth and lie,
// about numbers and about time.
//
// Properties, by a plain model beside it: no number is granted while an agent has it or once it is
// held, none beyond the total, none of 2^63 or more; nothing new is granted while something lost
// waits; results are accepted exactly if every number is that agent's and not held yet; everything
// is held exactly when complete() says so.
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <map>
#include <vector>

#include <fuzzer/FuzzedDataProvider.h>

#include "common/check.h"
#include "common/span.h"
#include "controller/range_ledger.h"

namespace squall {
namespace {

constexpr uint64_t kEnd = uint64_t{1} << 63;  // one after the largest number

// Whose all numbers are: ranges one after the other, each from its key to the next one's.
class Owners {
 public:
  static constexpr size_t kNew = SIZE_MAX;
  static constexpr size_t kLost = SIZE_MAX - 1;
  static constexpr size_t kHeld = SIZE_MAX - 2;

  bool AllAre(const NumberRun& run, size_t owner) {
    if (run.first >= kEnd || run.count > kEnd - run.first) return false;
    Split(run.first + run.count);
    for (auto range = Split(run.first); range->first < run.first + run.count; ++range) {
      if (range->second != owner) return false;
    }
    return true;
  }

  void Give(const NumberRun& run, size_t owner) {
    Split(run.first + run.count);
    for (auto range = Split(run.first); range->first < run.first + run.count; ++range) {
      range->second = owner;
    }
  }

  // What is one owner's becomes another's; the count.
  uint64_t GiveAll(size_t from, size_t to) {
    const uint64_t count = CountOf(from);
    for (auto& [first, owner] : ranges_) {
      if (owner == from) owner = to;
    }
    return count;
  }

  uint64_t CountOf(size_t sought) const {
    uint64_t count = 0;
    for (auto range = ranges_.begin(); range->first != kEnd; ++range) {
      if (range->second == sought) count += std::next(range)->first - range->first;
    }
    return count;
  }

  std::vector<NumberRun> RangesOf(size_t sought) const {
    std::vector<NumberRun> runs;
    for (auto range = ranges_.begin(); range->first != kEnd; ++range) {
      if (range->second == sought) {
        runs.push_back({range->first, std::next(range)->first - range->first});
      }
    }
    return runs;
  }

 private:
  std::map<uint64_t, size_t>::iterator Split(uint64_t at) {
    const auto range = std::prev(ranges_.upper_bound(at));
    return range->first == at ? range : ranges_.emplace(at, range->second).first;
  }

  std::map<uint64_t, size_t> ranges_ = {{0, kNew}, {kEnd, kHeld}};
};

class LedgerTest {
 public:
  LedgerTest(FuzzedDataProvider& data, uint64_t total)
      : data_(data),
        total_(total),
        ledger_(total, data.ConsumeIntegralInRange<Nanos>(1, 100 * kSecond)) {}

  void Join() {
    SQUALL_CHECK(ledger_.Join({.concurrency = AnyConcurrency()}) == states_.size());
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
        return ledger_.Change(agent, {.concurrency = AnyConcurrency()});
      default: {
        const Ledger::Loss loss = ledger_.Lose(agent, data_.ConsumeIntegral<Nanos>());
        state = State::kLost;
        SQUALL_CHECK(loss.again == owners_.GiveAll(agent, Owners::kLost));
        SQUALL_CHECK(loss.possibly_repeated == loss.again);
      }
    }
  }

  void Grant() {
    const size_t agent = PickAgent();
    for (const auto& [span, again] : ledger_.Grant(agent, data_.ConsumeIntegral<Nanos>())) {
      SQUALL_CHECK(states_[agent] == State::kTakesPart);
      const NumberRun run = {span.first, span.count};
      SQUALL_CHECK(span.stride == 1 && span.count > 0);
      SQUALL_CHECK(owners_.AllAre(run, again ? Owners::kLost : Owners::kNew));
      SQUALL_CHECK(again || owners_.CountOf(Owners::kLost) == 0);
      SQUALL_CHECK(total_ == 0 || run.first + run.count <= total_);
      owners_.Give(run, agent);
    }
  }

  void Hold() {
    const size_t agent = PickAgent();
    const std::vector<Span> runs = PickRuns(agent);
    const Nanos window = data_.ConsumeBool() ? data_.ConsumeIntegralInRange<Nanos>(0, 100)
                                             : data_.ConsumeIntegral<Nanos>();
    bool truth = true;
    for (const Span& run : runs) truth = truth && owners_.AllAre({run.first, run.count}, agent);
    SQUALL_CHECK(ledger_.Close(agent, {.held = runs}, window).ok() == truth);
    if (!truth) return;
    for (const Span& run : runs) {
      owners_.Give({run.first, run.count}, Owners::kHeld);
      held_ += run.count;
    }
  }

  void CheckTotals() const {
    SQUALL_CHECK(ledger_.held() == held_);
    SQUALL_CHECK(ledger_.complete() == (total_ != 0 && held_ == total_));
    const uint64_t left = owners_.CountOf(Owners::kNew) - (kEnd - total_);
    SQUALL_CHECK(ledger_.exhausted() ==
                 (total_ != 0 && left == 0 && owners_.CountOf(Owners::kLost) == 0));
  }

 private:
  enum class State { kTakesPart, kLeft, kLost };

  size_t PickAgent() { return data_.ConsumeIntegralInRange<size_t>(0, states_.size() - 1); }

  uint32_t AnyConcurrency() { return data_.ConsumeIntegralInRange(1U, 1'000'000U); }

  // Mostly what the agent has or parts of it: rising and apart, as a snapshot names them.
  std::vector<Span> PickRuns(size_t agent) {
    const std::vector<NumberRun> own = owners_.RangesOf(data_.ConsumeBool() ? agent : PickAgent());
    std::vector<Span> runs;
    uint64_t from = 0;
    for (int i = data_.ConsumeIntegralInRange(0, 4); i > 0; --i) {
      NumberRun run = {data_.ConsumeIntegral<uint64_t>() >> 1, 1};
      if (!own.empty()) run = own[data_.ConsumeIntegralInRange<size_t>(0, own.size() - 1)];
      if (data_.ConsumeBool()) {
        run.first += data_.ConsumeIntegralInRange<uint64_t>(0, run.count);
        run.count = data_.ConsumeIntegralInRange<uint64_t>(1, run.count + 1);
      }
      if (run.first < from) continue;
      runs.push_back({run.first, 1, run.count});
      from = run.first + run.count + 1;
    }
    return runs;
  }

  FuzzedDataProvider& data_;
  const uint64_t total_;
  RangeLedger ledger_;
  std::vector<State> states_;
  Owners owners_;
  uint64_t held_ = 0;
};

void TestLedger(FuzzedDataProvider& data) {
  const uint64_t total = data.ConsumeBool() ? data.ConsumeIntegralInRange<uint64_t>(0, 100)
                                            : data.ConsumeIntegral<uint64_t>() >> 2;
  LedgerTest test(data, total);
  test.Join();
  for (int steps = 0; steps < 200 && data.remaining_bytes() > 0; ++steps) {
    switch (data.ConsumeIntegralInRange(0, 9)) {
      case 0:
        test.Join();
        break;
      case 1:
        test.ComeOrGo();
        break;
      case 2:
      case 3:
      case 4:
        test.Grant();
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
