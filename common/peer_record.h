// What has been found out about the other end of one control stream.
//
// Whoever verifies it writes, whoever reads the stream looks. Any thread.
#pragma once

#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/identity.h"
#include "common/mutex.h"

namespace squall {

class PeerRecord {
 public:
  PeerRecord() = default;
  explicit PeerRecord(PeerIdentity identity) : found_(std::move(identity)) {}

  void Note(absl::StatusOr<PeerIdentity> found) {
    MutexLock lock(mutex_);
    found_ = std::move(found);
  }

  // Nameless until it is known. One that was not believed may command nothing.
  PeerIdentity identity() const {
    MutexLock lock(mutex_);
    return found_.ok() ? *found_ : PeerIdentity{.name = "", .role = Role::kAgent};
  }

  // Why it was not believed.
  absl::Status failure() const {
    MutexLock lock(mutex_);
    return found_.status();
  }

 private:
  mutable Mutex mutex_;
  absl::StatusOr<PeerIdentity> found_ ABSL_GUARDED_BY(mutex_) = PeerIdentity{};
};

}  // namespace squall
