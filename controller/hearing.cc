#include "controller/hearing.h"

#include <chrono>
#include <optional>
#include <thread>

namespace squall {
namespace {

// What so many say comes without a pause: the rest of the coordinator's round, which looks at all
// of them, is due only after some milliseconds of it.
constexpr size_t kManyAgents = 200;
constexpr Nanos kGatherTime = 5 * kMillisecond;

}  // namespace

Hearing::Hearing(Mailbox<CoordinatorEvent>& mailbox, FleetServer* server) : mailbox_(mailbox) {
  if (server != nullptr) watch_ = server->MakeWatch();
  if (watch_ != nullptr) mailbox_.WakeBy([this] { watch_->Wake(); });
}

Hearing::~Hearing() {
  if (watch_ != nullptr) mailbox_.WakeBy(nullptr);
}

void Hearing::EmptyMailbox(const Each& each) {
  while (std::optional<CoordinatorEvent> event = mailbox_.PopUntil(0)) each(*event);
}

void Hearing::Hear(Nanos deadline, size_t agents, const Each& each) {
  const Nanos gather = agents < kManyAgents ? 0 : kGatherTime;
  if (watch_ == nullptr) {
    if (gather != 0) std::this_thread::sleep_for(std::chrono::nanoseconds(gather));
    for (CoordinatorEvent& event : mailbox_.TakeUntil(deadline)) each(event);
    return;
  }
  watch_->Look(mailbox_.empty() ? deadline : 0);
  EmptyMailbox(each);
  for (const Nanos end = SteadyNow() + gather; SteadyNow() < end && watch_->Look(end);) {
    EmptyMailbox(each);
  }
}

}  // namespace squall
