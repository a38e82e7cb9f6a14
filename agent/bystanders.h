// The streams at an agent's control port that are not its run's: who has come and said nothing yet,
// who only looks, and who was sent away. None of them is to cost the agent, or its log, much.
//
// One that says nothing at first, or is still there some time after it was told to go, is broken
// off; so is the oldest, if there are too many. What one says that was sent away, or that has said
// more than any look takes, is not heard.
//
// Used by the session's thread alone. Times on the steady clock.
#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <string>

#include "agent/control_link.h"
#include "common/log_limit.h"

namespace squall {

class Bystanders {
 public:
  static constexpr size_t kMost = 64;
  static constexpr Nanos kFirstWordTime = 10 * kSecond;
  static constexpr Nanos kLeaveTime = 2 * kSecond;
  static constexpr uint64_t kMostWords = 1'000;
  // Of padding in answers: so much may wait to be written, on all streams together. So much is
  // given at once, and so much in a second after that: a look takes 32 MiB at most.
  static constexpr size_t kMostWaitingBytes = 32 << 20;
  static constexpr int64_t kMostPaddingBytes = 128 << 20;
  static constexpr int64_t kPaddingRate = 8 << 20;

  // A new stream.
  void Came(const std::shared_ptr<ControlLink>& link, Nanos now);
  // It has said something. False: that is not heard. One that is not known has just come.
  bool Hears(const std::shared_ptr<ControlLink>& link, Nanos now);
  // Whether an answer with so much padding is given.
  bool MayPad(size_t padding, Nanos now);
  // It has become the run's, or is closed.
  void Left(const std::shared_ptr<ControlLink>& link);

  // Tells it why, ends the stream, and logs that as `event`, with a limit. `why` is safe to print.
  void SendAway(const std::shared_ptr<ControlLink>& link, const char* event, v1::Failed::Code code,
                const std::string& why, Nanos now);
  // Ends the stream of one that was told everything.
  void Finish(const std::shared_ptr<ControlLink>& link, Nanos now);
  // Breaks it off.
  void Break(const std::shared_ptr<ControlLink>& link, Nanos now);

  // When OnTime() is to be called; kForever: not as things are.
  Nanos NextTime() const;
  void OnTime(Nanos now);

 private:
  enum class Stage { kSilent, kLooks, kLeaves, kBroken };
  struct Entry {
    std::shared_ptr<ControlLink> link;
    Stage stage = Stage::kSilent;
    Nanos until = kForever;  // silent: when it is sent away; leaving: when it is broken off
    uint64_t words = 0;
  };

  Entry& Find(const std::shared_ptr<ControlLink>& link, Nanos now);
  static void BreakOff(Entry& entry);

  std::list<Entry> entries_;  // the oldest first, until they are closed
  int64_t padding_left_ = kMostPaddingBytes;
  Nanos padded_at_ = 0;
  LogLimit log_limit_;
};

}  // namespace squall
