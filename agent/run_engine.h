// The workers of one run, and the phases whose numbers they draw.
//
// It sends nothing before the instant that it is started at, and nothing when its lease is over
// (docs/fleet.md): what is in flight then is awaited and recorded, and what is drawn or still to be
// drawn waits for the lease to be renewed, with its intended start, or for the end of its phase.
//
// Owned and called by one thread (the session's). News from the workers go to `events` from their
// threads; the owner hands OnSwapped's content back through Collect().
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "absl/status/statusor.h"
#include "agent/entry_times.h"
#include "agent/host_vitals.h"
#include "agent/lease.h"
#include "agent/network.h"
#include "agent/read_ahead.h"
#include "agent/request_source.h"
#include "agent/run_phase.h"
#include "agent/run_scripts.h"
#include "agent/server_watch.h"
#include "agent/worker.h"
#include "squall/v1/control.pb.h"
#include "squall/v1/metrics.pb.h"
#include "squall/v1/plan.pb.h"

namespace squall {

class RunEngine final : private Worker::Listener {
 public:
  struct Attention {};
  using Event = std::variant<Worker::Listener::Swapped, Attention>;

  // Makes min(threads, connections of the plan's whole concurrency) workers that wait for Start():
  // some may have nothing to do before SetConcurrency(). `events` is called from their threads and
  // must not block. INVALID_ARGUMENT if the plan cannot be executed here. PERMISSION_DENIED, with
  // what the agent does not do, if the policy forbids it; a target of the agent's own it lets be.
  // Waits some time for the addresses of the plan's names. `list`: as in RequestSource.
  static absl::StatusOr<std::unique_ptr<RunEngine>> Create(const v1::Prepare& prepare,
                                                           ListText list, std::string feeder,
                                                           uint32_t threads, const Policy& policy,
                                                           std::function<void(Event)> events);
  // Cuts off what is in flight; afterwards no more events.
  ~RunEngine();

  // Whereto requests go, for the agent's log: TargetText().
  const std::string& target() const { return target_; }
  uint32_t workers() const { return static_cast<uint32_t>(workers_.size()); }

  // The first phase begins, or began, at `at`; both on the steady clock. If that is past, the phase
  // that is going on is begun with; what was or is granted of phases that are over is named as
  // unsent where it was due before their end (under a rate), and otherwise never sent.
  void Start(Nanos at, Nanos lease_until);
  // Nothing is sent from `until` on. Earlier than the end it has: no change.
  void RenewLease(Nanos until);
  // `phase` is an index in the plan's phases. `again`: a lost agent had the numbers. Under a rate
  // they keep their intended starts, and their response times are kept apart as well.
  void Grant(size_t phase, const std::vector<Span>& spans, bool exhausted, bool again);
  // The share of the plan's concurrency from now on (at least 1, at most the plan's), and of a
  // bound on the backlog. Snapshots say how many there are in flight until it has come down to it.
  void SetConcurrency(uint32_t concurrency, uint64_t max_backlog);
  // See Worker::Stop. Again with an earlier deadline shortens it.
  void Stop(Nanos deadline);

  // Asks every worker for what it recorded. Not again before Collect() has given a snapshot.
  // `even_if_empty`: there is to be one in any case.
  void RequestSnapshot(bool even_if_empty);
  bool collecting() const { return awaited_ != 0; }

  struct Collected {
    // Without their sequence and commands. One of each phase with something new; if there is none
    // and there was to be one in any case, one that says so.
    std::vector<v1::Snapshot> snapshots;
    bool finished = false;  // every worker has ended, nothing is in flight
    // INVALID_ARGUMENT if a snapshot has two results of a number, which was granted twice. INTERNAL
    // if what SetConcurrency() asked for cannot be made.
    absl::Status status;
  };
  // What the workers' scripts have to tell, once all is finished.
  void TellScripts(v1::Done& done) const { scripts_.Tell(done); }
  // Takes one worker's answer; true with the last, when `collected` is filled.
  bool Collect(Worker::Listener::Swapped swapped, Collected& collected);

 private:
  // What a phase under an arrival rate did not send.
  struct Losses {
    std::vector<NumberRun> dropped;
    ArrivalQueue::Unsent unsent;
    bool empty() const { return dropped.empty() && unsent.runs.empty(); }
  };

  RunEngine(RequestSource source, const v1::Prepare& prepare, uint32_t workers,
            const Policy& policy, std::function<void(Event)> events);

  absl::Status PrepareTls(const v1::Transport& transport);
  void WatchHost(const v1::Plan& plan);
  void TellVitals(bool finished, v1::Snapshot& snapshot);
  std::optional<v1::ServerCounts> TakeServerCounts(bool finished);
  void NameAddresses();

  void OnSwapped(Swapped swapped) noexcept override;
  void OnAttention() noexcept override;
  void OnPutBack(uint32_t worker) noexcept override;

  Losses TakeLosses(size_t phase);
  absl::StatusOr<v1::Snapshot> SnapshotOf(size_t phase, const Losses& losses);

  const std::function<void(Event)> events_;
  const RequestSource source_;
  std::optional<EntryTimes> times_;  // of its list, where they are the schedule
  const uint32_t streams_;           // of a connection
  std::string target_;
  Network network_;
  Lease lease_;
  std::deque<RunPhase> phases_;  // which cannot be moved
  uint32_t concurrency_;         // the share of the plan's
  Nanos started_at_ = 0;
  Nanos began_ = 0;               // the first worker; 0: none has
  std::vector<Nanos> last_ends_;  // by phase, of any request; 0: there is none
  size_t last_reported_ = 0;      // the phase of the last snapshot
  std::vector<Flight> flights_;   // by phase, what no snapshot has told of yet
  bool even_if_empty_ = false;    // a snapshot is wanted
  uint32_t awaited_ = 0;          // answers still to come
  uint32_t finished_ = 0;         // answers from finished workers
  uint32_t stopped_ = 0;          // answers from those that their script has stopped …
  uint32_t idle_ = 0;             // … and from others that have no slots
  uint32_t at_once_ = 0;          // requests in flight at most, of the workers that have answered
  absl::Status fault_;            // of a worker
  Interval total_;                // of the answers that have come
  std::vector<std::unique_ptr<Interval>> spares_;
  Nanos vitals_at_ = 0;  // when a snapshot told of them last
  std::optional<HostVitals> vitals_;
  std::unique_ptr<ServerWatch> server_;    // null: it is not asked
  std::unique_ptr<ReadAhead> read_ahead_;  // null: nothing is worth it
  RunScripts scripts_;
  std::vector<std::unique_ptr<Worker>> workers_;  // last, so that they end first
};

}  // namespace squall
