// A service manager as far as services talk to it: a socket as of sd_notify(3).
#pragma once

#include <string>

#include "common/clock.h"

namespace squall::testing {

class FakeManager {
 public:
  // With a name in the file system, or in the abstract name space (Linux).
  explicit FakeManager(bool abstract = false);
  ~FakeManager();
  FakeManager(const FakeManager&) = delete;
  FakeManager& operator=(const FakeManager&) = delete;

  // As $NOTIFY_SOCKET has it.
  const std::string& name() const { return name_; }

  // The next thing that it is told; empty if nothing comes for so long.
  std::string HearWithin(Nanos patience) const;
  std::string Hear() const { return HearWithin(20 * kSecond); }

 private:
  std::string name_;
  int fd_ = -1;
};

}  // namespace squall::testing
