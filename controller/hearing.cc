#include "controller/hearing.h"

#include <chrono>
#include <deque>
#include <optional>
#include <thread>

namespace squall {
namespace {

// What so many say comes without a pause: the rest of the coordinator's round, which looks at all
// of them, is due only after some milliseconds of it.
constexpr size_t kManyAgents = 200;
constexpr Nanos kGatherTime = 5 * kMillisecond;
// Others may put in more than can be handled.
constexpr int kMostAtOnce = 64;

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

Nanos Hearing::Hear(Nanos deadline, size_t agents, const Each& each) {
  const bool many = agents >= kManyAgents;
  if (watch_ == nullptr) {
    // Each wakes this thread, unless it is asleep.
    if (many) std::this_thread::sleep_for(std::chrono::nanoseconds(kGatherTime));
    std::deque<CoordinatorEvent> events = mailbox_.TakeUntil(deadline);
    const Nanos heard = SteadyNow();
    for (CoordinatorEvent& event : events) each(event);
    return heard;
  }
  bool more = watch_->Look(mailbox_.empty() ? deadline : 0);
  Nanos heard = SteadyNow();
  HandleSome(each);
  for (const Nanos end = heard + kGatherTime; more && SteadyNow() < end;) {
    more = watch_->Look(many ? end : 0);
    heard = SteadyNow();
    HandleSome(each);
  }
  return heard;
}

}  // namespace squall
