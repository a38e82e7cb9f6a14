// Shows the process that it is loaded into (LD_PRELOAD) another wall clock: SQUALL_WALL_OFFSET
// seconds later. Steady clocks stay what they are. What waits in the kernel for a time of the wall
// clock is not caught: nothing here does.
#include <cstdlib>
#include <ctime>
#include <dlfcn.h>

#include <sys/time.h>

namespace {

time_t Offset() {
  static const time_t offset = [] {
    const char* text = std::getenv("SQUALL_WALL_OFFSET");
    return text == nullptr ? 0 : std::strtol(text, nullptr, 10);
  }();
  return offset;
}

}  // namespace

extern "C" {

int clock_gettime(clockid_t clock, timespec* time) noexcept {
  using Function = int (*)(clockid_t, timespec*);
  static const auto real = reinterpret_cast<Function>(dlsym(RTLD_NEXT, "clock_gettime"));
  const int result = real(clock, time);
  if (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE) time->tv_sec += Offset();
  return result;
}

int gettimeofday(timeval* time, void*) noexcept {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  time->tv_sec = now.tv_sec;
  time->tv_usec = now.tv_nsec / 1000;
  return 0;
}

time_t time(time_t* out) noexcept {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  if (out != nullptr) *out = now.tv_sec;
  return now.tv_sec;
}
}
