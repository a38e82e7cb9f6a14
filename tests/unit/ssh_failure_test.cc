#include "controller/ssh_failure.h"

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace squall {
namespace {

using ::testing::HasSubstr;
using Stage = SshTalk::Stage;
using Failure = SshTalk::Failure;

// Words as OpenSSH 9.2, dash and coreutils have them.
TEST(SshFailureTest, InWords) {
  struct Case {
    const char* name;
    SshFacts facts;
    std::string words;
    bool unavailable;
  };
  const SshTarget ann{"ann", "lab", 2222};
  for (const Case& c : std::vector<Case>{
           {"no such host",
            {.target = ann,
            .errors = "ssh: Could not resolve hostname lab: Name or service not known\r\n",
            .exit_code = 255},
            "no such host: ssh finds no address for lab",
            true},
           {"nobody listens",
            {.target = ann,
            .errors = "ssh: connect to host lab port 2222: Connection refused\r\n",
            .exit_code = 255},
            "connection refused; does an ssh server run there on port 2222?",
            true},
           {"no keys",
            {.target = ann,
            .errors = "ann@lab: Permission denied (publickey,password).\r\n",
            .exit_code = 255},
            "`ssh -o BatchMode=yes -p 2222 ann@lab true` must work",
            false},
           {"a stranger",
            {.target = ann,
            .errors = "No ED25519 host key is known for [lab]:2222 and you have requested strict "
                      "checking.\r\nHost key verification failed.\r\n",
            .exit_code = 255},
            "its host key is not known; connect by `ssh -p 2222 ann@lab` once",
            false},
           {"somebody else",
            {.target = ann,
            .errors = "@ WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED!     @\r\nHost key "
                      "verification failed.\r\n",
            .exit_code = 255},
            "is not the one that ssh knows",
            false},
           {"out of reach",
            {.target = ann,
            .errors = "ssh: connect to host lab port 2222: Connection timed out\r\n",
            .exit_code = 255},
            "cannot reach it (ssh: connect to host lab port 2222: Connection timed out)",
            true},
           {"no ssh",
            {.target = ann, .errors = "/bin/sh: 1: ssh: not found\n", .exit_code = 127},
            "no program `ssh` on this machine",
            false},
           {"killed", {.target = ann, .exit_code = -9}, "was ended before", true},
           {"no shell",
            {.target = ann, .noise = "This account is currently not available.", .exit_code = 1},
            "does not run what it is asked to (This account is currently not available.)",
            false},
           {"no folder",
            {.target = ann,
            .stage = Stage::kAsked,
            .failure = Failure::kFolder,
            .errors = "mkdir: cannot create directory '/home/ann/.cache': Read-only file system\n",
            .exit_code = 1},
            "cannot be made there (mkdir: cannot create directory",
            false},
           {"no space",
            {.target = ann,
            .stage = Stage::kCopying,
            .failure = Failure::kCopy,
            .program_bytes = 19'400'000,
            .errors = "head: error writing 'standard output': No space left on device\n",
            .exit_code = 1},
            "no space there for the program: it takes 19.4 MB",
            false},
           {"no more than one may have",
            {.target = ann,
            .stage = Stage::kCopying,
            .failure = Failure::kCopy,
            .errors = "head: error writing 'standard output': Disk quota exceeded\n",
            .exit_code = 1},
            "no space there",
            false},
           {"no right to write",
            {.target = ann,
            .stage = Stage::kCopying,
            .failure = Failure::kCopy,
            .errors = "sh: 1: cannot create part: Permission denied\n",
            .exit_code = 1},
            "cannot be put into ~/.cache/squall there",
            false},
           {"no socket",
            {.target = ann, .stage = Stage::kStarting, .failure = Failure::kSocket, .exit_code = 1},
            "a folder for its socket",
            false},
           {"no programs there",
            {.target = ann,
            .stage = Stage::kStarting,
            .failure = Failure::kEnded,
            .agent_exit_code = 126,
            .errors = "sh: 1: /home/ann/.cache/squall/squall-1: Permission denied\n"},
            "no program may be run in ~/.cache/squall there (noexec)",
            false},
           {"another processor",
            {.target = ann,
            .stage = Stage::kStarting,
            .failure = Failure::kEnded,
            .agent_exit_code = 126,
            .errors = "sh: 1: /home/ann/.cache/squall/squall-1: Exec format error\n"},
            "cannot run the program that was copied",
            false},
           {"no libraries",
            {.target = ann,
            .stage = Stage::kStarting,
            .failure = Failure::kEnded,
            .agent_exit_code = 127,
            .errors = "squall: error while loading shared libraries: libgrpc++.so.1.51: cannot "
                      "open shared object file: No such file or directory\n"},
            "use the static file (`make static`) (squall: error while loading",
            false},
           {"it ends",
            {.target = ann,
            .stage = Stage::kStarting,
            .failure = Failure::kEnded,
            .agent_exit_code = 3,
            .errors = "squall: --listen unix:/tmp/a: no\n"},
            "ended with exit code 3 (squall: --listen unix:/tmp/a: no)",
            false},
           {"the link breaks early",
            {.target = ann, .stage = Stage::kCopying, .exit_code = 255},
            "its ssh ended while the program was copied",
            true},
           {"the link breaks late",
            {.target = ann,
            .stage = Stage::kReady,
            .errors = "Timeout, server lab not responding.\r\n",
            .exit_code = 255},
            "its ssh ended (Timeout, server lab not responding.)",
            true},
           {"words that would clear the screen",
            {.target = ann, .errors = "\x1b[2J\n", .exit_code = 255},
            "\\x1b",
            true},
       }) {
    SCOPED_TRACE(c.name);
    const absl::Status status = ExplainSshFailure(c.facts);
    EXPECT_THAT(std::string(status.message()), HasSubstr(c.words));
    EXPECT_EQ(absl::IsUnavailable(status), c.unavailable) << status;
  }
}

TEST(SshFailureTest, LastLines) {
  EXPECT_EQ(LastLine(""), "");
  EXPECT_EQ(LastLine("\n\r\n \n"), "");
  EXPECT_EQ(LastLine("a\nb\r\n\n"), "b");
  EXPECT_EQ(LastLine("a\n b"), "b");
}

}  // namespace
}  // namespace squall
