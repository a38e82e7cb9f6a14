// The workers of one run, and the phases whose numbers they draw.
//
// Owned and called by one thread (the session's). News from the workers go to `events` from their
// threads; the owner hands OnSwapped's content back through Collect().
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "absl/status/statusor.h"
#include "agent/network.h"
#include "agent/request_source.h"
#include "agent/run_phase.h"
#include "agent/worker.h"
#include "squall/v1/control.pb.h"
#include "squall/v1/metrics.pb.h"
#include "squall/v1/plan.pb.h"

namespace squall {

class RunEngine final : private Worker::Listener {
 public:
  struct Attention {};
  using Event = std::variant<Worker::Listener::Swapped, Attention>;

  // Makes min(threads, connections) workers that wait for Start(). `events` is called from their
  // threads and must not block. INVALID_ARGUMENT if the plan cannot be executed here.
  static absl::StatusOr<std::unique_ptr<RunEngine>> Create(const v1::Prepare& prepare,
                                                           std::string list_text, uint32_t threads,
                                                           std::function<void(Event)> events);
  // Cuts off what is in flight; afterwards no more events.
  ~RunEngine();

  uint32_t workers() const { return static_cast<uint32_t>(workers_.size()); }

  void Start();
  // `phase` is an index in the plan's phases.
  void Grant(size_t phase, const std::vector<Span>& spans, bool exhausted);
  // See Worker::Stop. Again with an earlier deadline shortens it.
  void Stop(Nanos deadline);

  // Asks every worker for what it recorded. Not again before Collect() has given a snapshot.
  void RequestSnapshot();
  bool collecting() const { return awaited_ != 0; }

  struct Collected {
    // Without their sequence. One of each phase with something new; if there is none, one that
    // says so.
    std::vector<v1::Snapshot> snapshots;
    bool empty = true;      // nothing was recorded, not even a connection
    bool finished = false;  // every worker has ended, nothing is in flight
    // INVALID_ARGUMENT if a snapshot has two results of a number, which was granted twice.
    absl::Status status;
  };
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
            std::function<void(Event)> events);

  void NameAddresses();

  void OnSwapped(Swapped swapped) noexcept override;
  void OnAttention() noexcept override;

  Losses TakeLosses(size_t phase);
  absl::StatusOr<v1::Snapshot> SnapshotOf(size_t phase, const Losses& losses);

  const std::function<void(Event)> events_;
  const RequestSource source_;
  Network network_;
  std::deque<RunPhase> phases_;  // which cannot be moved
  Nanos started_at_ = 0;
  std::vector<Nanos> last_ends_;  // by phase, of any request; 0: there is none
  size_t last_reported_ = 0;      // the phase of the last snapshot
  uint32_t awaited_ = 0;          // answers still to come
  uint32_t finished_ = 0;         // answers from finished workers
  Interval total_;                // of the answers that have come
  std::vector<std::unique_ptr<Interval>> spares_;
  std::vector<std::unique_ptr<Worker>> workers_;  // last, so that they end first
};

}  // namespace squall
