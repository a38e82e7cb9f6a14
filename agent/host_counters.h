// What the system tells of this process and its machine, as counters that only go on.
//
// Linux: /proc, the control group's cpu.stat and ioctl (proc(5), cgroups(7), ethtool's
// SIOCETHTOOL). Elsewhere, or where a file is missing, things are not known. Any thread; a call
// takes some ten microseconds for each file.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "common/clock.h"

namespace squall {

struct ThreadTimes {
  Nanos cpu = 0;      // it ran
  Nanos waiting = 0;  // it could have run, and had no core
};
// Of a thread of this process, by ThisThreadId().
std::optional<ThreadTimes> ReadThreadTimes(int64_t thread);
int64_t ThisThreadId();

// Of all cores together, in the system's ticks.
struct CoreTimes {
  uint64_t all = 0;
  uint64_t idle = 0;
  uint64_t steal = 0;
};
std::optional<CoreTimes> ReadCoreTimes();

// For how long the control group of this process was throttled.
class ThrottleCounter {
 public:
  // Finds its file.
  ThrottleCounter();
  std::optional<Nanos> Read() const;

 private:
  std::string path_;  // empty: none
};

// How often any core was slowed down because of heat.
std::optional<uint64_t> ReadClockThrottled();

struct LinkBytes {
  uint64_t received = 0;
  uint64_t sent = 0;
};
std::optional<LinkBytes> ReadLinkBytes(const std::string& interface);
// Bytes a second each way; nothing where an interface has no speed of its own.
std::optional<uint64_t> LinkSpeed(const std::string& interface);

struct TcpCounters {
  uint64_t received = 0;  // segments
  uint64_t sent = 0;
  uint64_t retransmitted = 0;
  uint64_t out_of_order = 0;  // received
};
std::optional<TcpCounters> ReadTcpCounters();

// Local ports taken by TCP, also by connections that are closed and not forgotten yet.
std::optional<uint32_t> ReadPortsUsed();
std::optional<uint32_t> ReadFilesUsed();
struct MemoryUse {
  uint64_t process = 0;  // resident bytes
  uint64_t left = 0;     // that the machine could give
};
std::optional<MemoryUse> ReadMemoryUse();

}  // namespace squall
