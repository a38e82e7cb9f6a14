// Both ledgers beside a plain model, while agents come, go, are lost and lie.
#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "common/schedule.h"
#include "controller/ledger.h"

namespace squall {
namespace {

constexpr Nanos kHold = 2 * kSecond;

// A number that was granted at least once.
struct Granted {
  enum class State { kOpen, kLost, kClosed };

  State state = State::kOpen;
  size_t owner = 0;  // the last
  uint64_t sent = 0;
};

struct Agent {
  enum class State { kTakesPart, kLeft, kLost };

  State state = State::kTakesPart;
  Nanos window = 0;
};

class LedgerModel {
 public:
  LedgerModel(const v1::Phase& phase, uint64_t seed)
      : random_(seed), ledger_(MakeLedger(phase, seed, kHold)) {
    if (phase.has_arrivals()) schedule_.emplace(phase.arrivals(), seed);
    Join();
  }

  void Step() {
    now_ += static_cast<Nanos>(Any(1'500)) * kMillisecond;
    const size_t agent = Any(agents_.size());
    switch (Any(16)) {
      case 0:
        return Join();
      case 1:
        return Change(agent);
      case 2:
        return Leave(agent);
      case 3:
        return Return(agent);
      case 4:
        return Lose(agent);
      case 5:
      case 6:
        return GrantAll();
      case 7:
      case 8:
      case 9:
        return Lie(agent);
      case 10:
      case 11:
        return Grant(agent);
      default:
        return Close(agent, Any(40));
    }
  }

  // Whoever is not lost comes back and does all that there is to do.
  void End() {
    for (size_t agent = 0; agent < agents_.size(); ++agent) Return(agent);
    for (int steps = 0; !ledger_->complete(); ++steps) {
      ASSERT_LT(steps, 10'000) << "no progress";
      now_ += kSecond;
      GrantAll();
      for (size_t agent = 0; agent < agents_.size(); ++agent) {
        Close(agent, Open(agent).size());
      }
    }
    EXPECT_TRUE(ledger_->exhausted());
    EXPECT_EQ(numbers_.size(), ledger_->total());
    uint64_t repeated = 0;
    for (const auto& [number, granted] : numbers_) {
      EXPECT_LT(number, ledger_->total());
      EXPECT_EQ(granted.state, Granted::State::kClosed) << number;
      repeated += granted.sent - 1;
    }
    EXPECT_LE(repeated, possibly_repeated_);
  }

 private:
  uint64_t Any(uint64_t bound) { return random_() % bound; }

  LedgerAgent AnyShares() {
    return {static_cast<uint32_t>(1 + Any(10)), static_cast<uint32_t>(1 + Any(6))};
  }

  bool TakesPart(size_t agent) const { return agents_[agent].state == Agent::State::kTakesPart; }

  std::vector<uint64_t> Open(size_t agent) const {
    std::vector<uint64_t> open;
    for (const auto& [number, granted] : numbers_) {
      if (granted.state == Granted::State::kOpen && granted.owner == agent) open.push_back(number);
    }
    return open;
  }

  void Join() {
    ASSERT_EQ(ledger_->Join(AnyShares()), agents_.size());
    agents_.emplace_back();
  }

  void Change(size_t agent) { ledger_->Change(agent, AnyShares()); }

  void Leave(size_t agent) {
    ledger_->Leave(agent);
    if (TakesPart(agent)) agents_[agent].state = Agent::State::kLeft;
  }

  void Return(size_t agent) {
    ledger_->Return(agent);
    if (agents_[agent].state == Agent::State::kLeft)
      agents_[agent].state = Agent::State::kTakesPart;
  }

  // Somebody always stays.
  void Lose(size_t agent) {
    const auto others = std::count_if(agents_.begin(), agents_.end(), [](const Agent& other) {
      return other.state != Agent::State::kLost;
    });
    if (others == 1 && agents_[agent].state != Agent::State::kLost) return;
    const Nanos fenced = now_ - static_cast<Nanos>(Any(4'000)) * kMillisecond;
    const Ledger::Loss loss = ledger_->Lose(agent, fenced);
    agents_[agent].state = Agent::State::kLost;
    uint64_t may_be_sent = 0;
    const std::vector<uint64_t> open = Open(agent);
    for (const uint64_t number : open) {
      numbers_[number].state = Granted::State::kLost;
      if (schedule_ && schedule_->TimeOf(number) >= fenced) continue;
      ++may_be_sent;
      numbers_[number].sent += Any(2);
    }
    EXPECT_EQ(loss.again, open.size());
    EXPECT_EQ(loss.possibly_repeated, may_be_sent);
    possibly_repeated_ += loss.possibly_repeated;
  }

  void Grant(size_t agent) {
    const std::vector<Ledger::Granted> grants = ledger_->Grant(agent, now_);
    EXPECT_TRUE(grants.empty() || TakesPart(agent));
    uint64_t first = 0;  // of the span before
    for (const auto& [span, again] : grants) {
      EXPECT_GE(span.first, first) << "the smallest first";
      first = span.first;
      for (uint64_t i = 0; i < span.count; ++i) Note(agent, span.first + i * span.stride, again);
    }
  }

  void Note(size_t agent, uint64_t number, bool again) {
    const auto [found, fresh] = numbers_.emplace(number, Granted{.owner = agent});
    EXPECT_EQ(again, !fresh) << number;
    if (fresh) {
      // So no URL of a later pass over a list is asked for before all of the one before are.
      if (!schedule_) {
        EXPECT_EQ(number, numbers_.size() - 1);
        EXPECT_FALSE(AnyLost()) << "something new before something lost";
      }
      return;
    }
    Granted& granted = found->second;
    EXPECT_EQ(granted.state, Granted::State::kLost) << number << " is granted to two at once";
    granted.state = Granted::State::kOpen;
    granted.owner = agent;
  }

  bool AnyLost() const {
    return std::any_of(numbers_.begin(), numbers_.end(), [](const auto& entry) {
      return entry.second.state == Granted::State::kLost;
    });
  }

  void GrantAll() {
    bool any = false;
    for (size_t agent = 0; agent < agents_.size(); ++agent) {
      Grant(agent);
      any = any || TakesPart(agent);
    }
    if (!any || !schedule_) return;
    EXPECT_FALSE(AnyLost()) << "what was lost is granted at once";
    EXPECT_GE(numbers_.size(), std::min(ledger_->total(), schedule_->CountBefore(now_ + kHold)));
    EXPECT_LE(numbers_.size(), schedule_->CountBefore(now_ + kHold + 2 * kSecond));
    EXPECT_EQ(ledger_->exhausted(), numbers_.size() == ledger_->total());
  }

  // Some of its numbers, in any order.
  void Close(size_t agent, size_t most) {
    std::vector<uint64_t> open = Open(agent);
    if (Any(2) == 0) std::shuffle(open.begin(), open.end(), random_);
    if (open.size() > most) open.resize(most);
    const absl::Status status = ledger_->Close(agent, Say(open), Window(agent));
    ASSERT_TRUE(status.ok()) << status;
    for (const uint64_t number : open) {
      numbers_[number].state = Granted::State::kClosed;
      ++numbers_[number].sent;
      ++closed_;
    }
    EXPECT_EQ(ledger_->complete(), closed_ == ledger_->total());
  }

  // Names one number at least that is not its own.
  void Lie(size_t agent) {
    std::vector<uint64_t> numbers = Open(agent);
    if (numbers.size() > 20) numbers.resize(20);
    const bool repeats = schedule_ && !numbers.empty() && Any(3) == 0;
    Closing closing;
    if (repeats) {
      std::vector<uint64_t> twice = {numbers[Any(numbers.size())]};
      closing = {.held = *ToRuns(numbers, AnyStride()), .unsent = *ToRuns(twice, 1)};
    } else {
      const uint64_t number = Any(ledger_->total() + 10);
      const auto found = numbers_.find(number);
      if (found != numbers_.end() && found->second.state == Granted::State::kOpen &&
          found->second.owner == agent) {
        return;
      }
      numbers.push_back(number);
      closing = Say(numbers);
    }
    EXPECT_TRUE(absl::IsFailedPrecondition(ledger_->Close(agent, closing, Window(agent))));
  }

  // A closed loop's numbers are granted as ranges, and named so.
  uint64_t AnyStride() { return schedule_ ? 1 + Any(12) : 1; }

  Closing Say(const std::vector<uint64_t>& numbers) {
    const uint64_t stride = AnyStride();
    std::vector<uint64_t> parts[3];
    for (const uint64_t number : numbers) parts[schedule_ ? Any(3) : 0].push_back(number);
    return {*ToRuns(parts[0], stride), *ToRuns(parts[1], stride), *ToRuns(parts[2], stride)};
  }

  Nanos Window(size_t agent) {
    Nanos& window = agents_[agent].window;
    return window = std::max(window, now_);
  }

  std::mt19937_64 random_;
  std::optional<Schedule> schedule_;
  std::unique_ptr<Ledger> ledger_;
  Nanos now_ = -3 * kSecond;
  std::vector<Agent> agents_;
  std::map<uint64_t, Granted> numbers_;
  uint64_t closed_ = 0;
  uint64_t possibly_repeated_ = 0;
};

void Try(const v1::Phase& phase, uint64_t seed, uint64_t steps) {
  SCOPED_TRACE(seed);
  LedgerModel model(phase, seed);
  for (uint64_t i = 0; i < steps && !testing::Test::HasFailure(); ++i) model.Step();
  if (!testing::Test::HasFailure()) model.End();
}

TEST(LedgerModel, AClosedLoopClosesEveryNumberOnce) {
  for (uint64_t seed = 0; seed < 400 && !HasFailure(); ++seed) {
    std::mt19937_64 random(seed);
    v1::Phase phase;
    phase.set_requests(1 + random() % 1'000);
    Try(phase, seed, random() % 200);
  }
}

TEST(LedgerModel, AScheduleClosesEveryNumberOnce) {
  for (uint64_t seed = 0; seed < 400 && !HasFailure(); ++seed) {
    std::mt19937_64 random(seed);
    v1::Phase phase;
    phase.set_requests(1 + random() % 1'000);
    v1::Arrivals& arrivals = *phase.mutable_arrivals();
    arrivals.set_rate_nano(1'000'000'000 * (1 + random() % 60));
    arrivals.set_process(random() % 2 == 0 ? v1::ARRIVAL_PROCESS_CONSTANT
                                           : v1::ARRIVAL_PROCESS_POISSON);
    Try(phase, seed, random() % 200);
  }
}

}  // namespace
}  // namespace squall
