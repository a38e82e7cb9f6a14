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
  // Whatever it says, it can be asked.
  config->policy.CheckName({"api.test", 80, "10.0.0.8", 80}).IgnoreError();
}

}  // namespace
}  // namespace squall

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  squall::TestConfig(std::string(reinterpret_cast<const char*>(data), size));
  return 0;
}
