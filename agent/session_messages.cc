#include "agent/session_messages.h"

#include <algorithm>
#include <random>

#include <fmt/format.h>

#include "absl/time/time.h"
#include "agent/host.h"
#include "common/protocol.h"
#include "common/run_id.h"
#include "common/values.h"
#include "common/version.h"

namespace squall {
namespace {

// Largest padding of a Pong, in bytes.
constexpr uint32_t kMostPadding = 16 << 20;

}  // namespace

std::string DrawInstance() {
  std::random_device random;
  return fmt::format("{:08x}{:08x}", random(), random());
}

v1::AgentMessage FailedMessage(v1::Failed::Code code, const std::string& text) {
  v1::AgentMessage message;
  message.mutable_failed()->set_code(code);
  message.mutable_failed()->set_message(text);
  return message;
}

v1::AgentMessage WelcomeMessage(const std::string& name, const std::string& instance,
                                uint64_t file_limit) {
  v1::AgentMessage message;
  v1::Welcome& welcome = *message.mutable_welcome();
  welcome.set_protocol_version(kProtocolVersion);
  welcome.set_build(std::string(kVersion));
  welcome.set_name(name);
  welcome.set_instance(instance);
  *welcome.mutable_host() = HostFacts();
  welcome.mutable_host()->set_file_limit(file_limit);
  return message;
}

v1::AgentMessage PongMessage(const v1::Ping& ping, Nanos received) {
  v1::AgentMessage message;
  v1::Pong& pong = *message.mutable_pong();
  pong.set_id(ping.id());
  pong.set_received_ns(received);
  pong.mutable_padding()->resize(std::min(ping.reply_bytes(), kMostPadding), 'x');
  pong.set_sent_ns(SteadyNow());
  return message;
}

std::string Who(const PeerIdentity& identity, const v1::Hello& hello) {
  const std::string said = LogValue(hello.controller());
  return identity.name.empty() ? said : fmt::format("{} [{}]", identity.name, said);
}

std::optional<v1::AgentMessage> RefusalOf(const v1::Hello& hello) {
  if (hello.protocol_version() == kProtocolVersion) {
    // It stands in logs.
    if (hello.check() || IsPlainRunId(hello.run_id())) return std::nullopt;
    return FailedMessage(v1::Failed::CODE_PROTOCOL, "Hello: run_id: not as squall names runs");
  }
  const std::string text = fmt::format(
      "the agent is squall {} and speaks protocol version {}, the controller is squall {} and "
      "speaks {}; install the same version on both",
      kVersion, kProtocolVersion, Quoted(hello.build()), hello.protocol_version());
  return FailedMessage(v1::Failed::CODE_VERSION, text);
}

std::string WhoRuns(const ActiveRun& run) {
  return fmt::format("{} runs it since {}{}", run.controller,
                     absl::FormatTime("%Y-%m-%d %H:%M:%S %Ez", run.since, absl::LocalTimeZone()),
                     run.link ? "" : ", but is out of reach");
}

}  // namespace squall
