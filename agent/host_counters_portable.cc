// Nothing of it is known.
#include "agent/host_counters.h"

namespace squall {

int64_t ThisThreadId() { return 0; }

std::optional<ThreadTimes> ReadThreadTimes(int64_t) { return std::nullopt; }

std::optional<CoreTimes> ReadCoreTimes() { return std::nullopt; }

ThrottleCounter::ThrottleCounter() = default;

std::optional<Nanos> ThrottleCounter::Read() const { return std::nullopt; }

std::optional<uint64_t> ReadClockThrottled() { return std::nullopt; }

std::optional<LinkBytes> ReadLinkBytes(const std::string&) { return std::nullopt; }

std::optional<uint64_t> LinkSpeed(const std::string&) { return std::nullopt; }

std::optional<TcpCounters> ReadTcpCounters() { return std::nullopt; }

std::optional<uint32_t> ReadPortsUsed() { return std::nullopt; }

std::optional<uint32_t> ReadFilesUsed() { return std::nullopt; }

std::optional<MemoryUse> ReadMemoryUse() { return std::nullopt; }

}  // namespace squall
