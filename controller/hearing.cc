#include "controller/hearing.h"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <deque>
#include <optional>
#include <thread>

#include <sys/resource.h>

namespace squall {
namespace {

// What so many say comes without a pause: the rest of the coordinator's round, which looks at all
// of them, is due only after some milliseconds of it.
constexpr size_t kManyAgents = 200;
constexpr Nanos kGatherTime = 5 * kMillisecond;
// gRPC rounds deadlines to milliseconds, and where one is over leaves the work to threads of its
// own.
constexpr Nanos kLeastWait = 2 * kMillisecond;
// Most looks that did not wait take less, and to ask whether they did costs a system call.
constexpr Nanos kShortLook = kMillisecond / 5;
// Others may put in more than can be handled.
constexpr int kMostAtOnce = 64;

void SleepFor(Nanos duration) { std::this_thread::sleep_for(std::chrono::nanoseconds(duration)); }

// How often this thread waits for something; where the system does not tell, it never does.
class Waits {
 public:
  // Whether it has since this was asked last.
  bool More() {
    const int64_t before = times_;
    times_ = Times();
    return times_ != before;
  }

 private:
  static int64_t Times() {
#ifdef RUSAGE_THREAD
    rusage used;
    if (getrusage(RUSAGE_THREAD, &used) == 0) return used.ru_nvcsw;
#endif
    return 0;
  }

  int64_t times_ = Times();
};

}  // namespace

Hearing::Hearing(Mailbox<CoordinatorEvent>& mailbox, FleetServer* server) : mailbox_(mailbox) {
  if (server != nullptr) watch_ = server->MakeWatch();
  if (watch_ != nullptr) mailbox_.WakeBy([this] { watch_->Wake(); });
}

Hearing::~Hearing() {
  if (watch_ != nullptr) mailbox_.WakeBy(nullptr);
}

void Hearing::HandleSome(const Each& each) {
  for (int i = 0; i < kMostAtOnce; ++i) {
    std::optional<CoordinatorEvent> event = mailbox_.PopUntil(0);
    if (!event) return;
    each(*event);
  }
}

// Looks after a pause find what came in it at once; one that had to wait has found all of it.
Nanos Hearing::HearMany(Nanos deadline, const Each& each) {
  Nanos now = SteadyNow();
  if (all_heard_ && mailbox_.empty()) {
    if (const Nanos pause = std::min(pauses_.Next(now), deadline - now); pause > 0) {
      SleepFor(pause);
      pauses_.Woke(now = SteadyNow());
    }
  }
  const Nanos end = now + kGatherTime;
  Waits waits;
  for (all_heard_ = false; !all_heard_ && now < end;) {
    const Nanos asked = SteadyNow();
    const Nanos least = asked + kLeastWait;
    const bool more = watch_->Look(mailbox_.empty() ? std::max(deadline, least) : least);
    now = SteadyNow();
    all_heard_ = !more || (now - asked > kShortLook && waits.More());
    HandleSome(each);
  }
  return now;
}

Nanos Hearing::Hear(Nanos deadline, size_t agents, const Each& each) {
  const bool many = agents >= kManyAgents;
  if (watch_ == nullptr) {
    if (many) SleepFor(kGatherTime);  // each would wake this thread
    std::deque<CoordinatorEvent> events = mailbox_.TakeUntil(deadline);
    const Nanos heard = SteadyNow();
    for (CoordinatorEvent& event : events) each(event);
    return heard;
  }
  if (many) return HearMany(deadline, each);
  bool more = watch_->Look(mailbox_.empty() ? deadline : 0);
  Nanos heard = SteadyNow();
  HandleSome(each);
  for (const Nanos end = heard + kGatherTime; more && SteadyNow() < end;) {
    more = watch_->Look(0);
    heard = SteadyNow();
    HandleSome(each);
  }
  return heard;
}

}  // namespace squall
