// The agent that `squall run` starts for itself when none is named: `squall agent` as a child
// process on a unix socket, spoken to like any other.
//
// It ends with the controller, however that dies (common/child_process.h).
#pragma once

#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "common/address.h"
#include "common/child_process.h"

namespace squall {

class LocalAgent {
 public:
  // Starts the child and waits until it listens.
  // UNAVAILABLE or INTERNAL with the reason, CANCELLED if a Ctrl-C was quicker.
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
  std::optional<ChildProcess> child_;
};

}  // namespace squall
