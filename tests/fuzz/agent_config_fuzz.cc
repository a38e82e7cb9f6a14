// agent.yaml, as its owner or anybody writes it.
//
// Properties: nothing is thrown; what is refused is refused with a message that can be shown and
// begins with the file's name; what is accepted may be used, and always denies cloud metadata
// unless it names it.
#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/strings/match.h"
#include "agent/agent_config.h"
#include "tests/fuzz/properties.h"

namespace squall {
namespace {

void TestConfig(const std::string& text) {
  const absl::StatusOr<AgentConfig> config = ParseAgentConfig(text, "a.yaml");
  if (!config.ok()) {
    SQUALL_CHECK(absl::StartsWith(config.status().message(), "a.yaml:"));
    return CheckRefusal(config.status());
  }
  SQUALL_CHECK(config->flags.listen.empty() || config->flags.join.empty());
  SQUALL_CHECK(config->flags.threads <= 1024);
  const std::string metadata = "169.254.169.254";
  const bool denied = !config->policy.CheckName({metadata, 80, metadata, 80}).ok();
  SQUALL_CHECK(denied || text.find("169.254") != std::string::npos);
}

}  // namespace
}  // namespace squall

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  squall::TestConfig(std::string(reinterpret_cast<const char*>(data), size));
  return 0;
}
