// Who was let in at a control port, until it is of no interest any more.
//
// Strangers are limited in number, of one host and of all, and in time. A second descriptor of each
// connection is kept meanwhile, by which it is shut down, whatever is said on it. Whoever has the
// connection closes it when it comes to that: there may be much to do first. Those count as well.
//
// Any thread. Time is passed in (SteadyNow()).
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "common/gate.h"
#include "common/gate_sockets.h"
#include "common/mutex.h"

namespace squall {

class GateGuests {
 public:
  explicit GateGuests(const Gate::Limits& limits) : limits_(limits) {}
  ~GateGuests();
  GateGuests(const GateGuests&) = delete;
  GateGuests& operator=(const GateGuests&) = delete;

  // A stranger's connection, which goes to its new owner as `fd`. Where there are too many, the
  // oldest is shut down and named as `closed`. RESOURCE_EXHAUSTED, and why, if it must be refused.
  absl::Status Add(const Peer& peer, int fd, Nanos now, std::string& closed);
  // As in common/gate.h.
  void Known(const std::string& peer);
  void Gone(const std::string& peer, Nanos now);

  // What becomes of a call: nothing more of it after the first that is one too many.
  enum class Call { kAllowed, kTooMany, kAfterTooMany };
  Call Called(const std::string& peer, Nanos now);

  bool empty() const;
  // When somebody's time is over next; kForever: nobody's is, as things are.
  Nanos NextTime() const;
  // Forgets who is gone, and shuts connections down whose time is over, or that have said too much.
  // Of these, who was a stranger to the end, and what it did.
  struct Refused {
    std::string peer;
    const char* why;
  };
  std::vector<Refused> ShutDown(Nanos now);

 private:
  enum class State { kStranger, kKnown, kShut };
  struct Guest {
    std::string host;
    int own_fd;
    HeldSocket held;  // by its owner
    State state = State::kStranger;
    Nanos until = kForever;  // kForever: as long as it likes
    uint64_t calls = 0;
  };
  using Guests = std::map<std::string, Guest>;  // by peer
  struct Counts {
    size_t strangers = 0;
    size_t shut = 0;
  };

  // Of that host; empty: of any.
  void ShutOldest(const std::string& host, Nanos now, std::string& closed)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  std::vector<Refused> ShutTalkers(Nanos now) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void RemoveClosed() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Shut(Guests::iterator guest, Nanos now) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void SetTime(Guests::iterator guest, Nanos until) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void SetState(Guest& guest, State state) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Count(const Guest& guest, int by) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Remove(Guests::iterator guest) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const Gate::Limits limits_;
  mutable Mutex mutex_;
  Guests guests_ ABSL_GUARDED_BY(mutex_);
  std::set<std::pair<Nanos, std::string>> times_ ABSL_GUARDED_BY(mutex_);
  std::map<std::string, Counts> hosts_ ABSL_GUARDED_BY(mutex_);  // those that have any
  Counts all_ ABSL_GUARDED_BY(mutex_);
  Nanos looked_ ABSL_GUARDED_BY(mutex_) = 0;  // at all of them, last
};

}  // namespace squall
