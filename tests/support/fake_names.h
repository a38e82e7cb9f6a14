// Names that a resolver is to find, and a clock that stands until it is moved.
#pragma once

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "agent/resolver.h"
#include "common/mutex.h"

namespace squall::testing {

// Thread-safe. Outlives every lookup, but one that is held up when its resolver goes.
class FakeNames {
 public:
  // From now on `name` has these addresses; with none, it is not found.
  void Set(const std::string& name, std::vector<std::string> addresses) {
    MutexLock lock(mutex_);
    names_[name] = std::move(addresses);
  }
  // Holds up lookups until Release().
  void Hold() {
    MutexLock lock(mutex_);
    held_ = true;
  }
  void Release() {
    MutexLock lock(mutex_);
    held_ = false;
    changed_.NotifyAll();
  }
  void Advance(Nanos time) {
    MutexLock lock(mutex_);
    now_ += time;
  }

  // Names in the order in which they were looked up.
  std::vector<std::string> asked() const {
    MutexLock lock(mutex_);
    return asked_;
  }
  void AwaitAsked(size_t count) {
    MutexLock lock(mutex_);
    while (asked_.size() < count) changed_.Wait(mutex_);
  }

  Resolver::Lookup lookup() {
    return [this](const std::string& name) { return LookUp(name); };
  }
  Resolver::Clock clock() {
    return [this] {
      MutexLock lock(mutex_);
      return now_;
    };
  }

 private:
  absl::StatusOr<std::vector<Endpoint>> LookUp(const std::string& name) {
    MutexLock lock(mutex_);
    asked_.push_back(name);
    changed_.NotifyAll();
    while (held_) changed_.Wait(mutex_);
    std::vector<Endpoint> found;
    for (const std::string& address : names_[name]) found.push_back(*NumericEndpoint(address));
    if (found.empty()) return absl::NotFoundError("not known");
    return found;
  }

  mutable Mutex mutex_;
  CondVar changed_;
  bool held_ ABSL_GUARDED_BY(mutex_) = false;
  Nanos now_ ABSL_GUARDED_BY(mutex_) = kSecond;
  std::map<std::string, std::vector<std::string>> names_ ABSL_GUARDED_BY(mutex_);
  std::vector<std::string> asked_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace squall::testing
