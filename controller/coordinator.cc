#include "controller/coordinator.h"

#include <algorithm>
#include <pwd.h>
#include <unistd.h>
#include <utility>

#include <fmt/format.h>

#include "absl/time/clock.h"
#include "common/protocol.h"
#include "common/version.h"
#include "controller/shares.h"

namespace squall {
namespace {

// How long an agent may take to answer, and how long a busy one is waited for.
constexpr Nanos kAnswerTime = 10 * kSecond;
constexpr Nanos kBusyTime = 10 * kSecond;
constexpr Nanos kRedialInterval = kSecond / 2;
// How long nothing may move while a plan and its list are sent and read.
constexpr Nanos kPrepareTime = 60 * kSecond;
// Agents send a snapshot a second; one that says nothing for this long is lost.
constexpr Nanos kSilenceTime = 10 * kSecond;
// How long after the end of its drain time an agent may take to say Done.
constexpr Nanos kDoneTime = 5 * kSecond;
constexpr Nanos kAbortTime = kSecond;
// A standstill is shown at least this often.
constexpr Nanos kProgressInterval = kSecond;

// user@host, for the agents' logs.
std::string Identity() {
  char host[256] = "unknown";
  gethostname(host, sizeof host - 1);
  const passwd* user = getpwuid(getuid());
  return fmt::format("{}@{} (process {})", user != nullptr ? user->pw_name : "unknown", host,
                     getpid());
}

// Why a stream is over.
std::string Reason(const AgentClosed& closed) {
  return closed.status.ok() ? "it ended the conversation" : std::string(closed.status.message());
}

}  // namespace

struct Coordinator::Member {
  enum class Stage {
    kDialed,     // Hello is out
    kBusy,       // somebody else's: is dialled again
    kWelcomed,   // ours
    kAbsent,     // has no share of this run
    kPreparing,  // is sent the plan and the list
    kReady,
    kRunning,
    kDone,
    kLost,
  };

  std::unique_ptr<AgentLink> link;
  Stage stage = Stage::kDialed;
  uint32_t attempt = 0;
  Nanos act_at = kForever;      // when it is dialled again
  Nanos give_up_at = kForever;  // when it has taken too long
  std::string busy;             // what it said when it was busy
  size_t list_sent = 0;         // bytes
  size_t ledger_index = 0;
  uint64_t sequence = 0;  // of its last snapshot
  AgentResult result;
};

Coordinator::Coordinator(Config config, Dialer& dialer, Progress& progress)
    : config_(std::move(config)), dialer_(dialer), progress_(progress) {
  for (const Address& address : config_.agents) {
    members_.push_back(std::make_unique<Member>());
    members_.back()->result.address = address.display;
  }
}

Coordinator::~Coordinator() = default;

void Coordinator::Interrupt() { mailbox_.Push(Interrupted{}); }

absl::StatusOr<RunResult> Coordinator::Run() {
  result_.id = config_.run_id;
  if (absl::Status status = Gather(); !status.ok()) return status;
  SplitConcurrency();
  if (absl::Status status = Prepare(); !status.ok()) return status;
  Start();
  Drive();
  Finish();
  return std::move(result_);
}

std::string Coordinator::Named(size_t index) const {
  const AgentResult& agent = members_[index]->result;
  return agent.name.empty() || agent.name == agent.address
             ? fmt::format("agent {}", agent.address)
             : fmt::format("agent {} ({})", agent.name, agent.address);
}

// ---- Before the start: whatever goes wrong ends the run, and nothing has been sent.

void Coordinator::Dial(size_t index) {
  Member& member = *members_[index];
  const uint32_t attempt = ++member.attempt;
  member.stage = Member::Stage::kDialed;
  member.act_at = kForever;
  member.link = dialer_.Dial(config_.agents[index].target,
                             [this, index, attempt](decltype(FleetEvent::news) news) {
                               mailbox_.Push(FleetEvent{index, attempt, std::move(news)});
                             });
  v1::ControllerMessage message;
  v1::Hello& hello = *message.mutable_hello();
  hello.set_protocol_version(kProtocolVersion);
  hello.set_build(std::string(kVersion));
  hello.set_controller(Identity());
  member.link->Send(std::move(message));
}

absl::Status Coordinator::Gather() {
  const Nanos give_up_at = SteadyNow() + kAnswerTime;
  for (size_t i = 0; i < members_.size(); ++i) {
    Dial(i);
    members_[i]->give_up_at = give_up_at;
  }
  return Await([](const Member& member) { return member.stage == Member::Stage::kWelcomed; });
}

template <typename Done>
absl::Status Coordinator::Await(Done done) {
  while (!std::all_of(members_.begin(), members_.end(),
                      [&done](const auto& member) { return done(*member); })) {
    Nanos deadline = kForever;
    for (const auto& member : members_) {
      if (done(*member)) continue;
      deadline = std::min({deadline, member->act_at, member->give_up_at});
    }
    if (std::optional<Event> event = mailbox_.PopUntil(deadline)) {
      if (absl::Status status = BeforeStart(*event); !status.ok()) return status;
    }
    const Nanos now = SteadyNow();
    for (size_t i = 0; i < members_.size(); ++i) {
      Member& member = *members_[i];
      if (done(member)) continue;
      if (now >= member.give_up_at) {
        return absl::DeadlineExceededError(
            member.busy.empty()
                ? fmt::format("{}: no answer; is `squall agent` running there?", Named(i))
                : fmt::format("{}: {}; try again later", Named(i), member.busy));
      }
      if (now >= member.act_at) Dial(i);
    }
  }
  return absl::OkStatus();
}

absl::Status Coordinator::BeforeStart(Event& event) {
  if (std::holds_alternative<Interrupted>(event)) {
    return absl::CancelledError("interrupted before the start: nothing was sent");
  }
  auto& fleet_event = std::get<FleetEvent>(event);
  const size_t index = fleet_event.agent;
  Member& member = *members_[index];
  if (fleet_event.attempt != member.attempt) return absl::OkStatus();

  if (std::holds_alternative<AgentDrained>(fleet_event.news)) {
    if (member.stage == Member::Stage::kPreparing) SendList(index);
    return absl::OkStatus();
  }
  if (auto* closed = std::get_if<AgentClosed>(&fleet_event.news)) {
    if (member.stage == Member::Stage::kBusy || member.stage == Member::Stage::kAbsent) {
      return absl::OkStatus();
    }
    return absl::UnavailableError(fmt::format("{}: {}", Named(index), Reason(*closed)));
  }
  const v1::AgentMessage& message = std::get<AgentSaid>(fleet_event.news).message;
  if (message.has_failed()) return OnRefusal(index, message.failed());
  if (message.has_welcome() && member.stage == Member::Stage::kDialed) {
    return OnWelcome(index, message.welcome());
  }
  if (message.has_ready() && member.stage == Member::Stage::kPreparing) {
    member.stage = Member::Stage::kReady;
    return absl::OkStatus();
  }
  return absl::InternalError(fmt::format("{}: sent a message out of order", Named(index)));
}

absl::Status Coordinator::OnWelcome(size_t index, const v1::Welcome& welcome) {
  Member& member = *members_[index];
  if (welcome.protocol_version() != kProtocolVersion) {
    return absl::FailedPreconditionError(fmt::format(
        "{}: speaks protocol version {} (squall {}), this controller speaks {} (squall "
        "{}); install the same version on both",
        Named(index), welcome.protocol_version(), welcome.build(), kProtocolVersion, kVersion));
  }
  if (welcome.host().cores() == 0) {
    return absl::InternalError(fmt::format("{}: says that it has no cores", Named(index)));
  }
  member.stage = Member::Stage::kWelcomed;
  member.result.name = welcome.name();
  member.result.build = welcome.build();
  member.result.host = welcome.host();
  return absl::OkStatus();
}

absl::Status Coordinator::OnRefusal(size_t index, const v1::Failed& failed) {
  Member& member = *members_[index];
  if (failed.code() != v1::Failed::CODE_BUSY) {
    return absl::FailedPreconditionError(fmt::format("{}: {}", Named(index), failed.message()));
  }
  const Nanos now = SteadyNow();
  if (member.busy.empty()) {
    member.give_up_at = now + kBusyTime;
    progress_.Message(fmt::format("{}: {}; waiting up to {} s", Named(index), failed.message(),
                                  kBusyTime / kSecond));
  }
  member.busy = failed.message();
  member.stage = Member::Stage::kBusy;
  member.act_at = now + kRedialInterval;
  return absl::OkStatus();
}

void Coordinator::SplitConcurrency() {
  v1::Phase& phase = *config_.plan.mutable_phase();
  std::vector<uint32_t> cores;
  for (const auto& member : members_) cores.push_back(member->result.host.cores());
  uint64_t asked = phase.concurrency();
  if (asked == 0) {
    for (const uint32_t count : cores) asked += count + 1;
  }
  uint64_t concurrency = std::min<uint64_t>(asked, kMaxConcurrency);
  if (phase.requests() != 0 && phase.requests() < concurrency) {
    concurrency = phase.requests();
    if (phase.concurrency() != 0) {
      result_.notes.push_back(
          fmt::format("concurrency is {} instead of {}: there are no more requests than that",
                      concurrency, asked));
    }
  }
  phase.set_concurrency(static_cast<uint32_t>(concurrency));

  const std::vector<uint32_t> shares = SharesByWeight(phase.concurrency(), cores);
  size_t taking_part = 0;
  for (size_t i = 0; i < members_.size(); ++i) {
    members_[i]->result.concurrency = shares[i];
    if (shares[i] != 0) ++taking_part;
  }
  if (taking_part < members_.size()) {
    result_.notes.push_back(fmt::format("{} of {} agents took part: concurrency is {}", taking_part,
                                        members_.size(), concurrency));
  }
}

absl::Status Coordinator::Prepare() {
  const Nanos give_up_at = SteadyNow() + kPrepareTime;
  for (size_t i = 0; i < members_.size(); ++i) {
    Member& member = *members_[i];
    if (member.result.concurrency == 0) {
      member.stage = Member::Stage::kAbsent;
      member.link.reset();
      continue;
    }
    member.stage = Member::Stage::kPreparing;
    member.give_up_at = give_up_at;
    member.busy.clear();
    v1::ControllerMessage message;
    v1::Prepare& prepare = *message.mutable_prepare();
    prepare.set_run_id(config_.run_id);
    *prepare.mutable_plan() = config_.plan;
    prepare.set_concurrency(member.result.concurrency);
    member.link->Send(std::move(message));
  }
  return Await([](const Member& member) {
    return member.stage == Member::Stage::kReady || member.stage == Member::Stage::kAbsent;
  });
}

// The next piece of the list, when everything before it is on its way.
void Coordinator::SendList(size_t index) {
  Member& member = *members_[index];
  member.give_up_at = SteadyNow() + kPrepareTime;
  if (member.list_sent == config_.list_text.size()) return;
  const size_t size = std::min(kChunkBytes, config_.list_text.size() - member.list_sent);
  v1::ControllerMessage message;
  message.mutable_data()->set_data(config_.list_text.data() + member.list_sent, size);
  member.list_sent += size;
  member.link->Send(std::move(message));
}

// ---- The run: whatever goes wrong from here on becomes part of the result.

void Coordinator::Start() {
  const v1::Phase& phase = config_.plan.phase();
  ledger_.emplace(phase.requests());
  result_.started_at = absl::Now();
  const Nanos now = SteadyNow();
  for (const auto& member : members_) {
    if (member->stage == Member::Stage::kReady) {
      member->ledger_index = ledger_->AddAgent(member->result.concurrency);
    }
  }
  for (size_t i = 0; i < members_.size(); ++i) {
    Member& member = *members_[i];
    if (member.stage != Member::Stage::kReady) continue;
    GrantTo(i);
    v1::ControllerMessage message;
    message.mutable_start();
    member.link->Send(std::move(message));
    member.stage = Member::Stage::kRunning;
    member.give_up_at = now + kSilenceTime;
  }
  if (phase.duration_ns() != 0) {
    // Agents end by themselves, and are only waited for.
    end_by_ = now + phase.duration_ns() + config_.plan.transport().timeout_ns() + kDoneTime;
  }
  progress_.Start(now, phase);
}

void Coordinator::Drive() {
  while (true) {
    Nanos deadline = end_by_;
    bool running = false;
    for (const auto& member : members_) {
      if (member->stage != Member::Stage::kRunning) continue;
      running = true;
      deadline = std::min(deadline, member->give_up_at);
    }
    if (!running) return;
    std::optional<Event> event =
        mailbox_.PopUntil(std::min(deadline, SteadyNow() + kProgressInterval));
    if (event) DuringRun(*event);

    const Nanos now = SteadyNow();
    if (!event) ShowProgress({});
    for (size_t i = 0; i < members_.size(); ++i) {
      if (members_[i]->stage != Member::Stage::kRunning) continue;
      if (now >= end_by_) {
        Lose(i, "it did not end in time");
      } else if (now >= members_[i]->give_up_at) {
        Lose(i, fmt::format("it said nothing for {} s", kSilenceTime / kSecond));
      }
    }
  }
}

void Coordinator::DuringRun(Event& event) {
  if (std::holds_alternative<Interrupted>(event)) return OnInterrupt();
  auto& fleet_event = std::get<FleetEvent>(event);
  const size_t index = fleet_event.agent;
  Member& member = *members_[index];
  if (fleet_event.attempt != member.attempt || member.stage != Member::Stage::kRunning) return;

  if (auto* closed = std::get_if<AgentClosed>(&fleet_event.news)) {
    return Lose(index, Reason(*closed));
  }
  if (std::holds_alternative<AgentDrained>(fleet_event.news)) return;
  const v1::AgentMessage& message = std::get<AgentSaid>(fleet_event.news).message;
  member.give_up_at = SteadyNow() + kSilenceTime;
  switch (message.kind_case()) {
    case v1::AgentMessage::kSnapshot:
      return OnSnapshot(index, message.snapshot());
    case v1::AgentMessage::kDone:
      member.stage = Member::Stage::kDone;
      return;
    case v1::AgentMessage::kFailed:
      return Lose(index, message.failed().message());
    case v1::AgentMessage::kWelcome:
    case v1::AgentMessage::kReady:
    case v1::AgentMessage::KIND_NOT_SET:
      return Lose(index, "it sent a message out of order");
  }
}

void Coordinator::OnSnapshot(size_t index, const v1::Snapshot& snapshot) {
  Member& member = *members_[index];
  if (snapshot.sequence() != member.sequence + 1) {
    return Lose(index,
                fmt::format("it sent snapshot {} after {}", snapshot.sequence(), member.sequence));
  }
  absl::StatusOr<std::vector<squall::Run>> held = RunsFromProto(snapshot.held());
  if (!held.ok()) return Lose(index, std::string(held.status().message()));
  absl::StatusOr<Metrics> metrics = Metrics::FromProto(snapshot.metrics());
  if (!metrics.ok()) return Lose(index, std::string(metrics.status().message()));
  uint64_t count = 0;
  for (const squall::Run& run : *held) count += run.count;
  if (count != metrics->recorded()) {
    return Lose(index,
                fmt::format("it sent {} results for {} requests", metrics->recorded(), count));
  }
  if (absl::Status status = ledger_->Hold(member.ledger_index, *held, snapshot.window_ns());
      !status.ok()) {
    return Lose(index, std::string(status.message()));
  }
  member.sequence = snapshot.sequence();
  member.result.metrics.Merge(*metrics);
  result_.fleet.Merge(*metrics);
  result_.elapsed = std::max(result_.elapsed, snapshot.window_ns());

  v1::ControllerMessage message;
  message.mutable_ack()->set_sequence(snapshot.sequence());
  member.link->Send(std::move(message));
  ShowProgress(*metrics);

  if (ledger_->complete()) return StopAll(0);
  if (!stopping_) GrantTo(index);
}

void Coordinator::ShowProgress(const Metrics& delta) {
  const auto running = std::count_if(members_.begin(), members_.end(), [](const auto& member) {
    return member->stage == Member::Stage::kRunning;
  });
  progress_.Update(SteadyNow(), static_cast<size_t>(running), delta);
}

void Coordinator::GrantTo(size_t index) {
  Member& member = *members_[index];
  const std::optional<Span> span = ledger_->TopUp(member.ledger_index);
  if (!span) return;
  v1::ControllerMessage message;
  v1::Grant& grant = *message.mutable_grant();
  grant.set_exhausted(ledger_->exhausted());
  v1::Span& granted = *grant.add_spans();
  granted.set_first(span->first);
  granted.set_stride(span->stride);
  granted.set_count(span->count);
  member.link->Send(std::move(message));
}

void Coordinator::OnInterrupt() {
  result_.state = RunState::kInterrupted;
  if (++interrupts_ == 1) {
    progress_.Message(
        "interrupted: waiting for the requests in flight (Ctrl-C again: do not wait)");
    return StopAll(config_.plan.transport().timeout_ns());
  }
  stopping_ = false;
  StopAll(0);
  end_by_ = SteadyNow() + kAbortTime;
}

void Coordinator::StopAll(Nanos drain) {
  if (stopping_) return;
  stopping_ = true;
  end_by_ = SteadyNow() + drain + kDoneTime;
  for (const auto& member : members_) {
    if (member->stage != Member::Stage::kRunning) continue;
    v1::ControllerMessage message;
    message.mutable_stop()->set_drain_ns(drain);
    member->link->Send(std::move(message));
  }
}

void Coordinator::Lose(size_t index, const std::string& reason) {
  Member& member = *members_[index];
  member.stage = Member::Stage::kLost;
  member.link.reset();
  result_.notes.insert(result_.notes.begin(), fmt::format("{} was lost: {}", Named(index), reason));
  progress_.Message(result_.notes.front());
  if (result_.state == RunState::kComplete) result_.state = RunState::kIncomplete;
  StopAll(config_.plan.transport().timeout_ns());
}

void Coordinator::Finish() {
  progress_.Finish();
  const uint64_t requests = config_.plan.phase().requests();
  result_.planned = requests != 0 ? requests : result_.fleet.recorded();
  if (ledger_->complete()) result_.state = RunState::kComplete;
  for (auto& member : members_) result_.agents.push_back(std::move(member->result));
  result_.plan = std::move(config_.plan);
}

}  // namespace squall
