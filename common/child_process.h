// Another process of this very program, whose life hangs on ours.
//
// The child is in a process group of its own, so a Ctrl-C in the terminal does not reach it. The
// two hold the ends of a socket pair: the child says on it that it is ready, and ends when our end
// is gone, however we died (common/parent_watch.h is its side).
#pragma once

#include <string>
#include <vector>

#include <sys/types.h>

#include "absl/status/statusor.h"
#include "common/clock.h"

namespace squall {

class ChildProcess {
 public:
  // Starts `program` with `arguments` and --parent-fd behind them. INTERNAL with what the system
  // says.
  static absl::StatusOr<ChildProcess> Start(const std::string& program,
                                            std::vector<std::string> arguments);

  ChildProcess(ChildProcess&& other) noexcept;
  ChildProcess& operator=(ChildProcess&&) = delete;
  // Lets the child end and waits for it; if it hangs, it is killed.
  ~ChildProcess();

  // The next byte that it says; false if none comes until the steady clock shows `deadline`.
  bool Read(char& byte, Nanos deadline) const;

  // Lets the child end and waits for it, as the destructor does. True if a Ctrl-C ended it, or a
  // SIGTERM, which were meant for our group: it is in ours until it has one of its own.
  bool EndedByInterrupt();

 private:
  ChildProcess() = default;
  int End();

  int fd_ = -1;  // our end of the socket pair
  pid_t pid_ = -1;
};

}  // namespace squall
