// The workers of one run, and the numbers they draw from.
//
// Owned and called by one thread (the session's). News from the workers go to `events` from their
// threads; the owner hands OnSwapped's content back through Collect().
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "absl/status/statusor.h"
#include "agent/network.h"
#include "agent/request_source.h"
#include "agent/span_queue.h"
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
  void Grant(const std::vector<Span>& spans, bool exhausted);
  // See Worker::Stop. Again with an earlier deadline shortens it.
  void Stop(Nanos deadline);

  // Asks every worker for what it recorded. Not again before Collect() has given a snapshot.
  void RequestSnapshot();
  bool collecting() const { return awaited_ != 0; }

  struct Collected {
    v1::Snapshot snapshot;  // without its sequence
    bool empty = true;      // nothing was recorded, not even a connection
    bool finished = false;  // every worker has ended, nothing is in flight
    // INVALID_ARGUMENT if the snapshot has two results of a number, which was granted twice.
    absl::Status status;
  };
  // Takes one worker's answer; true with the last, when `collected` is filled.
  bool Collect(Worker::Listener::Swapped swapped, Collected& collected);

 private:
  RunEngine(RequestSource source, uint32_t workers, std::function<void(Event)> events);

  void NameAddresses();

  void OnSwapped(Swapped swapped) noexcept override;
  void OnAttention() noexcept override;

  const std::function<void(Event)> events_;
  const RequestSource source_;
  Network network_;
  SpanQueue queue_;
  Nanos started_at_ = 0;
  Nanos last_end_ = 0;     // of any request of the run; 0: there is none
  uint32_t awaited_ = 0;   // answers still to come
  uint32_t finished_ = 0;  // answers from finished workers
  Interval total_;         // of the answers that have come
  std::vector<std::unique_ptr<Interval>> spares_;
  std::vector<std::unique_ptr<Worker>> workers_;  // last, so that they end first
};

}  // namespace squall
