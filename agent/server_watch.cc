#include "agent/server_watch.h"

#include <utility>

namespace squall {
namespace {

constexpr Nanos kAskInterval = kSecond;
// At the end nobody waits longer, as who waits does nothing else.
constexpr Nanos kEndTime = kSecond / 2;

}  // namespace

ServerWatch::ServerWatch(std::unique_ptr<Question> question, bool target)
    : question_(std::move(question)), target_(target), found_(!target) {
  thread_ = std::thread([this]() noexcept { Run(); });
}

ServerWatch::~ServerWatch() {
  {
    MutexLock lock(mutex_);
    over_ = true;
  }
  changed_.NotifyAll();
  question_->Stop();
  thread_.join();
}

void ServerWatch::Begin(Nanos start, Nanos measured) {
  {
    MutexLock lock(mutex_);
    account_.emplace(measured, target_);
    next_ = start;
  }
  changed_.NotifyAll();
}

void ServerWatch::Found() {
  {
    MutexLock lock(mutex_);
    if (found_) return;
    found_ = true;
  }
  changed_.NotifyAll();
}

bool ServerWatch::MayAsk() const { return found_ && !given_up_ && account_; }

void ServerWatch::AskAtEnd() {
  const Nanos deadline = SteadyNow() + kEndTime;
  MutexLock lock(mutex_);
  if (!MayAsk()) return;
  // What was asked before is not of the end.
  wanted_ = asked_ + (asking_ ? 2 : 1);
  changed_.NotifyAll();
  while (asked_ < wanted_ && !given_up_ && SteadyNow() < deadline) {
    changed_.WaitUntil(mutex_, deadline);
  }
}

std::optional<v1::ServerCounts> ServerWatch::Take() {
  MutexLock lock(mutex_);
  if (!std::exchange(news_, false)) return std::nullopt;
  return account_->told();
}

void ServerWatch::Run() noexcept {
  while (WaitUntilDue()) AskOnce();
}

// False: it is over.
bool ServerWatch::WaitUntilDue() {
  MutexLock lock(mutex_);
  while (!over_) {
    if (!MayAsk()) {
      changed_.Wait(mutex_);
    } else if (asked_ < wanted_ || SteadyNow() >= next_) {
      asking_ = true;
      return true;
    } else {
      changed_.WaitUntil(mutex_, next_);
    }
  }
  return false;
}

void ServerWatch::AskOnce() {
  const absl::StatusOr<Answer> answer = question_->Ask();
  const absl::StatusOr<ServerCounts> counts = answer.ok()
                                                  ? ServerCountsFromJson(answer->body)
                                                  : absl::StatusOr<ServerCounts>(answer.status());
  {
    MutexLock lock(mutex_);
    asking_ = false;
    ++asked_;
    next_ = SteadyNow() + kAskInterval;
    if (counts.ok()) {
      account_->Add(*counts, answer->asked, answer->answered);
    } else {
      account_->Fail(std::string(counts.status().message()));
      given_up_ = target_ && !account_->any();
    }
    news_ = !given_up_;
  }
  changed_.NotifyAll();
}

}  // namespace squall
