// The agent that `squall run` starts for itself when none is named: `squall agent` as a child
// process on a unix socket, spoken to like any other.
//
// The child is in a process group of its own, so a Ctrl-C in the terminal reaches only the
// controller. The two hold the ends of a socket pair: the child says on it that it listens, and
// ends when the parent's end is gone, however the parent died.
#pragma once

#include <string>

#include <sys/types.h>

#include "absl/status/statusor.h"
#include "common/address.h"

namespace squall {

class LocalAgent {
 public:
  // Starts the child and waits until it listens.
  // UNAVAILABLE or INTERNAL with the reason.
  static absl::StatusOr<LocalAgent> Start();

  LocalAgent(LocalAgent&& other) noexcept;
  LocalAgent& operator=(LocalAgent&&) = delete;
  // Ends the child, waits for it and removes its socket.
  ~LocalAgent();

  const Address& address() const { return address_; }

 private:
  LocalAgent() = default;

  std::string directory_;  // of the socket
  Address address_;
  int parent_fd_ = -1;
  pid_t child_ = -1;
};

}  // namespace squall
