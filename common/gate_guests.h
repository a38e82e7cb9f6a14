// Who was let in at a control port, until it is of no interest any more.
//
// Strangers are limited in number, of one host and of all, and in time. A second descriptor of each
// connection is kept meanwhile, by which it is shut down, whatever is said on it.
//
// Any thread. Time is passed in (SteadyNow()).
#pragma once

#include <cstddef>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

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

  // A stranger's connection, whose descriptor is borrowed. Where there are too many, the oldest is
  // shut down and named as `closed`. False: there is no descriptor left.
  bool Add(const Peer& peer, int fd, Nanos now, std::string& closed);
  // As in common/gate.h.
  void Known(const std::string& peer);
  void Gone(const std::string& peer, Nanos now);

  bool empty() const;
  // When somebody's time is over next; kForever: nobody's is, as things are.
  Nanos NextTime() const;
  // Shuts connections down whose time is over. Of these, who was a stranger to the end.
  std::vector<std::string> ShutDown(Nanos now);

 private:
  struct Guest {
    std::string host;
    int fd;
    Nanos until;  // kForever: as long as it likes
    bool stranger;
  };
  using Guests = std::map<std::string, Guest>;  // by peer

  // Of that host; empty: of any.
  void CloseOldest(const std::string& host, std::string& closed)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void SetTime(Guests::iterator guest, Nanos until) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void NoStranger(Guest& guest) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Remove(Guests::iterator guest) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const Gate::Limits limits_;
  mutable Mutex mutex_;
  Guests guests_ ABSL_GUARDED_BY(mutex_);
  std::set<std::pair<Nanos, std::string>> times_ ABSL_GUARDED_BY(mutex_);
  std::map<std::string, size_t> hosts_ ABSL_GUARDED_BY(mutex_);  // strangers of each
  size_t strangers_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace squall
