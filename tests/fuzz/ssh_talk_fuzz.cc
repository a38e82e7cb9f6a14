// What a machine says on which an agent is started by ssh.
//
// Properties: the pieces in which it comes change nothing; memory does not grow with what it says;
// nothing is sent but the answer to what it is, and the program once if it asks for it; no more is
// heard after its end; what is refused, and every failure, is told in words that can be shown.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "controller/ssh_failure.h"
#include "controller/ssh_talk.h"
#include "tests/fuzz/properties.h"

namespace squall {
namespace {

struct Heard {
  std::string words;
  int programs = 0;
  absl::Status status;
};

SshTalk NewTalk() {
  return SshTalk("00ff", [](const Platform& platform) -> absl::StatusOr<ProgramFilePtr> {
    ProgramFiles files("/nonexistent/squall", {"Linux", "x86_64"});
    if (platform != Platform{"Linux", "x86_64"}) return files.For(platform);
    return std::make_shared<const ProgramFile>(ProgramFile{"/squall", "abcd", "0123456789"});
  });
}

Heard Tell(SshTalk& talk, std::string_view bytes, size_t piece) {
  Heard heard;
  while (!bytes.empty() && heard.status.ok()) {
    auto step = talk.OnBytes(bytes.substr(0, piece));
    bytes.remove_prefix(std::min(piece, bytes.size()));
    heard.status = step.status();
    if (!step.ok()) break;
    heard.words += step->words;
    if (step->program != nullptr) ++heard.programs;
  }
  return heard;
}

void TestTalk(size_t piece, std::string_view bytes) {
  SshTalk talk = NewTalk();
  const Heard heard = Tell(talk, bytes, piece);
  SQUALL_CHECK(heard.words.empty() || heard.words == "abcd 10 00ff\n");
  SQUALL_CHECK(heard.programs <= 1);
  SQUALL_CHECK(heard.programs == 0 || !heard.words.empty());
  SQUALL_CHECK(talk.noise().size() <= 1000);
  SshTalk whole = NewTalk();
  const Heard at_once = Tell(whole, bytes, bytes.size());
  SQUALL_CHECK(at_once.status == heard.status);
  if (heard.status.ok()) {
    SQUALL_CHECK(at_once.words == heard.words && at_once.programs == heard.programs);
    SQUALL_CHECK(whole.stage() == talk.stage() && whole.failure() == talk.failure());
  } else {
    CheckWords(heard.status);
  }
  CheckWords(ExplainSshFailure({.target = {.user = {}, .host = "lab", .port = 0},
                                .stage = talk.stage(),
                                .failure = talk.failure(),
                                .agent_exit_code = talk.agent_exit_code(),
                                .program_bytes = 0,
                                .noise = talk.noise(),
                                .errors = std::string(bytes),
                                .exit_code = 255}));
}

}  // namespace
}  // namespace squall

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  squall::TestTalk(size_t{data[0]} % 16 + 1, {reinterpret_cast<const char*>(data) + 1, size - 1});
  return 0;
}
