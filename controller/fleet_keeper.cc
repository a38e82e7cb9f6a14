#include "controller/fleet_keeper.h"

#include <algorithm>
#include <optional>
#include <utility>

#include <fmt/format.h>

namespace squall {
namespace {

using Stage = Member::Stage;
using Kind = Happening::Kind;

// How long the end of a stream is awaited after Dismiss.
constexpr Nanos kCloseTime = kSecond;
// How often an agent that has not come yet is dialled.
constexpr Nanos kAbsentInterval = kSecond;

bool IsOver(Stage stage) {
  return stage == Stage::kDone || stage == Stage::kLost || stage == Stage::kUnused;
}

double Seconds(Nanos time) { return static_cast<double>(time) * 1e-9; }

v1::ControllerMessage DismissMessage(const std::string& reason) {
  v1::ControllerMessage message;
  message.mutable_dismiss()->set_reason(reason);
  return message;
}

}  // namespace

FleetKeeper::FleetKeeper(const FleetTimes& times, const Invitation& invitation, Roster& roster,
                         Recruiter& recruiter, Progress& progress)
    : times_(times),
      invitation_(invitation),
      roster_(roster),
      recruiter_(recruiter),
      progress_(progress) {}

void FleetKeeper::OnEvent(uint64_t number, FleetNews& news, Happenings& out) {
  if (auto* attached = std::get_if<AgentAttached>(&news)) {
    return roster_.Greet(number, std::move(*attached));
  }
  if (roster_.IsStranger(number)) return OnStranger(number, news, out);
  const std::optional<size_t> index = roster_.IndexOf(number);
  if (!index) return;
  Member& member = roster_[*index];
  if (member.begun()) return OnBegun(*index, news, out);
  if (!IsOver(member.stage)) return OnJoining(*index, news, out);
  if (std::holds_alternative<AgentClosed>(news)) roster_.Disconnect(*index);
}

// Somebody who dialled says the first word.
void FleetKeeper::OnStranger(uint64_t number, const FleetNews& news, Happenings& out) {
  if (std::holds_alternative<AgentDrained>(news)) return;
  const auto* said = std::get_if<AgentSaid>(&news);
  if (said != nullptr && said->message.has_resume()) {
    const std::optional<size_t> index = roster_.Attached(said->message.resume().instance());
    if (!index) return roster_.TurnAway(number, DismissMessage("others have its work"));
    if (roster_[*index].stage == Stage::kRunning) GoAway(*index, "it dialled again", out);
    roster_.Rejoin(number, *index);
    return Resume(*index, said->message.resume().commands(), out);
  }
  if (said == nullptr || !said->message.has_welcome() || !invitation_.join_late) {
    return roster_.TurnAway(number);
  }
  // The same process does not know of the run any more.
  if (const auto before = roster_.Attached(said->message.welcome().instance())) {
    Lose(*before, "it was started anew", out);
  }
  const size_t index = roster_.Take(number);
  if (invitation_.weighted) roster_[index].spec.weight = 1;
  recruiter_.Greeted(index);
  OnJoining(index, news, out);
}

void FleetKeeper::OnBegun(size_t index, FleetNews& news, Happenings& out) {
  Member& member = roster_[index];
  if (std::holds_alternative<AgentDrained>(news)) return;
  if (auto* closed = std::get_if<AgentClosed>(&news)) return GoAway(index, Reason(*closed), out);
  auto& [message, received, room, hold] = std::get<AgentSaid>(news);
  switch (message.kind_case()) {
    case v1::AgentMessage::kPong:
      if (member.OnPong(message.pong(), received)) return;
      return Lose(index, "its clock shows times that cannot be", out);
    case v1::AgentMessage::kResume:
      if (member.stage != Stage::kAway) break;
      if (message.resume().instance() != member.instance) {
        return Lose(index, "another agent answers there", out);
      }
      return Resume(index, message.resume().commands(), out);
    case v1::AgentMessage::kWelcome:
      if (member.stage == Stage::kAway) return Lose(index, "it was started anew", out);
      break;
    case v1::AgentMessage::kSnapshot:
    case v1::AgentMessage::kDone:
      if (member.stage == Stage::kAway) break;
      [[fallthrough]];
    case v1::AgentMessage::kFailed:
      return out.push_back({Kind::kSaid, index, {}, std::move(message)});
    case v1::AgentMessage::kListWanted:
    case v1::AgentMessage::kReady:
    case v1::AgentMessage::kPacked:
    case v1::AgentMessage::KIND_NOT_SET:
      break;
  }
  Lose(index, "it sent a message out of order", out);
}

void FleetKeeper::OnJoining(size_t index, const FleetNews& news, Happenings& out) {
  Member& member = roster_[index];
  const auto* said = std::get_if<AgentSaid>(&news);
  if (said != nullptr && said->message.has_resume() && member.stage == Stage::kDialed) {
    // It was given up here; when it is free it may begin anew.
    return member.link->Send(DismissMessage("others have its work"));
  }
  const Stage before = member.stage;
  if (absl::Status status = recruiter_.OnNews(index, news); !status.ok()) {
    return NotJoined(index, status, out);
  }
  if (member.stage == Stage::kReady && before != Stage::kReady) return recruiter_.Time(index);
  const bool timed = said != nullptr && said->message.has_pong() && recruiter_.IsTimed(index);
  if (timed && member.stage == Stage::kWelcomed) out.push_back({Kind::kWelcomed, index});
  if (timed && member.stage == Stage::kReady) out.push_back({Kind::kReady, index});
}

void FleetKeeper::NotJoined(size_t index, const absl::Status& status, Happenings& out) {
  Member& member = roster_[index];
  roster_.Disconnect(index);
  member.BeginAnew();
  out.push_back({Kind::kNotJoined, index});
  const bool later = absl::IsUnavailable(status) || absl::IsDeadlineExceeded(status);
  if (later && !member.attached) {
    member.stage = Stage::kAbsent;
    member.dial_at = SteadyNow() + kAbsentInterval;
    return;
  }
  member.stage = Stage::kUnused;
  progress_.Message(fmt::format("does not join: {}", std::string(status.message())));
}

void FleetKeeper::GoAway(size_t index, const std::string& reason, Happenings& out) {
  Member& member = roster_[index];
  roster_.Disconnect(index);
  const Nanos now = SteadyNow();
  if (member.stage == Stage::kRunning) {
    member.stage = Stage::kAway;
    member.away_since = now;
    member.patience = times_.interval();
    member.dial_at = now;
    out.push_back({Kind::kAway, index, reason});
  } else {
    member.dial_at = now + member.patience / 4;
  }
}

void FleetKeeper::Dial(size_t index) {
  Member& member = roster_[index];
  roster_.Dial(index);
  member.patience = std::min(member.patience * 3 / 2, times_.grace / 3);
}

void FleetKeeper::Resume(size_t index, uint64_t commands, Happenings& out) {
  Member& member = roster_[index];
  member.stage = Stage::kRunning;
  member.linked_at = SteadyNow();
  member.Confirm(commands);
  member.Acknowledge();
  member.RepeatCommands();
  out.push_back(
      {Kind::kBack, index, fmt::format("{:.3g} s", Seconds(member.linked_at - member.away_since))});
}

void FleetKeeper::Lose(size_t index, const std::string& reason, Happenings& out) {
  Member& member = roster_[index];
  member.stage = Stage::kLost;
  member.fence_at = member.heard_at + times_.fence();
  Dismiss(index, reason);
  out.push_back({Kind::kLost, index, reason});
}

void FleetKeeper::Dismiss(size_t index, const std::string& reason) {
  Member& member = roster_[index];
  if (!member.link) return;
  member.link->Send(DismissMessage(reason));
  member.close_at = SteadyNow() + kCloseTime;
}

void FleetKeeper::OnTick(Nanos now, Nanos stood_still, Happenings& out) {
  const size_t size = roster_.size();  // who is added meanwhile has time
  for (size_t index = 0; index < size; ++index) {
    Member& member = roster_[index];
    switch (member.stage) {
      case Stage::kRunning:
        member.heard_at += stood_still;
        KeepUp(index, now, out);
        break;
      case Stage::kAway:
        member.heard_at += stood_still;
        KeepAway(index, now, out);
        break;
      case Stage::kLost:
        if (now >= member.fence_at) {
          member.fence_at = kForever;
          out.push_back({Kind::kFenced, index});
          if (invitation_.join_late && !member.attached) {
            Member& next = roster_[roster_.Add(member.spec)];
            next.stage = Stage::kAbsent;
            next.dial_at = now;
          }
        }
        [[fallthrough]];
      case Stage::kDone:
      case Stage::kUnused:
        if (now >= roster_[index].close_at) roster_.Disconnect(index);
        break;
      case Stage::kAbsent:
        if (invitation_.join_late && now >= member.dial_at) recruiter_.Dial(index);
        break;
      default:  // on its way to join
        member.give_up_at += stood_still;
        if (absl::Status status = recruiter_.OnTime(index, now); !status.ok()) {
          NotJoined(index, status, out);
        }
    }
  }
}

void FleetKeeper::KeepUp(size_t index, Nanos now, Happenings& out) {
  Member& member = roster_[index];
  const Nanos silence = times_.silence(roster_.size());
  if (now >= std::max(member.heard_at, member.linked_at) + silence) {
    return GoAway(index, fmt::format("it said nothing for {:.3g} s", Seconds(silence)), out);
  }
  if (now >= member.ping_at) {
    member.ping_at = now + times_.ping(roster_.size());
    roster_.Ping(member);
  }
}

void FleetKeeper::KeepAway(size_t index, Nanos now, Happenings& out) {
  Member& member = roster_[index];
  if (now >= member.heard_at + times_.grace) {
    return Lose(index, fmt::format("out of reach for {:.3g} s", Seconds(now - member.heard_at)),
                out);
  }
  if (member.attached) return;  // it dials
  const bool unanswered = member.link && now >= member.linked_at + member.patience;
  if (unanswered || (!member.link && now >= member.dial_at)) Dial(index);
}

}  // namespace squall
