// A target of an agent's own: `squall target` as a child process, on a free port of this machine's
// loopback. It is gone with this object, and with this process, however that ends.
#pragma once

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "common/child_process.h"

namespace squall {

class OwnTarget {
 public:
  // Starts `program`, squall's own file, with so many threads, and waits until it listens. INTERNAL
  // or UNAVAILABLE with the reason.
  static absl::StatusOr<OwnTarget> Start(const std::string& program, uint32_t threads);

  // "http://127.0.0.1:40000/".
  const std::string& url() const { return url_; }

 private:
  explicit OwnTarget(ChildProcess child) : child_(std::move(child)) {}

  ChildProcess child_;
  std::string url_;
};

}  // namespace squall
