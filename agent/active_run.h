// The run that an agent is taken by, from Hello on.
//
// Owned and used by the session's thread alone.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "absl/time/time.h"
#include "agent/calibration.h"
#include "agent/control_link.h"
#include "agent/kept_snapshots.h"
#include "agent/list_intake.h"
#include "agent/policy_watch.h"
#include "agent/run_audit.h"
#include "agent/run_engine.h"
#include "common/clock.h"
#include "squall/v1/control.pb.h"

namespace squall {

struct ActiveRun {
  // Early snapshots, which ask for more work, come no closer together than this.
  static constexpr Nanos kEarlyInterval = 5 * kMillisecond;

  // From kRunning on the run outlives its stream; kFinished: nothing is in flight any more.
  enum class Stage { kWelcomed, kReceiving, kReady, kRunning, kFinished };

  std::shared_ptr<ControlLink> link;  // null: broken
  Nanos linked = 0;                   // since when there is this one
  std::string run_id;
  std::string owner;       // by its certificate's name; empty: there was none
  std::string controller;  // who runs it, in a form that is safe to print
  absl::Time since;
  Stage stage = Stage::kWelcomed;
  v1::Prepare prepare;
  std::unique_ptr<ListIntake> intake;      // null: no list is awaited
  std::optional<ListText> list;            // once it is there
  std::string feeder;                      // as far as it has come
  std::optional<Calibration> calibration;  // its target outlives the workers
  std::unique_ptr<RunEngine> engine;
  PolicyWatch watch;
  RunAudit audit;
  v1::Done done;  // what is said when nothing is in flight any more
  KeptSnapshots snapshots;
  uint64_t commands = 0;  // carried out
  uint64_t recorded = 0;  // for the log
  Nanos last_asked = 0;   // when the last snapshot was asked for
  bool early = false;     // one is wanted before the interval is over
  bool paused = false;    // the lease is over, and that was logged

  void Count(const v1::Metrics& metrics) {
    recorded += metrics.succeeded() + metrics.failed();
    watch.Add(metrics);
    audit.Add(metrics);
  }

  bool begun() const { return stage >= Stage::kRunning; }
  // Whether this run of this controller goes on here: nobody else's Hello takes it over.
  bool IsOf(const PeerIdentity& who, const std::string& run) const {
    return begun() && run_id == run && owner == who.name;
  }
  // When the next snapshot is to be asked for. Nobody would answer an early one on a broken stream.
  Nanos NextSnapshot() const {
    if (stage != Stage::kRunning || engine->collecting()) return kForever;
    return last_asked + (early && link ? std::min(kEarlyInterval, interval()) : interval());
  }
  // When the controller's silence has a consequence next.
  Nanos NextConsequence(bool dials) const {
    if (!begun()) return kForever;
    Nanos next = std::min(give_up_at(), watch.end());
    if (!paused) next = std::min(next, lease_end());
    return dials ? std::min(next, silent_at()) : next;
  }

  Nanos interval() const { return std::min(prepare.snapshot_interval_ns(), watch.interval()); }
  Nanos lease_end() const { return snapshots.acknowledged_sent() + prepare.lease_ns(); }
  Nanos give_up_at() const { return snapshots.acknowledged_sent() + prepare.grace_ns(); }
  // When a stream on which nothing is acknowledged is taken for broken.
  Nanos silent_at() const {
    const Nanos oldest = snapshots.oldest_sent();
    return link == nullptr || oldest == kForever ? kForever
                                                 : std::max(oldest, linked) + 2 * interval();
  }
};

}  // namespace squall
