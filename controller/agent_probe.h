// A look at one agent, which is not taken: who it is, whether it is free, what its clock shows and
// how fast the way to it is.
//
// Pure: whoever owns it has the stream, sends what it says, and tells it what comes back and when.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "controller/bandwidth.h"
#include "controller/fleet.h"
#include "controller/result.h"

namespace squall {

// What was found.
struct AgentCheck {
  enum class State {
    kOk,            // a run can have it now
    kBusy,          // it is somebody else's
    kUnreachable,   // nobody answers, or not any more
    kOtherVersion,  // of the protocol
    kUnusable,      // it does or says what cannot be, or is named twice
  };

  std::string address;
  State state = State::kOk;
  std::string detail;  // why it is not ok: words for the user

  // As it says itself; empty where it did not get to say it.
  std::string name;
  std::string instance;
  std::string build;
  v1::Host host;

  std::optional<AgentClock> clock;  // without drift
  // Of its stream; nothing if not measured.
  std::optional<double> to_agent_bytes_per_second;
  std::optional<double> from_agent_bytes_per_second;

  bool not_measured = false;   // the speeds were not asked for
  bool obeys_anybody = false;  // as it says (v1::Welcome)

  bool ok() const { return state == State::kOk; }
};

class AgentProbe {
 public:
  // What is to be sent next, if anything.
  using Words = std::optional<v1::ControllerMessage>;

  explicit AgentProbe(std::string address) { found_.address = std::move(address); }

  // The first words on a new stream. The answer is followed by round trips.
  v1::ControllerMessage Greet();
  // When those are done, of an agent that is ok: asks again whether it is free, and if it still is,
  // loads the way to it.
  v1::ControllerMessage Measure();
  // Or instead of it: it is left at that.
  void LeaveUnmeasured();

  // The words that were returned last are sent now.
  void Leaves(Nanos now) { sent_ = now; }
  Words OnSaid(const v1::AgentMessage& message, Nanos received);
  void OnClosed(const AgentClosed& closed);
  // After such a time, which is now over, nothing more is waited for; what is known is kept.
  void GiveUp(Nanos now, Nanos after);
  // It is the same agent as one that was named before.
  void IsTwinOf(const std::string& address);

  // Something is to come yet.
  bool waits() const { return stage_ != Stage::kTimed && stage_ != Stage::kOver; }
  bool over() const { return stage_ == Stage::kOver; }
  const AgentCheck& found() const { return found_; }

 private:
  enum class Stage { kGreeted, kTiming, kTimed, kAsked, kMeasuring, kOver };

  Words OnWelcome(const v1::Welcome& welcome);
  Words OnPong(const v1::Pong& pong, Nanos received);
  Words OnFailed(const v1::Failed& failed);
  Words TimedPong();
  Words NextPiece();
  Bandwidth& Loaded() { return to_agent_.next() != 0 ? to_agent_ : from_agent_; }
  void NoteSpeeds();
  v1::ControllerMessage Ping(uint32_t padding, uint32_t reply_bytes);
  Words End(AgentCheck::State state, std::string detail);
  void Conclude();

  AgentCheck found_;
  Stage stage_ = Stage::kGreeted;
  ClockSync clock_;
  Nanos round_trip_ = kForever;  // the fastest, by our clock alone
  Bandwidth to_agent_;
  Bandwidth from_agent_;
  uint64_t ping_ = 0;         // the last one
  uint32_t reply_bytes_ = 0;  // that its answer is to have
  Nanos sent_ = 0;
  Nanos received_ = 0;
};

}  // namespace squall
