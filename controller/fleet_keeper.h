// Keeps a started run together with its agents: notices who is out of reach, dials again, resumes,
// gives up; times their clocks; and lets others join late. What follows from it for the run is the
// coordinator's.
//
// Owned and called by the coordinator's thread. The times and why they are safe: docs/fleet.md.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "controller/muster.h"

namespace squall {

// What has become of a member.
struct Happening {
  enum class Kind {
    kSaid,       // a Snapshot, Done or Failed
    kAway,       // it is out of reach
    kBack,       // it goes on
    kLost,       // it is gone for good …
    kFenced,     // … and from now on it certainly sends nothing
    kWelcomed,   // it is new: what is its share?
    kReady,      // it is new, and can be started
    kNotJoined,  // it was new, and takes no part after all
  };
  Kind kind = Kind::kSaid;
  size_t member = 0;
  std::string detail = {};        // why, or for how long
  v1::AgentMessage message = {};  // with kSaid
};
using Happenings = std::vector<Happening>;

class FleetKeeper {
 public:
  // Everything is borrowed.
  FleetKeeper(const FleetTimes& times, const Invitation& invitation, Roster& roster,
              Recruiter& recruiter, Progress& progress);

  // `out` gets what happens, in order.
  void OnEvent(uint64_t number, FleetNews& news, Happenings& out);
  // To be called each FleetTimes::tick(). `stood_still` as Standstill says.
  void OnTick(Nanos now, Nanos stood_still, Happenings& out);

  // It has said something that makes it useless.
  void Lose(size_t index, const std::string& reason, Happenings& out);
  // The run is over for it.
  void Dismiss(size_t index, const std::string& reason);

 private:
  void OnStranger(uint64_t number, const FleetNews& news, Happenings& out);
  void OnBegun(size_t index, FleetNews& news, Happenings& out);
  void OnJoining(size_t index, const FleetNews& news, Happenings& out);
  void NotJoined(size_t index, const absl::Status& status, Happenings& out);
  void GoAway(size_t index, const std::string& reason, Happenings& out);
  void Resume(size_t index, uint64_t commands, Happenings& out);
  void Dial(size_t index);
  void KeepUp(size_t index, Nanos now, Happenings& out);
  void KeepAway(size_t index, Nanos now, Happenings& out);

  const FleetTimes times_;
  const Invitation& invitation_;
  Roster& roster_;
  Recruiter& recruiter_;
  Progress& progress_;
};

}  // namespace squall
