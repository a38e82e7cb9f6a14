#include "agent/read_ahead.h"

#include <algorithm>

#include "common/clock.h"

namespace squall {
namespace {

// So far ahead at most: what is read too early may be forgotten again before it is used.
constexpr uint64_t kMostAhead = 65'536;
// So many at a time, between two looks at where the workers are.
constexpr uint64_t kBatch = 256;
// When workers are looked at again that had enough. They come nowhere near the end of what was read
// in less.
constexpr Nanos kPause = 5 * kMillisecond;

}  // namespace

ReadAhead::ReadAhead(const RequestSource& source, const std::deque<RunPhase>& phases)
    : source_(source),
      phases_(phases),
      ahead_(phases.size()),
      thread_([this]() noexcept { Run(); }) {}

ReadAhead::~ReadAhead() {
  {
    MutexLock lock(mutex_);
    quit_ = true;
  }
  changed_.NotifyOne();
  thread_.join();
}

void ReadAhead::Granted(size_t phase, const std::vector<Span>& spans) {
  {
    MutexLock lock(mutex_);
    ahead_[phase].spans.insert(ahead_[phase].spans.end(), spans.begin(), spans.end());
  }
  changed_.NotifyOne();
}

void ReadAhead::Run() noexcept {
  while (true) {
    bool advanced = false;
    for (size_t phase = 0; phase < phases_.size(); ++phase) advanced |= Advance(phase);
    MutexLock lock(mutex_);
    if (quit_) return;
    if (advanced) continue;
    const bool nothing = std::all_of(ahead_.begin(), ahead_.end(),
                                     [](const Ahead& ahead) { return ahead.spans.empty(); });
    if (nothing) {
      changed_.Wait(mutex_);
    } else {
      changed_.WaitUntil(mutex_, SteadyNow() + kPause);
    }
  }
}

// False: there is nothing to do there now.
bool ReadAhead::Advance(size_t phase) {
  std::vector<uint64_t> numbers;
  {
    MutexLock lock(mutex_);
    numbers = NextOf(phase);
  }
  source_.ReadAhead(numbers);
  return !numbers.empty();
}

// Numbers that workers have drawn already are passed over.
std::vector<uint64_t> ReadAhead::NextOf(size_t phase) {
  Ahead& ahead = ahead_[phase];
  const uint64_t drawn = phases_[phase].drawn.load(std::memory_order_relaxed);
  std::vector<uint64_t> numbers;
  while (!ahead.spans.empty() && numbers.size() < kBatch && ahead.passed < drawn + kMostAhead) {
    Span& span = ahead.spans.front();
    const bool late = ahead.passed < drawn;
    const uint64_t most =
        late ? drawn - ahead.passed
             : std::min<uint64_t>(kBatch - numbers.size(), drawn + kMostAhead - ahead.passed);
    const uint64_t count = std::min<uint64_t>(span.count, most);
    for (uint64_t i = 0; !late && i < count; ++i) numbers.push_back(span.first + i * span.stride);
    ahead.passed += count;
    span.first += count * span.stride;
    span.count -= count;
    if (span.count == 0) ahead.spans.pop_front();
  }
  return numbers;
}

}  // namespace squall
