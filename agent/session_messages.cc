#include "agent/session_messages.h"

#include <algorithm>

#include <fmt/format.h>

#include "absl/time/time.h"
#include "common/values.h"

namespace squall {
namespace {

// Largest padding of a Pong, in bytes.
constexpr uint32_t kMostPadding = 16 << 20;

}  // namespace

v1::AgentMessage FailedMessage(v1::Failed::Code code, const std::string& text) {
  v1::AgentMessage message;
  message.mutable_failed()->set_code(code);
  message.mutable_failed()->set_message(text);
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
  const std::string said = Quoted(hello.controller());
  return identity.name.empty() ? said : fmt::format("{} [{}]", identity.name, said);
}

std::string WhoRuns(const ActiveRun& run) {
  return fmt::format("{} runs it since {}{}", run.controller,
                     absl::FormatTime("%Y-%m-%d %H:%M:%S %Ez", run.since, absl::LocalTimeZone()),
                     run.link ? "" : ", but is out of reach");
}

}  // namespace squall
