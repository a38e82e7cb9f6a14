#include "tests/fuzz/simulated_time.h"

#include <algorithm>
#include <cerrno>
#include <ctime>
#include <pthread.h>
#include <unistd.h>
#include <utility>

#include <sys/syscall.h>

namespace squall {
namespace {

// Some time after the machine was started.
constexpr Nanos kBegin = 1'000 * kSecond;

// Null: the system's time counts. Of the thread that simulates; others have the system's.
thread_local const std::function<void(Nanos deadline)>* on_idle = nullptr;
thread_local Nanos simulated = kBegin;

Nanos ToNanos(const timespec& time) { return Nanos{time.tv_sec} * kSecond + time.tv_nsec; }

// Stands in for a wait: 0 is a wake-up for no reason, which every caller expects.
int Idle(pthread_mutex_t* mutex, Nanos deadline) {
  pthread_mutex_unlock(mutex);
  (*on_idle)(deadline);
  pthread_mutex_lock(mutex);
  return 0;
}

}  // namespace

SimulatedTime::SimulatedTime(std::function<void(Nanos deadline)> idle) : idle_(std::move(idle)) {
  simulated = kBegin;
  on_idle = &idle_;
}

SimulatedTime::~SimulatedTime() { on_idle = nullptr; }

Nanos SimulatedTime::Now() { return simulated; }

void SimulatedTime::MoveTo(Nanos time) { simulated = std::max(simulated, time); }

}  // namespace squall

// These come before the C library's.
extern "C" {

int clock_gettime(clockid_t clock, timespec* time) noexcept {
  const bool steady = clock == squall::kSteadyClock || clock == CLOCK_MONOTONIC;
  if (squall::on_idle == nullptr || !steady) {
    return static_cast<int>(syscall(SYS_clock_gettime, clock, time));
  }
  time->tv_sec = squall::simulated / squall::kSecond;
  time->tv_nsec = squall::simulated % squall::kSecond;
  return 0;
}

// All that is not simulated are libFuzzer's own threads and gRPC's, which wait in other ways.
int pthread_cond_wait(pthread_cond_t* /*condition*/, pthread_mutex_t* mutex) {
  if (squall::on_idle == nullptr) return ENOTSUP;
  return squall::Idle(mutex, squall::kForever);
}

int pthread_cond_clockwait(pthread_cond_t* /*condition*/, pthread_mutex_t* mutex,
                           clockid_t /*clock*/, const timespec* deadline) {
  if (squall::on_idle == nullptr) return ENOTSUP;
  return squall::Idle(mutex, squall::ToNanos(*deadline));
}

}  // extern "C"
