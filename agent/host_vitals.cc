#include "agent/host_vitals.h"

#include <algorithm>
#include <cstdlib>
#include <utility>

#include <sys/resource.h>

#include "agent/host_limits.h"
#include "common/file_limit.h"

namespace squall {
namespace {

constexpr Nanos kLookInterval = 100 * kMillisecond;
constexpr Nanos kProbeInterval = 500 * kMillisecond;
// A SYN that is lost is sent again after a second.
constexpr Nanos kProbeTimeout = 1500 * kMillisecond;
// How often a probe that is under way is looked at; then it is closed soon.
constexpr Nanos kProbeLook = 10 * kMillisecond;

// Not the first one, which may go to some other place, but what can be dialled of all.
std::optional<Endpoint> FirstOf(const std::vector<std::string>& names) {
  for (const std::string& name : names) {
    const size_t colon = name.rfind(':');
    if (colon == std::string::npos || name.starts_with("unix:")) continue;
    std::string host = name.substr(0, colon);
    if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
    const std::optional<Endpoint> address = NumericEndpoint(host);
    if (!address) continue;
    return WithPort(*address, static_cast<uint16_t>(std::atoi(name.c_str() + colon + 1)));
  }
  return std::nullopt;
}

Nanos MedianOf(std::vector<Nanos>& values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

uint64_t PerSecond(uint64_t count, Nanos time) {
  return static_cast<uint64_t>(static_cast<double>(count) * 1e9 / static_cast<double>(time));
}

}  // namespace

HostVitals::HostVitals(const Network& network, std::optional<Endpoint> destination, bool probe)
    : network_(network),
      destination_(std::move(destination)),
      probe_(probe),
      ports_(static_cast<uint32_t>(LocalPorts())) {
  before_ = Read({}, "");
  thread_ = std::thread([this]() noexcept { Look(); });
}

HostVitals::~HostVitals() {
  {
    MutexLock lock(mutex_);
    over_ = true;
  }
  changed_.NotifyAll();
  thread_.join();
}

void HostVitals::BeginRun() {
  {
    MutexLock lock(mutex_);
    begun_ = true;
  }
  changed_.NotifyAll();
}

void HostVitals::Look() noexcept {
  std::string interface;
  Nanos next_look = 0;
  bool probes = false;
  while (true) {
    const Nanos now = SteadyNow();
    if (now >= next_look) {
      next_look = now + kLookInterval;
      if (!destination_) destination_ = FirstOf(network_.addresses.Names());
      if (destination_ && interface.empty()) {
        interface = InterfaceTo(*destination_).value_or("");
        const std::optional<uint64_t> speed = LinkSpeed(interface);
        MutexLock lock(mutex_);
        found_.interface = interface;
        found_.link_speed = speed;
      }
      LookAtLink(interface);
    }
    if (destination_ && probes) LookAtPath(*destination_);
    MutexLock lock(mutex_);
    if (over_) return;
    if (begun_ && probe_ && !probes) {
      probes = true;
      continue;  // at once, before there is load
    }
    changed_.WaitUntil(mutex_,
                       path_probe_.begun() ? std::min(next_look, now + kProbeLook) : next_look);
  }
}

void HostVitals::LookAtLink(const std::string& interface) {
  if (interface.empty()) return;
  const Nanos now = SteadyNow();
  const std::optional<LinkBytes> bytes = ReadLinkBytes(interface);
  // A longer time, as where this thread had to wait for a core, is no peak's.
  const Nanos time = now - link_looked_at_;
  if (bytes && link_before_ && time > kLookInterval / 2) {
    MutexLock lock(mutex_);
    LinkBytes& peak = found_.peak;
    peak.received =
        std::max(peak.received, PerSecond(bytes->received - link_before_->received, time));
    peak.sent = std::max(peak.sent, PerSecond(bytes->sent - link_before_->sent, time));
  }
  link_before_ = bytes;
  link_looked_at_ = now;
}

void HostVitals::LookAtPath(const Endpoint& destination) {
  const Nanos now = SteadyNow();
  if (path_probe_.begun()) {
    const std::optional<Nanos> round_trip = path_probe_.Look();
    if (round_trip) {
      MutexLock lock(mutex_);
      found_.round_trips.push_back(*round_trip);
      found_.best_round_trip = std::min(found_.best_round_trip.value_or(*round_trip), *round_trip);
    }
  }
  const bool under_way = path_probe_.begun();
  if (now < probed_at_ + (under_way ? kProbeTimeout : kProbeInterval)) return;
  probed_at_ = now;
  const bool begun = path_probe_.Begin(destination);
  MutexLock lock(mutex_);
  if (under_way) ++found_.unanswered;
  if (begun) ++found_.probes;
}

HostVitals::Reading HostVitals::Read(const std::vector<const WorkerPulse*>& pulses,
                                     const std::string& interface) const {
  Reading reading;
  reading.at = SteadyNow();
  for (const WorkerPulse* pulse : pulses) {
    reading.threads.push_back(ReadThreadTimes(pulse->thread()));
    reading.late.push_back(pulse->late());
  }
  reading.throttled = throttle_.Read();
  reading.cores = ReadCoreTimes();
  reading.clock_throttled = ReadClockThrottled();
  if (!interface.empty()) reading.link = ReadLinkBytes(interface);
  reading.tcp = ReadTcpCounters();
  reading.failures = network_.connections.failures();
  return reading;
}

v1::Vitals HostVitals::Take(const std::vector<const WorkerPulse*>& pulses,
                            const ConnectionLook& connections) {
  Found found;
  {
    MutexLock lock(mutex_);
    found = found_;
    found_.peak = {};
    found_.round_trips.clear();
    found_.probes = found_.unanswered = 0;
  }
  Reading now = Read(pulses, found.interface);
  v1::Vitals vitals;
  vitals.set_begin_ns(before_.at);
  vitals.set_end_ns(now.at);
  TellWorkers(now, vitals);
  TellHost(now, vitals);
  TellLink(now, found, vitals);
  TellLimits(now, vitals);
  std::vector<Nanos> round_trips = connections.round_trips;
  if (!round_trips.empty()) {
    vitals.set_connections_looked_at(static_cast<uint32_t>(round_trips.size()));
    vitals.set_connection_rtt_ns(MedianOf(round_trips));
    vitals.set_connection_retransmissions(connections.retransmissions);
  }
  before_ = std::move(now);
  return vitals;
}

void HostVitals::TellWorkers(const Reading& now, v1::Vitals& vitals) const {
  vitals.set_workers(static_cast<uint32_t>(now.threads.size()));
  Nanos cpu = 0;
  Nanos waiting = 0;
  Nanos late = 0;
  bool known = !now.threads.empty();
  for (size_t i = 0; i < now.threads.size(); ++i) {
    const Nanos late_before = i < before_.late.size() ? before_.late[i] : 0;
    late += now.late[i] - late_before;
    vitals.set_late_most_ns(std::max(vitals.late_most_ns(), now.late[i] - late_before));
    ThreadTimes before;
    if (i < before_.threads.size() && before_.threads[i]) before = *before_.threads[i];
    known = known && now.threads[i];
    if (!now.threads[i]) continue;
    cpu += now.threads[i]->cpu - before.cpu;
    waiting += now.threads[i]->waiting - before.waiting;
    vitals.set_cpu_most_ns(std::max(vitals.cpu_most_ns(), now.threads[i]->cpu - before.cpu));
    vitals.set_cpu_wait_most_ns(
        std::max(vitals.cpu_wait_most_ns(), now.threads[i]->waiting - before.waiting));
  }
  vitals.set_late_ns(late);
  if (!known) return;
  vitals.set_cpu_ns(cpu);
  vitals.set_cpu_wait_ns(waiting);
}

void HostVitals::TellHost(const Reading& now, v1::Vitals& vitals) const {
  if (now.throttled && before_.throttled) {
    vitals.set_throttled_ns(*now.throttled - *before_.throttled);
  }
  if (now.cores && before_.cores && now.cores->all > before_.cores->all) {
    const auto all = static_cast<double>(now.cores->all - before_.cores->all);
    const auto idle = static_cast<double>(now.cores->idle - before_.cores->idle);
    vitals.set_host_busy(std::clamp(1 - idle / all, 0.0, 1.0));
    vitals.set_host_steal(
        std::clamp(static_cast<double>(now.cores->steal - before_.cores->steal) / all, 0.0, 1.0));
  }
  double load = 0;
  if (getloadavg(&load, 1) == 1) vitals.set_load(load);
  if (now.clock_throttled && before_.clock_throttled) {
    vitals.set_clock_throttled(*now.clock_throttled - *before_.clock_throttled);
  }
  if (const auto memory = ReadMemoryUse()) {
    vitals.set_memory_bytes(memory->process);
    vitals.set_memory_left_bytes(memory->left);
  }
}

void HostVitals::TellLink(const Reading& now, const Found& found, v1::Vitals& vitals) const {
  vitals.set_interface(found.interface);
  if (found.link_speed) vitals.set_link_bytes_per_second(*found.link_speed);
  if (now.link && before_.link) {
    vitals.set_link_received_bytes(now.link->received - before_.link->received);
    vitals.set_link_sent_bytes(now.link->sent - before_.link->sent);
    vitals.set_link_received_peak_per_second(found.peak.received);
    vitals.set_link_sent_peak_per_second(found.peak.sent);
  }
  if (now.tcp && before_.tcp) {
    vitals.set_tcp_received_segments(now.tcp->received - before_.tcp->received);
    vitals.set_tcp_sent_segments(now.tcp->sent - before_.tcp->sent);
    vitals.set_tcp_retransmitted_segments(now.tcp->retransmitted - before_.tcp->retransmitted);
    vitals.set_tcp_out_of_order_segments(now.tcp->out_of_order - before_.tcp->out_of_order);
  }
  std::vector<Nanos> round_trips = found.round_trips;
  if (!round_trips.empty()) vitals.set_path_rtt_ns(MedianOf(round_trips));
  if (found.best_round_trip) vitals.set_path_best_rtt_ns(*found.best_round_trip);
  vitals.set_path_probes(found.probes);
  vitals.set_path_unanswered(found.unanswered);
}

void HostVitals::TellLimits(const Reading& now, v1::Vitals& vitals) const {
  if (const auto used = ReadPortsUsed()) vitals.set_ports_used(*used);
  vitals.set_ports(ports_);
  if (const auto used = ReadFilesUsed()) vitals.set_files_used(*used);
  vitals.set_file_limit(FileLimit());
  vitals.set_without_port(now.failures.without_port - before_.failures.without_port);
  vitals.set_without_file(now.failures.without_file - before_.failures.without_file);
  vitals.set_connect_failures(now.failures.other - before_.failures.other);
}

}  // namespace squall
