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

// What so many say comes one after the other: it is heard in pieces of some milliseconds.
constexpr size_t kManyAgents = 200;
constexpr Nanos kGatherTime = 5 * kMillisecond;
// gRPC rounds deadlines to milliseconds, and where one is over leaves the work to threads of its
// own.
constexpr Nanos kLeastWait = 2 * kMillisecond;
// Most looks that did not wait take less.
constexpr Nanos kShortLook = kMillisecond / 5;
// Others may put in more than can be handled.
constexpr int kMostAtOnce = 64;

void SleepFor(Nanos duration) { std::this_thread::sleep_for(std::chrono::nanoseconds(duration)); }

// How often this thread has waited for something; where the system does not tell, always the same.
int64_t TimesWaited() {
#ifdef RUSAGE_THREAD
  rusage used{};
  if (getrusage(RUSAGE_THREAD, &used) == 0) return used.ru_nvcsw;
#endif
  return 0;
}

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

// Looks after a pause find what came in it at once; before one that had to wait, all was heard.
Nanos Hearing::HearMany(Nanos deadline, const Each& each) {
  Nanos now = SteadyNow();
  if (const Nanos pause = std::min(pauses_.Next(now), deadline - now);
      pause > 0 && mailbox_.empty()) {
    SleepFor(pause);
    pauses_.Woke(now = SteadyNow());
  }
  const bool may_pause = !pauses_.Held(now);
  Nanos until = mailbox_.empty() ? deadline : 0;
  bool more = true;
  for (Nanos end = kForever; more && now < end; until = end) {
    const Nanos asked = SteadyNow();
    const int64_t waited = may_pause ? TimesWaited() : 0;
    more = watch_->Look(std::max(until, asked + kLeastWait));
    now = SteadyNow();
    if (may_pause && now - asked > kShortLook && TimesWaited() != waited) more = false;
    if (!more) pauses_.AllHeard(asked);
    if (end == kForever) end = now + kGatherTime;
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
