// The user's own ssh as a child of ours: its standard input and output are a socket, its standard
// error is a pipe, and a folder of this machine is removed when it ends.
//
// It has a session of its own: a Ctrl-C in the terminal does not reach it, and it has no terminal
// to ask something at. Our end of the socket is its end, however we die: then it ends by itself and
// a shell around it removes the folder.
#pragma once

#include <string>
#include <vector>

#include <sys/types.h>

#include "absl/status/statusor.h"
#include "common/clock.h"

namespace squall {

class SshProcess {
 public:
  // Starts `command`; `folder` is there and holds what goes with the process. INTERNAL with what
  // the system says; the folder is removed then too. From one thread at a time, and beside no other
  // start of a process: it must not get descriptors of ours.
  static absl::StatusOr<SshProcess> Start(const std::vector<std::string>& command,
                                          const std::string& folder);

  SshProcess(SshProcess&& other) noexcept;
  SshProcess& operator=(SshProcess&&) = delete;
  // HangUp(), and what is left five seconds later is killed.
  ~SshProcess();

  // Ours; neither blocks.
  int talk() const { return talk_; }
  int errors() const { return errors_; }

  // It hears that its input is over, and is to end by itself; what it says until then is taken, so
  // that it ends after everything there has. For several at once, before the first one is waited
  // for.
  void HangUp();
  // The same for one that may not have got as far as to look.
  void Terminate();
  // Waits for its end until the steady clock shows `deadline`, and not at all if that is over. Its
  // exit code, negative if a signal ended it; false as long as it runs.
  bool HasEnded(Nanos deadline, int& exit_code);

 private:
  SshProcess() = default;

  int talk_ = -1;
  int errors_ = -1;
  pid_t pid_ = -1;  // of the shell, and of its session
  bool ended_ = false;
  int exit_code_ = 0;
  std::string folder_;
};

}  // namespace squall
