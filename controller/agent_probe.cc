#include "controller/agent_probe.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "common/protocol.h"
#include "common/version.h"
#include "controller/member.h"
#include "controller/roster.h"
#include "controller/units.h"

namespace squall {
namespace {

using State = AgentCheck::State;

constexpr size_t kRoundTrips = 10;
// More than any machine has: who says so lies.
constexpr double kMostLoad = 1e6;

constexpr char kSilent[] = "it stopped answering";

}  // namespace

v1::ControllerMessage AgentProbe::Greet() {
  v1::ControllerMessage message;
  v1::Hello& hello = *message.mutable_hello();
  hello.set_protocol_version(kProtocolVersion);
  hello.set_build(std::string(kVersion));
  hello.set_controller(Identity());
  hello.set_check(true);
  return message;
}

v1::ControllerMessage AgentProbe::Measure() {
  stage_ = Stage::kAsked;
  return Greet();
}

void AgentProbe::LeaveUnmeasured() {
  stage_ = Stage::kOver;
  found_.not_measured = true;
}

AgentProbe::Words AgentProbe::End(State state, std::string detail) {
  stage_ = Stage::kOver;
  found_.state = state;
  found_.detail = std::move(detail);
  return std::nullopt;
}

void AgentProbe::IsTwinOf(const std::string& address) {
  End(State::kUnusable, fmt::format("is {} under another name: an agent takes part once", address));
}

AgentProbe::Words AgentProbe::OnSaid(const v1::AgentMessage& message, Nanos received) {
  if (over()) return std::nullopt;
  if (message.has_failed()) return OnFailed(message.failed());
  if (message.has_welcome() && (stage_ == Stage::kGreeted || stage_ == Stage::kAsked)) {
    return OnWelcome(message.welcome());
  }
  if (message.has_pong() && (stage_ == Stage::kTiming || stage_ == Stage::kMeasuring) &&
      message.pong().id() == ping_) {
    return OnPong(message.pong(), received);
  }
  return End(State::kUnusable, "sent a message out of order");
}

AgentProbe::Words AgentProbe::OnWelcome(const v1::Welcome& welcome) {
  if (!welcome.busy().empty()) {
    found_.state = State::kBusy;
    found_.detail = welcome.busy();
  }
  if (stage_ == Stage::kAsked) {
    stage_ = found_.ok() ? Stage::kMeasuring : Stage::kOver;
    return NextPiece();
  }
  found_.name = welcome.name();
  found_.instance = welcome.instance();
  found_.build = welcome.build();
  found_.host = welcome.host();
  found_.obeys_anybody = welcome.obeys_anybody();
  if (welcome.protocol_version() != kProtocolVersion) {
    return End(
        State::kOtherVersion,
        fmt::format("speaks protocol version {} (squall {}), this controller speaks {} "
                    "(squall {}); install the same version on both",
                    welcome.protocol_version(), welcome.build(), kProtocolVersion, kVersion));
  }
  const v1::Host& host = welcome.host();
  if (host.cores() == 0 || host.cores() > kMaxCores) {
    return End(State::kUnusable, fmt::format("says that it has {} cores", host.cores()));
  }
  if (!(host.load() >= 0 && host.load() <= kMostLoad)) {
    return End(State::kUnusable, fmt::format("says that its load is {:g}", host.load()));
  }
  stage_ = Stage::kTiming;
  return Ping(0, 0);
}

AgentProbe::Words AgentProbe::OnFailed(const v1::Failed& failed) {
  switch (failed.code()) {
    case v1::Failed::CODE_BUSY:
      return End(State::kBusy, failed.message());
    case v1::Failed::CODE_VERSION:
      return End(State::kOtherVersion, failed.message());
    default:
      return End(State::kUnusable, failed.message());
  }
}

AgentProbe::Words AgentProbe::OnPong(const v1::Pong& pong, Nanos received) {
  if (!clock_.Add(sent_, pong.received_ns(), pong.sent_ns(), received)) {
    return End(State::kUnusable, "its clock shows times that cannot be");
  }
  if (pong.padding().size() != reply_bytes_) {
    return End(State::kUnusable, fmt::format("answered with {} bytes where {} were asked for",
                                             pong.padding().size(), reply_bytes_));
  }
  received_ = received;
  if (stage_ == Stage::kTiming) return TimedPong();
  Loaded().Add(received - sent_, round_trip_);
  return NextPiece();
}

AgentProbe::Words AgentProbe::TimedPong() {
  round_trip_ = std::min(round_trip_, received_ - sent_);
  if (clock_.round_trips() < kRoundTrips) return Ping(0, 0);
  Conclude();
  return std::nullopt;
}

// The round trips are over.
void AgentProbe::Conclude() {
  const ClockSync::Offset offset = clock_.At(received_);
  found_.clock = AgentClock{
      .offset = offset.offset, .error = offset.error, .rtt = clock_.fastest(), .drift = {}};
  stage_ = found_.ok() ? Stage::kTimed : Stage::kOver;
}

AgentProbe::Words AgentProbe::NextPiece() {
  if (over()) return std::nullopt;
  if (to_agent_.next() != 0) return Ping(to_agent_.next(), 0);
  if (from_agent_.next() != 0) return Ping(0, from_agent_.next());
  NoteSpeeds();
  return std::nullopt;
}

void AgentProbe::NoteSpeeds() {
  stage_ = Stage::kOver;
  found_.to_agent_bytes_per_second = to_agent_.bytes_per_second();
  found_.from_agent_bytes_per_second = from_agent_.bytes_per_second();
}

v1::ControllerMessage AgentProbe::Ping(uint32_t padding, uint32_t reply_bytes) {
  v1::ControllerMessage message;
  v1::Ping& ping = *message.mutable_ping();
  ping.set_id(++ping_);
  ping.mutable_padding()->resize(padding, 'x');
  ping.set_reply_bytes(reply_bytes);
  reply_bytes_ = reply_bytes;
  return message;
}

void AgentProbe::OnClosed(const AgentClosed& closed) {
  if (!over()) End(State::kUnreachable, Reason(closed));
}

void AgentProbe::GiveUp(Nanos now, Nanos after) {
  switch (stage_) {
    case Stage::kGreeted:
      End(State::kUnreachable,
          fmt::format("no answer within {}; is `squall agent` running there?",
                      FormatDuration(static_cast<double>(after), /*utf8=*/false)));
      return;
    case Stage::kTiming:
      if (clock_.round_trips() > 0) return Conclude();
      [[fallthrough]];
    case Stage::kAsked:
      End(State::kUnreachable, kSilent);
      return;
    case Stage::kMeasuring:
      Loaded().Cut(now - sent_);
      return NoteSpeeds();
    case Stage::kTimed:
    case Stage::kOver:
      return;
  }
}

}  // namespace squall
