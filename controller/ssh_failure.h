// Why no agent came up on a machine that was asked for one by ssh, in words for the user.
//
// Pure. What ssh and that machine say is foreign text; it is recognised by OpenSSH's and the
// systems' own messages.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "controller/ssh_talk.h"
#include "controller/ssh_target.h"

namespace squall {

struct SshFacts {
  SshTarget target = {};
  SshTalk::Stage stage = SshTalk::Stage::kConnecting;
  SshTalk::Failure failure = SshTalk::Failure::kNone;
  int agent_exit_code = 0;  // with kEnded
  size_t program_bytes = 0;
  std::string noise = {};   // what the machine said that is not ours
  std::string errors = {};  // the end of what came on ssh's standard error
  // Of ssh: its own failures are 255. Negative: it was killed by this signal.
  int exit_code = 0;
};

// UNAVAILABLE where the way there is what failed; FAILED_PRECONDITION where something must be put
// right there.
absl::Status ExplainSshFailure(const SshFacts& facts);

// The last line that says something; empty if none does.
std::string LastLine(std::string_view text);

}  // namespace squall
