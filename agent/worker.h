// One thread with one event loop that draws numbers, sends their requests and records them.
//
// Everything on the way from number to record belongs to the worker's thread: no lock (but once a
// chunk of numbers), no allocation, nothing shared but the lease, which is only looked at. While
// that is over it sends nothing and keeps what it has drawn. Other threads give it commands, which
// it takes when its loop is woken, and hear of it through the Listener.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/statusor.h"
#include "agent/flight_meter.h"
#include "agent/lease.h"
#include "agent/recorder.h"
#include "agent/request_source.h"
#include "agent/rests.h"
#include "agent/run_phase.h"
#include "agent/slots.h"
#include "agent/transport.h"
#include "agent/user_flows.h"
#include "agent/worker_pulse.h"
#include "common/mutex.h"
#include "squall/v1/plan.pb.h"

struct ev_loop;

namespace squall {

class Worker final : private Transport::Sink {
 public:
  // Called on the worker's thread; must only pass the news on.
  class Listener {
   public:
    // The answer to RequestSnapshot().
    struct Swapped {
      uint32_t worker = 0;
      std::unique_ptr<Interval> interval;
      bool finished = false;  // stopped, and nothing is in flight
      Nanos began = 0;        // when it began to issue, on the steady clock; 0: it has not
      // Requests in flight at most from now on: its slots, or as many as are in flight.
      uint32_t concurrency = 0;
      absl::Status status;   // not OK: slots that it was to have could not be made
      bool stopped = false;  // its script has, for good
    };
    virtual void OnSwapped(Swapped swapped) noexcept = 0;
    // It is time for an early snapshot: numbers run low, or this worker has nothing left to do.
    virtual void OnAttention() noexcept = 0;
    // This worker has put numbers back for others, which are to draw anew.
    virtual void OnPutBack(uint32_t worker) noexcept = 0;

   protected:
    ~Listener() = default;
  };

  struct Config {
    uint32_t index = 0;
    uint32_t concurrency = 1;  // requests in flight at once; 0: it waits for SetSlots()
    Nanos drain = 0;           // how long what is in flight is awaited at the end of the last phase
    // How many connections the workers and agents before it have.
    uint32_t first_connection = 0;
    std::string run_id;
    size_t named_requests = 0;  // of the plan
    // The plan's, of this worker alone and ready for requests; outlives it. Null: there is none.
    Script* script = nullptr;
    // Where its numbers are users, of which as many are alive as it has slots: requests in flight.
    uint32_t user_requests = 0;
  };

  // Makes the transport and starts the thread, which waits for Start(). `network`,
  // `source`, `lease`, `phases` (at least one) and `listener` outlive the worker. Errors: the
  // transport's.
  static absl::StatusOr<std::unique_ptr<Worker>> Create(
      const Config& config, const v1::Plan& plan, Network& network, const RequestSource& source,
      const Lease& lease, std::deque<RunPhase>& phases, Listener& listener);
  // Quits and joins.
  ~Worker();

  // The first phase begins, or began, at `at` on the steady clock. A worker that is late begins in
  // the phase that is going on, and draws nothing of those that are over.
  void Start(Nanos at);
  // How many requests may be in flight from now on. More than now come in steps; fewer at once, but
  // for what is in flight. With none it neither draws nor asks for attention.
  void SetSlots(uint32_t slots);
  // There may be numbers to draw again.
  void Wake();
  // The same, and there may be some that are due before those that it has drawn.
  void DrawAnew();
  // Swaps what is recorded against `spare`, which is empty. One request at a time.
  void RequestSnapshot(std::unique_ptr<Interval> spare);
  // Issues nothing more; what is in flight at `deadline` (steady clock) is cut off. Of several
  // deadlines, the one that the end of the last phase sets among them, the earliest holds.
  void Stop(Nanos deadline);
  // Cuts off what is in flight at once and ends the thread; nothing more is heard of it.
  void Quit();
  // Waits for the end of the thread, after Quit().
  void Join();

  const WorkerPulse& pulse() const { return pulse_; }

 private:
  struct Commands {
    Nanos start_at = kForever;  // kForever: not started
    std::optional<uint32_t> slots;
    bool draw_anew = false;
    bool quit = false;
    Nanos stop_deadline = kForever;  // kForever: not stopped
    std::unique_ptr<Interval> spare;
  };
  struct Loop;      // libev's watchers, which are not for this header
  struct UserSink;  // what the transport tells of users' requests

  Worker(struct ev_loop* loop, const Config& config, const RequestSource& source,
         const Lease& lease, std::deque<RunPhase>& phases, Listener& listener);

  void OnOutcome(uint32_t slot, Nanos end, const Outcome& outcome) noexcept override;
  void OnBatch() noexcept override { Fill(); }
  void OnConnecting(uint32_t address) noexcept override {
    recorder_.RecordConnecting(phase_, address);
  }

  enum class State { kWaiting, kStarting, kIssuing, kEnded };

  template <typename Change>
  void Command(Change change);
  void TakeCommands() noexcept;
  void OnTime();
  void Begin();
  void Resize();
  void ReserveAnew(bool none_to_spare);
  bool IsRested(Nanos now);
  bool IsStoppedByScript();
  void BeginPhase(uint32_t phase);
  void EndPhase();
  void EndIssuing(Nanos cut_off_at);
  void CutOff();
  void HandOver(std::unique_ptr<Interval> spare);
  void Fill();
  bool FillAll(uint32_t most);
  bool FillOnce(Nanos now);
  bool DrawNumbers();
  bool DrawArrivals(Nanos now);
  void IssueRest(Nanos now);
  void GiveBack(Nanos now);
  void PutBackHand(size_t kept);
  void IssueNext(Nanos now);
  void Issue(Sample sample);
  void Release(uint32_t slot, Nanos end);
  void NoteIfIdle();
  uint32_t in_flight() const;  // requests
  // Where numbers are users.
  void FillWithUsers();
  void BeginUser(uint32_t user);
  bool RunUsers();
  void ArmUsers();
  void Follow(uint32_t user, const ScriptUsers::Turn& turn);
  void SendFor(uint32_t user, Nanos now);
  void OnAnswer(uint32_t slot, Nanos end, const Outcome& outcome);
  void EndUser(uint32_t user);
  void CutOffUsers();
  Nanos phase_begin() const { return started_at_ + phases_[phase_].begin; }
  size_t in_hand() const { return hand_.size() - hand_next_; }

  const Config config_;
  const RequestSource& source_;
  const Lease& lease_;
  std::deque<RunPhase>& phases_;
  const size_t last_phase_;
  Listener& listener_;
  const std::string warm_up_id_;  // what tagged requests of a warm-up call the run
  Recorder recorder_;
  std::unique_ptr<Loop> loop_;
  std::unique_ptr<Transport> transport_;

  // The worker's thread only.
  State state_ = State::kWaiting;
  Slots slots_;
  std::unique_ptr<UserFlows> users_;  // null: numbers are requests
  std::unique_ptr<UserSink> user_sink_;
  Nanos users_wake_at_ = 0;
  FlightMeter flight_;
  uint32_t wanted_slots_;
  bool stopped_ = false;  // by its script
  Rests rests_;
  bool resting_ = false;      // nothing is sent before one is over
  absl::Status status_;       // of making them
  bool url_differs_ = false;  // from request to request, and nobody asks the source for it
  std::string url_;
  RequestTag tag_;  // of what is issued next
  Nanos started_at_ = 0;
  // When it began: under a rate, to follow the schedule; otherwise, when its first request was on
  // its way. 0: not yet.
  Nanos began_ = 0;
  uint32_t phase_ = 0;          // what is issued belongs to it
  Nanos phase_end_ = kForever;  // on the steady clock
  Span chunk_;                  // of the phase's numbers: drawn and not yet issued
  // The same under an arrival rate: from hand_next_ on. Each has a free slot reserved for it.
  std::vector<ArrivalQueue::Arrival> hand_;
  size_t hand_next_ = 0;
  bool drawn_waited_ = false;  // what was drawn last had waited for a connection
  Nanos cut_off_at_ = kForever;
  Nanos paused_since_ =
      0;  // the lease was found to be over; 0: it has not been, since the last draw
  bool idle_noted_ = false;

  WorkerPulse pulse_;

  Mutex mutex_;
  Commands commands_ ABSL_GUARDED_BY(mutex_);

  std::thread thread_;
};

// Its number has its result. Here, as this is in each request's way.
inline void Worker::Release(uint32_t slot, Nanos end) {
  const bool none_to_spare = slots_.room() == in_hand();
  slots_.Free(slot);
  // It has just become free for more than it holds, and draws when all that has come is read.
  if (none_to_spare && slots_.room() > in_hand() && state_ == State::kIssuing &&
      phases_[phase_].open_loop()) {
    phases_[phase_].arrivals->Freed(config_.index, end - phase_begin());
  }
}

}  // namespace squall
