#include "controller/hearing.h"

#include <chrono>
#include <thread>

namespace squall {
namespace {

// A thread that is woken for each snapshot of so many does little else.
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

std::deque<CoordinatorEvent> Hearing::Take(Nanos deadline, size_t agents) {
  const Nanos gather = agents < kManyAgents ? 0 : kGatherTime;
  if (watch_ == nullptr) {
    if (gather != 0) std::this_thread::sleep_for(std::chrono::nanoseconds(gather));
    return mailbox_.TakeUntil(deadline);
  }
  watch_->Look(mailbox_.empty() ? deadline : 0, gather);
  return mailbox_.TakeUntil(0);
}

}  // namespace squall
