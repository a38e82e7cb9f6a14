// One agent on another machine, from the start of its ssh on: it is brought up, kept alive, and
// ended.
//
// Nothing here blocks but Start(): whoever owns it polls what Watch() names, and calls Move(). One
// thread at a time.
#pragma once

#include <memory>
#include <optional>
#include <poll.h>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/clock.h"
#include "controller/ssh_process.h"
#include "controller/ssh_talk.h"
#include "controller/ssh_target.h"

namespace squall {

class SshLaunch {
 public:
  // Starts ssh. `program` gives the file for the machine that answers.
  static absl::StatusOr<std::unique_ptr<SshLaunch>> Start(SshTarget target,
                                                          SshTalk::Choose program);
  ~SshLaunch();
  SshLaunch(const SshLaunch&) = delete;
  SshLaunch& operator=(const SshLaunch&) = delete;

  // Adds what is to be polled.
  void Watch(std::vector<pollfd>& descriptors) const;
  // Whatever can be done without waiting.
  void Move(Nanos now);

  // The agent has answered on socket_path(), and its ssh is there.
  bool up() const { return state_ == State::kUp; }
  // There is no agent, or no longer: why, in words for the user.
  bool over() const { return state_ == State::kOver; }
  const absl::Status& status() const { return status_; }

  // Here. Only what can reach this user's files can reach it.
  const std::string& socket_path() const { return socket_path_; }
  const SshTarget& target() const { return target_; }
  // What is being copied, and how much of it is on its way; nothing if nothing is.
  std::optional<double> copied() const;

  // It is to end. For several at once, before the first one is destroyed.
  void End();

 private:
  enum class State { kTalking, kAwaitingAnswer, kUp, kOver };

  SshLaunch(SshTarget target, std::string socket_path, SshProcess process, SshTalk talk);
  void Read(Nanos now);
  void ReadErrors(Nanos now);
  void Write(Nanos now);
  void Probe(Nanos now);
  void BeginProbe(Nanos now);
  void Fail(absl::Status status);
  void OnEnd();

  const SshTarget target_;
  const std::string socket_path_;
  SshProcess process_;
  SshTalk talk_;
  State state_ = State::kTalking;
  absl::Status status_;
  Nanos moved_at_;          // when anything came or went last
  Nanos beat_at_ = 0;       // kUp: when something is said next
  std::string words_;       // to be sent, and then …
  ProgramFilePtr program_;  // … this, if there is one,
  size_t sent_ = 0;         // of which so much is
  std::string errors_;      // the end of what came
  std::string last_words_;  // of that, what was logged last
  int probe_ = -1;          // a connection to the agent, by which it shows that it answers
  bool hung_up_ = false;    // its standard output is over
};

}  // namespace squall
