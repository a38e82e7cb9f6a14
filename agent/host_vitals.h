// How the agent's machine is while a run goes on: a thread of its own looks ten times a second at
// the interface and at the way to the server, and Take() at everything else.
//
// Owned and called by the session's thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "agent/connection_gauge.h"
#include "agent/connection_look.h"
#include "agent/endpoint.h"
#include "agent/host_counters.h"
#include "agent/network.h"
#include "agent/path_probe.h"
#include "agent/worker_pulse.h"
#include "common/mutex.h"
#include "squall/v1/metrics.pb.h"

namespace squall {

class HostVitals {
 public:
  // Begins to look. `network` outlives it. The server is at `destination`, or if that is not known
  // yet, where the first connection goes to.
  HostVitals(const Network& network, std::optional<Endpoint> destination, bool probe);
  ~HostVitals();
  HostVitals(const HostVitals&) = delete;
  HostVitals& operator=(const HostVitals&) = delete;

  // The run begins, soon: from now on the way to the server is looked at, first as it is without
  // load, unless there is to be no `probe`.
  void BeginRun();

  // Since the call before, or the beginning. `pulses` are of the same workers each time.
  v1::Vitals Take(const std::vector<const WorkerPulse*>& pulses, const ConnectionLook& connections);

 private:
  // What is compared from one Take() to the next.
  struct Reading {
    Nanos at = 0;
    std::vector<std::optional<ThreadTimes>> threads;
    std::vector<Nanos> late;
    std::optional<Nanos> throttled;
    std::optional<CoreTimes> cores;
    std::optional<uint64_t> clock_throttled;
    std::optional<LinkBytes> link;
    std::optional<TcpCounters> tcp;
    ConnectionGauge::Failures failures;
  };
  // What the thread has found since it was asked last.
  struct Found {
    std::string interface;
    std::optional<uint64_t> link_speed;
    LinkBytes peak;  // in a tenth of a second, per second
    std::vector<Nanos> round_trips;
    std::optional<Nanos> best_round_trip;
    uint32_t probes = 0;
    uint32_t unanswered = 0;
  };

  void Look() noexcept;
  void LookAtLink(const std::string& interface);
  void LookAtPath(const Endpoint& destination);
  Reading Read(const std::vector<const WorkerPulse*>& pulses, const std::string& interface) const;
  void TellWorkers(const Reading& now, v1::Vitals& vitals) const;
  void TellHost(const Reading& now, v1::Vitals& vitals) const;
  void TellLink(const Reading& now, const Found& found, v1::Vitals& vitals) const;
  void TellLimits(const Reading& now, v1::Vitals& vitals) const;

  const Network& network_;
  std::optional<Endpoint> destination_;  // the thread's
  const bool probe_;
  const ThrottleCounter throttle_;
  const uint32_t ports_;
  Reading before_;

  Mutex mutex_;
  CondVar changed_;
  bool over_ ABSL_GUARDED_BY(mutex_) = false;
  bool begun_ ABSL_GUARDED_BY(mutex_) = false;
  Found found_ ABSL_GUARDED_BY(mutex_);

  // The thread's.
  PathProbe path_probe_;
  Nanos probed_at_ = 0;
  std::optional<LinkBytes> link_before_;
  Nanos link_looked_at_ = 0;

  std::thread thread_;
};

}  // namespace squall
