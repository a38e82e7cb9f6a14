// The users of one worker: which of the transport's slots they have, and what the others wait for.
//
// A user has a slot while its request is in flight, and no more; if there are more users that want
// to send than slots, they take turns. One thread's. Steady clock.
#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>
#include <functional>
#include <utility>
#include <vector>

#include "agent/flow_result.h"
#include "common/clock.h"
#include "common/script_users.h"

namespace squall {

class UserFlows {
 public:
  static constexpr uint32_t kNobody = UINT32_MAX;

  struct Flow {
    bool alive = false;
    bool light = false;      // its request was sent at little load
    bool waited = false;     // and was not sent at once: every connection was busy
    Nanos sent = 0;          // when that was
    Nanos asleep_since = 0;  // 0: it is not asleep
    Nanos slept = 0;
    FlowResult result;

    void WakeUp(Nanos now) {
      if (asleep_since != 0) slept += now - std::exchange(asleep_since, 0);
    }
  };

  // `script` is of the worker's script, and outlives it. `slots`: of the transport.
  UserFlows(ScriptUsers& script, uint32_t slots) : script_(script), user_of_(slots, kNobody) {
    for (uint32_t slot = slots; slot > 0; --slot) free_.push_back(slot - 1);
  }

  ScriptUsers& script() { return script_; }
  Flow& Of(uint32_t user) { return flows_[user]; }
  void Begin(uint32_t user) {
    if (user >= flows_.size()) flows_.resize(user + size_t{1});
    flows_[user] = Flow();
    flows_[user].alive = true;
    ++begun_;
  }
  void End(uint32_t user) { flows_[user].alive = false; }
  // All that ever have.
  uint64_t begun() const { return begun_; }

  // Calls `each(user)`.
  template <typename Each>
  void ForEachAlive(Each&& each) {
    for (uint32_t user = 0; user < flows_.size(); ++user) {
      if (flows_[user].alive) each(user);
    }
  }

  // Requests.
  uint32_t in_flight() const { return static_cast<uint32_t>(user_of_.size() - free_.size()); }
  uint32_t UserOf(uint32_t slot) const { return user_of_[slot]; }
  // It wants to send, when it is its turn.
  void Wait(uint32_t user) {
    flows_[user].waited = waiting_.size() >= free_.size();
    waiting_.push_back(user);
  }
  // Whose turn it is, if there is a free slot; nobody's otherwise.
  uint32_t TakeTurn() {
    if (waiting_.empty() || free_.empty()) return kNobody;
    const uint32_t user = waiting_.front();
    waiting_.pop_front();
    return user;
  }
  // Of a user whose turn it is.
  uint32_t TakeSlot(uint32_t user) {
    const uint32_t slot = free_.back();
    free_.pop_back();
    user_of_[slot] = user;
    return slot;
  }
  // Its request has ended: whose it was.
  uint32_t FreeSlot(uint32_t slot) {
    free_.push_back(slot);
    return std::exchange(user_of_[slot], kNobody);
  }

  void Sleep(uint32_t user, Nanos now, Nanos time) {
    flows_[user].asleep_since = now;
    sleeps_.emplace_back(now + time, user);
    std::push_heap(sleeps_.begin(), sleeps_.end(), std::greater<>());
  }
  // When the next one wakes up; kForever: none will.
  Nanos next() const { return sleeps_.empty() ? kForever : sleeps_.front().first; }

  // It can go on.
  void Ready(uint32_t user) { ready_.push_back(user); }
  // One that can, or whose sleep is over; or nobody.
  uint32_t TakeReady(Nanos now) {
    if (!ready_.empty()) {
      const uint32_t user = ready_.front();
      ready_.pop_front();
      return user;
    }
    if (next() > now) return kNobody;
    const uint32_t user = sleeps_.front().second;
    std::pop_heap(sleeps_.begin(), sleeps_.end(), std::greater<>());
    sleeps_.pop_back();
    return user;
  }

  // Nobody waits for anything any more.
  void Clear() {
    waiting_.clear();
    ready_.clear();
    sleeps_.clear();
  }

 private:
  ScriptUsers& script_;
  uint64_t begun_ = 0;
  std::deque<Flow> flows_;  // by user, all that there have been
  std::vector<uint32_t> user_of_;
  std::vector<uint32_t> free_;
  std::deque<uint32_t> waiting_;
  std::deque<uint32_t> ready_;
  std::vector<std::pair<Nanos, uint32_t>> sleeps_;  // a heap, the earliest in front
};

}  // namespace squall
