// Names that a resolver is to find, and a clock that stands until it is moved.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "agent/resolver.h"
#include "common/mutex.h"

namespace squall::testing {

// Thread-safe. May go while a lookup is under way.
class FakeNames {
 public:
  // From now on `name` has these addresses; with none, it is not found.
  void Set(const std::string& name, std::vector<std::string> addresses) {
    MutexLock lock(state_->mutex);
    state_->names[name] = std::move(addresses);
  }
  // Holds up lookups until Release().
  void Hold() {
    MutexLock lock(state_->mutex);
    state_->held = true;
  }
  void Release() {
    MutexLock lock(state_->mutex);
    state_->held = false;
    state_->changed.NotifyAll();
  }
  void Advance(Nanos time) {
    MutexLock lock(state_->mutex);
    state_->now += time;
  }

  // Names in the order in which they were looked up.
  std::vector<std::string> asked() const {
    MutexLock lock(state_->mutex);
    return state_->asked;
  }
  void AwaitAsked(size_t count) {
    MutexLock lock(state_->mutex);
    while (state_->asked.size() < count) state_->changed.Wait(state_->mutex);
  }

  Resolver::Lookup lookup() {
    return [state = state_](const std::string& name) { return state->LookUp(name); };
  }
  Resolver::Clock clock() {
    return [state = state_] {
      MutexLock lock(state->mutex);
      return state->now;
    };
  }

 private:
  struct State {
    absl::StatusOr<std::vector<Endpoint>> LookUp(const std::string& name) {
      MutexLock lock(mutex);
      asked.push_back(name);
      changed.NotifyAll();
      while (held) changed.Wait(mutex);
      std::vector<Endpoint> found;
      for (const std::string& address : names[name]) found.push_back(*NumericEndpoint(address));
      if (found.empty()) return absl::NotFoundError("not known");
      return found;
    }

    Mutex mutex;
    CondVar changed;
    bool held ABSL_GUARDED_BY(mutex) = false;
    Nanos now ABSL_GUARDED_BY(mutex) = kSecond;
    std::map<std::string, std::vector<std::string>> names ABSL_GUARDED_BY(mutex);
    std::vector<std::string> asked ABSL_GUARDED_BY(mutex);
  };

  const std::shared_ptr<State> state_ = std::make_shared<State>();
};

}  // namespace squall::testing
