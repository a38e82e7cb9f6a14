// A simulated agent: its side of the control protocol, without a request.
//
// What it claims is what an agent would have done: of the numbers granted to it, in order, as many
// as its rate allows, or under an arrival rate those that are due. All agents of a process belong
// to one thread; so do the things that they share.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "common/channel.h"
#include "common/clock.h"
#include "common/histogram.h"
#include "common/schedule.h"
#include "common/span.h"
#include "squall/v1/control.pb.h"
#include "tests/bench/sim_metrics.h"

namespace squall {

// What the agents of one process have in common.
struct SimFleet {
  size_t agents = 1;
  double per_second = 1000;     // requests of each agent in a closed loop
  Nanos snapshot_interval = 0;  // 0: as the controller asks
  SimMetrics metrics = {};
  std::map<size_t, Schedule> schedules = {};  // of the plan's phases with arrivals

  uint64_t snapshots = 0;
  uint64_t snapshot_bytes = 0;
  uint64_t largest_snapshot = 0;  // bytes
  uint64_t claimed = 0;           // of the measured phase
  uint64_t acknowledged = 0;      // snapshots
  uint64_t grants = 0;
  Histogram acknowledging = {};  // time from a snapshot to its acknowledgement
};

class SimAgent {
 public:
  // `index` among the fleet's agents. The fleet is borrowed.
  SimAgent(size_t index, SimFleet& fleet) : index_(index), fleet_(fleet) {}

  void Begin(std::shared_ptr<Channel<v1::AgentMessage>> channel) { channel_ = std::move(channel); }
  void OnMessage(v1::ControllerMessage& message, Nanos received);
  // When OnTime() is to be called.
  Nanos next() const { return next_; }
  void OnTime(Nanos now);

  // Its stream is gone before the controller has let it go.
  void Break() { next_ = kForever; }

  // The first message has come.
  bool greeted() const { return greeted_; }
  // The controller has let it go.
  bool dismissed() const { return dismissed_; }

 private:
  struct Phase {
    Nanos begin = 0;  // since the start
    Nanos end = kForever;
    Schedule* schedule = nullptr;  // null: a closed loop
    std::deque<Span> granted;      // and not claimed
    uint64_t open = 0;             // numbers of these
    uint64_t low = 0;              // fewer than this ask for more, once
    Nanos done_until = 0;          // in a closed loop: since the start
  };

  void OnHello();
  void OnPrepare(v1::Prepare& prepare);
  void OnGrant(const v1::Grant& grant);
  void OnStop(Nanos now);
  void GetReady();
  void SetNext();
  void Report(Nanos now, bool last);
  void SendSnapshot(size_t phase, const std::vector<Span>& held, Nanos now);
  void TellEvidence(Nanos now, v1::Snapshot& snapshot);
  void SendDone();
  std::vector<Span> Claim(Phase& phase, Nanos time, bool last);
  uint64_t DueBy(Phase& phase, Nanos time, bool last) const;
  Nanos LowAt(const Phase& phase) const;
  void Say(v1::AgentMessage message) { channel_->Send(std::move(message)); }

  const size_t index_;
  SimFleet& fleet_;
  std::shared_ptr<Channel<v1::AgentMessage>> channel_;
  bool greeted_ = false;
  bool dismissed_ = false;
  bool finished_ = false;
  std::vector<Phase> phases_;
  uint32_t concurrency_ = 0;
  Nanos interval_ = kSecond;
  Nanos lease_ = kForever;        // its length
  Nanos lease_until_ = kForever;  // nothing is done after it
  Nanos start_ = 0;               // 0: not yet
  uint64_t commands_ = 0;
  uint64_t sequence_ = 0;
  std::deque<Nanos> sent_;  // when the snapshots were that are not acknowledged
  Nanos report_at_ = kForever;
  Nanos told_until_ = 0;  // of what was in flight, and of vitals
  Nanos reported_ = 0;
  Nanos next_ = kForever;
};

}  // namespace squall
