#include <array>
#include <charconv>
#include <cstring>
#include <fcntl.h>
#include <string_view>
#include <unistd.h>

#include <fmt/format.h>
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "agent/host_counters.h"

namespace squall {
namespace {

constexpr size_t kMostBytes = 64 << 10;

// The beginning of a file; empty if it cannot be read.
std::string Contents(const std::string& path) {
  std::string text;
  const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return text;
  std::array<char, 4096> part;
  ssize_t count = 0;
  while (text.size() < kMostBytes && (count = read(file, part.data(), part.size())) > 0) {
    text.append(part.data(), static_cast<size_t>(count));
  }
  close(file);
  return text;
}

// The next word of `text`, which loses it; empty at the end.
std::string_view NextWord(std::string_view& text) {
  const size_t begin = std::min(text.find_first_not_of(" \t\n:"), text.size());
  const size_t end = std::min(text.find_first_of(" \t\n:", begin), text.size());
  const std::string_view word = text.substr(begin, end - begin);
  text.remove_prefix(end);
  return word;
}

std::optional<uint64_t> Number(std::string_view word) {
  uint64_t number = 0;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), number);
  if (error != std::errc() || end != word.data() + word.size()) return std::nullopt;
  return number;
}

// The number behind `key`, which stands at the beginning of a line.
std::optional<uint64_t> NumberAfter(std::string_view text, std::string_view key) {
  size_t at = 0;
  while ((at = text.find(key, at)) != std::string_view::npos) {
    const bool begins = at == 0 || text[at - 1] == '\n';
    at += key.size();
    if (!begins) continue;
    std::string_view rest = text.substr(at);
    return Number(NextWord(rest));
  }
  return std::nullopt;
}

// Of two lines "Group: name name …" and "Group: number number …", the number below `name`.
std::optional<uint64_t> NumberBelow(std::string_view text, std::string_view group,
                                    std::string_view name) {
  const size_t names_at = text.find(group);
  if (names_at == std::string_view::npos) return std::nullopt;
  const size_t names_end = std::min(text.find('\n', names_at), text.size());
  const size_t values_at = text.find(group, names_end);
  if (values_at == std::string_view::npos) return std::nullopt;
  std::string_view names = text.substr(names_at, names_end - names_at);
  std::string_view values = text.substr(values_at, text.find('\n', values_at) - values_at);
  while (true) {
    const std::string_view word = NextWord(names);
    const std::string_view value = NextWord(values);
    if (word.empty() || value.empty()) return std::nullopt;
    if (word == name) return Number(value);
  }
}

}  // namespace

int64_t ThisThreadId() { return syscall(SYS_gettid); }

std::optional<ThreadTimes> ReadThreadTimes(int64_t thread) {
  const std::string text = Contents(fmt::format("/proc/self/task/{}/schedstat", thread));
  std::string_view rest = text;
  const auto cpu = Number(NextWord(rest));
  const auto waiting = Number(NextWord(rest));
  if (!cpu || !waiting) return std::nullopt;
  return ThreadTimes{static_cast<Nanos>(*cpu), static_cast<Nanos>(*waiting)};
}

std::optional<CoreTimes> ReadCoreTimes() {
  const std::string text = Contents("/proc/stat");
  std::string_view rest = text;
  if (NextWord(rest) != "cpu") return std::nullopt;
  // user nice system idle iowait irq softirq steal; what follows is part of these.
  CoreTimes times;
  for (int column = 0; column < 8; ++column) {
    const auto ticks = Number(NextWord(rest));
    if (!ticks) return std::nullopt;
    times.all += *ticks;
    if (column == 3 || column == 4) times.idle += *ticks;
    if (column == 7) times.steal = *ticks;
  }
  return times;
}

// "0::/path" is the one hierarchy of version 2; in version 1, "4:cpu,cpuacct:/path".
ThrottleCounter::ThrottleCounter() {
  const std::string groups = Contents("/proc/self/cgroup");
  std::string_view rest = groups;
  while (!rest.empty()) {
    const size_t end = std::min(rest.find('\n'), rest.size());
    const std::string_view line = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    const size_t first = line.find(':');
    const size_t second = line.find(':', first + 1);
    if (first == std::string_view::npos || second == std::string_view::npos) continue;
    const std::string controllers = fmt::format(",{},", line.substr(first + 1, second - first - 1));
    const std::string_view path = line.substr(second + 1);
    std::string found;
    if (controllers == ",,") found = fmt::format("/sys/fs/cgroup{}/cpu.stat", path);
    if (controllers.find(",cpu,") != std::string::npos) {
      found = fmt::format("/sys/fs/cgroup/cpu{}/cpu.stat", path);
    }
    if (!found.empty() && access(found.c_str(), R_OK) == 0) path_ = found;
  }
}

std::optional<Nanos> ThrottleCounter::Read() const {
  if (path_.empty()) return std::nullopt;
  const std::string text = Contents(path_);
  if (const auto micros = NumberAfter(text, "throttled_usec ")) {
    return static_cast<Nanos>(*micros) * 1000;
  }
  if (const auto nanos = NumberAfter(text, "throttled_time ")) return static_cast<Nanos>(*nanos);
  return std::nullopt;
}

std::optional<uint64_t> ReadClockThrottled() {
  std::optional<uint64_t> sum;
  constexpr int kMostCores = 4096;
  for (int core = 0; core < kMostCores; ++core) {
    const std::string text = Contents(
        fmt::format("/sys/devices/system/cpu/cpu{}/thermal_throttle/core_throttle_count", core));
    std::string_view rest = text;
    const auto count = Number(NextWord(rest));
    if (!count) break;
    sum = sum.value_or(0) + *count;
  }
  return sum;
}

std::optional<LinkBytes> ReadLinkBytes(const std::string& interface) {
  const std::string text = Contents("/proc/net/dev");
  std::string_view rest = text;
  while (!rest.empty()) {
    const size_t end = std::min(rest.find('\n'), rest.size());
    std::string_view line = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    if (NextWord(line) != interface) continue;
    // bytes packets errs drop fifo frame compressed multicast, and bytes again
    std::array<std::optional<uint64_t>, 9> columns;
    for (auto& column : columns) column = Number(NextWord(line));
    if (!columns[0] || !columns[8]) return std::nullopt;
    return LinkBytes{*columns[0], *columns[8]};
  }
  return std::nullopt;
}

std::optional<uint64_t> LinkSpeed(const std::string& interface) {
  ifreq request{};
  if (interface.size() >= sizeof(request.ifr_name)) return std::nullopt;
  std::memcpy(request.ifr_name, interface.data(), interface.size());
  ethtool_cmd command{};
  command.cmd = ETHTOOL_GSET;
  request.ifr_data = reinterpret_cast<char*>(&command);
  const int socket = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (socket < 0) return std::nullopt;
  const bool known = ioctl(socket, SIOCETHTOOL, &request) == 0;
  close(socket);
  const uint32_t megabits = ethtool_cmd_speed(&command);
  if (!known || megabits == 0 || megabits == static_cast<uint32_t>(SPEED_UNKNOWN)) {
    return std::nullopt;
  }
  return uint64_t{megabits} * 1'000'000 / 8;
}

std::optional<TcpCounters> ReadTcpCounters() {
  const std::string counts = Contents("/proc/net/snmp");
  const std::string more = Contents("/proc/net/netstat");
  const auto received = NumberBelow(counts, "Tcp:", "InSegs");
  const auto sent = NumberBelow(counts, "Tcp:", "OutSegs");
  const auto retransmitted = NumberBelow(counts, "Tcp:", "RetransSegs");
  if (!received || !sent || !retransmitted) return std::nullopt;
  return TcpCounters{*received, *sent, *retransmitted,
                     NumberBelow(more, "TcpExt:", "TCPOFOQueue").value_or(0)};
}

std::optional<uint32_t> ReadPortsUsed() {
  const std::string text = Contents("/proc/net/sockstat");
  const size_t at = text.find("TCP: ");
  if (at == std::string::npos) return std::nullopt;
  std::string_view rest = std::string_view(text).substr(at);
  uint64_t sum = 0;
  bool any = false;
  NextWord(rest);
  while (true) {  // inuse 5 orphan 0 tw 2 alloc 9 mem 3
    const std::string_view name = NextWord(rest);
    const auto count = Number(NextWord(rest));
    if (!count) break;
    if (name == "inuse" || name == "tw") sum += *count;
    any = true;
  }
  if (!any) return std::nullopt;
  return static_cast<uint32_t>(sum);
}

std::optional<uint32_t> ReadFilesUsed() {
  struct stat folder {};  // tells so since Linux 6.2
  if (stat("/proc/self/fd", &folder) != 0 || folder.st_size <= 0) return std::nullopt;
  return static_cast<uint32_t>(folder.st_size);
}

std::optional<MemoryUse> ReadMemoryUse() {
  const std::string own = Contents("/proc/self/statm");
  std::string_view rest = own;
  NextWord(rest);
  const auto pages = Number(NextWord(rest));
  const auto left = NumberAfter(Contents("/proc/meminfo"), "MemAvailable:");
  if (!pages || !left) return std::nullopt;
  return MemoryUse{*pages * static_cast<uint64_t>(sysconf(_SC_PAGESIZE)), *left * 1024};
}

}  // namespace squall
