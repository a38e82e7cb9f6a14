// The conversation with a machine on which an agent is started by ssh: with RemoteScript(), which a
// shell runs there (controller/ssh_command.h).
//
//   there   squall-host SYSTEM MACHINE
//   here    SHA256 SIZE NONCE
//   there   squall-have, or squall-need; here then the SIZE bytes of the program
//   there   squall-start, and from the agent squall-ready
//   or      squall-failed folder | copy | socket, or squall-ended CODE, and then no more
//
// Other lines are of that machine's own and mean nothing here. Pure: whoever owns it has the
// process, sends what it says, and tells it what comes. What comes is foreign.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "controller/ssh_program.h"

namespace squall {

class SshTalk {
 public:
  enum class Stage {
    kConnecting,  // nothing was heard
    kAsked,       // whether the program is there
    kCopying,
    kStarting,
    kReady,  // the agent listens
  };
  // What the other side gave as the reason to end.
  enum class Failure { kNone, kFolder, kCopy, kSocket, kEnded };

  // What is to be sent next: words, and the program behind them if there is one.
  struct Step {
    std::string words;
    ProgramFilePtr program;
  };

  using Choose = std::function<absl::StatusOr<ProgramFilePtr>(const Platform&)>;

  // `nonce` names the folder of the agent's socket: hexadecimal digits. `choose` gives the program
  // for the machine that answers.
  SshTalk(std::string nonce, Choose choose);

  // An error: there is no program for that machine, or it says what cannot be. Nothing more is to
  // be told then.
  absl::StatusOr<Step> OnBytes(std::string_view bytes);

  Stage stage() const { return stage_; }
  Failure failure() const { return failure_; }
  int agent_exit_code() const { return agent_exit_code_; }  // with kEnded
  const Platform& platform() const { return platform_; }
  const ProgramFilePtr& program() const { return program_; }
  // The last line of its own that the machine said before it was heard; for messages.
  const std::string& noise() const { return noise_; }

 private:
  absl::Status OnLine(std::string_view line, Step& step);
  absl::Status OnHost(std::string_view words, Step& step);

  const std::string nonce_;
  const Choose choose_;
  Stage stage_ = Stage::kConnecting;
  Failure failure_ = Failure::kNone;
  int agent_exit_code_ = 0;
  Platform platform_;
  ProgramFilePtr program_;
  std::string line_;  // as far as it has come
  std::string noise_;
};

}  // namespace squall
