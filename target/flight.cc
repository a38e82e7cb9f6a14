#include "target/flight.h"

namespace squall::target {

// The peak, the gauge and RestartPeak() meet without a lock, so all of them keep to one total order
// (the default of std::atomic): a rise that RestartPeak() does not see lands on the peak after it.
void Flight::Enter(int thread, Nanos now) {
  if (history_.Lacks(now)) BeginInterval(now);
  Change(thread, 1, now);
  const uint64_t count = count_.fetch_add(1) + 1;
  RaisePeak(count);
  history_.Raise(now, count);
}

void Flight::Leave(int thread, Nanos now) {
  if (history_.Lacks(now)) BeginInterval(now);
  Change(thread, uint64_t{0} - 1, now);
  count_.fetch_sub(1);
}

void Flight::BeginInterval(Nanos now) {
  const Sum sum = Read();
  history_.Begin(now, {.at = sum.now, .request_ns = sum.request_ns, .count = sum.count});
}

// Only this thread writes here. Each store releases and each load of Read() acquires, so one that
// sees half a change sees the odd version before it.
void Flight::Change(int thread, uint64_t by, Nanos now) {
  OfThread& mine = threads_[static_cast<size_t>(thread)];
  const uint64_t version = mine.version.load(std::memory_order_relaxed);
  const uint64_t count = mine.count.load(std::memory_order_relaxed) + by;
  const uint64_t balance =
      mine.balance.load(std::memory_order_relaxed) - by * static_cast<uint64_t>(now);
  mine.version.store(version + 1, std::memory_order_relaxed);
  mine.count.store(count, std::memory_order_release);
  mine.balance.store(balance, std::memory_order_release);
  mine.version.store(version + 2, std::memory_order_release);
}

Flight::Sum Flight::Read() const {
  uint64_t count = 0;
  uint64_t balance = 0;
  for (const OfThread& thread : threads_) {
    for (;;) {
      const uint64_t version = thread.version.load(std::memory_order_acquire);
      const uint64_t its_count = thread.count.load(std::memory_order_acquire);
      const uint64_t its_balance = thread.balance.load(std::memory_order_acquire);
      if (version % 2 != 0 || thread.version.load(std::memory_order_relaxed) != version) continue;
      count += its_count;
      balance += its_balance;
      break;
    }
  }
  const Nanos now = SteadyNow();  // not before the times that are in the balance
  return {count * static_cast<uint64_t>(now) + balance, count, now};
}

void Flight::RestartPeak() {
  peak_.store(0);
  RaisePeak(count_.load());
}

void Flight::RaisePeak(uint64_t count) {
  uint64_t peak = peak_.load();
  while (count > peak && !peak_.compare_exchange_weak(peak, count)) {
  }
}

}  // namespace squall::target
