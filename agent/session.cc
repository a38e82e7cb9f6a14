#include "agent/session.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "agent/denials.h"
#include "agent/order_check.h"
#include "agent/session_messages.h"
#include "agent/state_folder.h"
#include "common/protocol.h"
#include "common/values.h"

namespace squall {

Session::Session(Config config)
    : config_(std::move(config)),
      ceilings_(config_.state_folder),
      lists_(ListFolder(config_.state_folder), config_.list_bytes),
      instance_(DrawInstance()) {}
Session::~Session() = default;

void Session::Post(LinkEvent event) {
  std::visit([this](auto& news) { mailbox_.Push(std::move(news)); }, event);
}

void Session::Quit() { mailbox_.Push(QuitRequest{}); }

void Session::Run() {
  while (true) {
    std::optional<Message> message =
        mailbox_.PopUntil(std::min({NextSnapshot(), NextConsequence(), bystanders_.NextTime()}));
    if (message) {
      if (std::holds_alternative<QuitRequest>(*message)) break;
      if (auto* opened = std::get_if<LinkOpened>(&*message)) {
        bystanders_.Came(opened->link, SteadyNow());
      }
      if (auto* said = std::get_if<LinkMessage>(&*message)) OnMessage(*said);
      if (auto* closed = std::get_if<LinkClosed>(&*message)) OnClosed(*closed);
      if (auto* sign = std::get_if<LifeSign>(&*message)) {
        sign->answer(active_ ? WhoRuns(*active_) : "");
      }
      if (auto* news = std::get_if<EngineEvent>(&*message)) OnEngine(*news);
      if (auto* news = std::get_if<ListEvent>(&*message)) OnList(*news);
    }
    const Nanos now = SteadyNow();
    if (now >= NextSnapshot()) AskForSnapshot(now);
    if (now >= NextConsequence()) DrawConsequences(now);
    if (now >= bystanders_.NextTime()) bystanders_.OnTime(now);
  }
  if (active_) Fail(v1::Failed::CODE_INTERNAL, "the agent is shutting down");
}

Nanos Session::NextSnapshot() const { return active_ ? active_->NextSnapshot() : kForever; }

void Session::AskForSnapshot(Nanos now) {
  const bool due = active_->link && now - active_->last_asked >= active_->interval();
  active_->early = false;
  active_->last_asked = now;
  active_->engine->RequestSnapshot(due);
}

Nanos Session::NextConsequence() const {
  return active_ ? active_->NextConsequence(config_.dials) : kForever;
}

void Session::DrawConsequences(Nanos now) {
  if (now >= active_->give_up_at()) {
    return Fail(v1::Failed::CODE_INTERNAL,
                fmt::format("no word from the controller for {:.3g} s: the run is given up",
                            static_cast<double>(active_->prepare.grace_ns()) * 1e-9));
  }
  if (now >= active_->watch.end()) return Refuse(active_->watch.Check(now));
  if (now >= active_->lease_end() && !active_->paused) {
    active_->paused = true;
    if (active_->stage == ActiveRun::Stage::kRunning) {
      log_.Write(spdlog::level::warn, "paused", *active_, "reason=\"no word from it\"");
    }
  }
  if (config_.dials && now >= active_->silent_at()) {
    bystanders_.Break(std::exchange(active_->link, nullptr), now);
  }
}

void Session::OnMessage(LinkMessage& event) {
  v1::ControllerMessage& message = event.message;
  const bool is_own = active_ && event.link == active_->link;
  if (!is_own && !bystanders_.Hears(event.link, SteadyNow())) return;
  if (const std::string why = WhyDenied(event.link->identity(), message); !why.empty()) {
    return bystanders_.SendAway(event.link, "denied", v1::Failed::CODE_DENIED, why, SteadyNow());
  }
  if (message.has_ping()) return OnPing(event.link, message.ping(), event.received);
  if (message.has_hello()) return OnHello(event.link, message.hello());
  if (!is_own) {
    return bystanders_.SendAway(event.link, "refused", v1::Failed::CODE_PROTOCOL,
                                "the first message must be Hello", SteadyNow());
  }
  if (message.acknowledged() != 0) OnAck(message.acknowledged());
  if (!active_) return;
  switch (message.kind_case()) {
    case v1::ControllerMessage::kPrepare:
      return OnPrepare(*message.mutable_prepare());
    case v1::ControllerMessage::kFeeder:
      return OnFeeder(message.feeder());
    case v1::ControllerMessage::kData:
      return OnData(*message.mutable_data());
    case v1::ControllerMessage::kAck:
      return OnAck(message.ack().sequence());
    case v1::ControllerMessage::kDismiss:
      return OnDismiss(message.dismiss());
    case v1::ControllerMessage::kGrant:
    case v1::ControllerMessage::kStart:
    case v1::ControllerMessage::kResize:
    case v1::ControllerMessage::kStop:
      return OnCommand(message);
    case v1::ControllerMessage::kHello:
    case v1::ControllerMessage::kPing:
    case v1::ControllerMessage::KIND_NOT_SET:
      return Fail(v1::Failed::CODE_PROTOCOL, "a message of a kind that this agent does not know");
  }
}

void Session::OnPing(const std::shared_ptr<ControlLink>& link, const v1::Ping& ping,
                     Nanos received) {
  // Whoever wants much is to read it.
  if (ping.reply_bytes() != 0 && !bystanders_.MayPad(ping.reply_bytes(), SteadyNow())) {
    return bystanders_.Break(link, SteadyNow());
  }
  link->Send(PongMessage(ping, received));
}

void Session::OnHello(const std::shared_ptr<ControlLink>& link, const v1::Hello& hello) {
  const auto refuse = [&](v1::Failed::Code code, const std::string& text) {
    bystanders_.SendAway(link, "refused", code, text, SteadyNow());
  };
  if (active_ && active_->link == link) {
    return Fail(v1::Failed::CODE_PROTOCOL, "a second Hello");
  }
  if (const auto refusal = RefusalOf(hello)) {
    return refuse(refusal->failed().code(), refusal->failed().message());
  }
  if (hello.check()) {
    link->Known();
    return link->Send(Welcome());
  }
  if (active_ && active_->IsOf(link->identity(), hello.run_id())) return Resume(link);
  if (active_) {
    return refuse(v1::Failed::CODE_BUSY, fmt::format("busy: {}", Welcome().welcome().busy()));
  }
  v1::AgentMessage welcome = Welcome();
  bystanders_.Left(link);
  link->Known();
  active_ = std::make_unique<ActiveRun>();
  active_->link = link;
  active_->run_id = hello.run_id();
  active_->owner = link->identity().name;
  active_->controller = Who(link->identity(), hello);
  active_->since = absl::Now();
  Say(std::move(welcome));
}

v1::AgentMessage Session::Welcome() const {
  v1::AgentMessage message =
      WelcomeMessage(config_.name, instance_, config_.policy.FilesOf(config_.file_limit));
  message.mutable_welcome()->set_obeys_anybody(config_.obeys_anybody);
  v1::Host& host = *message.mutable_welcome()->mutable_host();
  if (const v1::Ceiling* ceiling = ceilings_.Current(host.cores(), config_.threads)) {
    *host.mutable_ceiling() = *ceiling;
  }
  if (active_) message.mutable_welcome()->set_busy(WhoRuns(*active_));
  return message;
}

void Session::Resume(const std::shared_ptr<ControlLink>& link) {
  bystanders_.Left(link);
  link->Known();
  if (active_->link) bystanders_.Finish(active_->link, SteadyNow());
  active_->link = link;
  active_->linked = SteadyNow();
  log_.Write(spdlog::level::info, "resumed", *active_, fmt::format("peer={}", link->peer()));
  v1::AgentMessage message;
  message.mutable_resume()->set_instance(instance_);
  message.mutable_resume()->set_commands(active_->commands);
  Say(std::move(message));
  active_->snapshots.ForEach([this](const v1::AgentMessage& snapshot) { Say(snapshot); });
  if (active_->stage == ActiveRun::Stage::kFinished) return Finish();
  active_->early = true;  // a fresh one renews the lease
  active_->last_asked -= active_->interval();
}

// Each is carried out once, and in order.
void Session::OnCommand(const v1::ControllerMessage& message) {
  if (active_->stage < ActiveRun::Stage::kReady) {
    return Fail(v1::Failed::CODE_PROTOCOL, "a command before the plan");
  }
  if (message.command() != 0 && message.command() <= active_->commands) return;
  if (message.command() != active_->commands + 1) {
    return Fail(v1::Failed::CODE_PROTOCOL,
                fmt::format("command {} after {}", message.command(), active_->commands));
  }
  ++active_->commands;
  if (active_->stage == ActiveRun::Stage::kFinished) return;  // nothing is left to be done
  if (message.has_grant()) return OnGrant(message.grant());
  if (message.has_start()) return OnStart(message.start());
  if (message.has_resize()) return OnResize(message.resize());
  OnStop(message.stop());
}

void Session::OnGrant(const v1::Grant& grant) {
  if (grant.phase() >= static_cast<uint32_t>(active_->prepare.plan().phases_size())) {
    return Fail(v1::Failed::CODE_PROTOCOL, "Grant of a phase that the plan does not have");
  }
  const absl::StatusOr<std::vector<Span>> spans = SpansOf(grant);
  if (!spans.ok()) return Fail(v1::Failed::CODE_PROTOCOL, std::string(spans.status().message()));
  active_->engine->Grant(grant.phase(), *spans, grant.exhausted(), grant.again());
}

void Session::OnStart(const v1::Start& start) {
  if (active_->stage != ActiveRun::Stage::kReady) {
    return Fail(v1::Failed::CODE_PROTOCOL, "Start out of order");
  }
  const Nanos now = SteadyNow();
  if (const absl::Status status = CheckStart(start, now); !status.ok()) {
    return Fail(v1::Failed::CODE_PROTOCOL, std::string(status.message()));
  }
  active_->stage = ActiveRun::Stage::kRunning;
  active_->linked = now;
  active_->last_asked = std::max(now, start.at_ns());
  active_->snapshots.BeginLease(start.lease_from_ns());
  active_->watch.Begin(active_->prepare.plan(), start.at_ns());
  active_->audit.Start(absl::Now());
  active_->engine->Start(start.at_ns(), active_->lease_end());
}

void Session::OnResize(const v1::Resize& resize) {
  const absl::Status status =
      CheckShare(active_->prepare.plan(), resize.concurrency(), config_.policy, config_.file_limit);
  if (!status.ok()) return Refuse(status);
  active_->engine->SetConcurrency(resize.concurrency(), resize.max_backlog());
}

void Session::OnAck(uint64_t sequence) {
  if (!active_->begun() || !active_->snapshots.Acknowledge(sequence)) {
    return Fail(v1::Failed::CODE_PROTOCOL, "Ack of a snapshot that was not sent");
  }
  if (active_->lease_end() <= SteadyNow()) return;
  if (active_->paused) log_.Write(spdlog::level::info, "goes_on", *active_, "");
  active_->paused = false;
  if (active_->stage == ActiveRun::Stage::kRunning)
    active_->engine->RenewLease(active_->lease_end());
}

void Session::OnStop(const v1::Stop& stop) {
  if (active_->stage != ActiveRun::Stage::kRunning) {  // not even started
    active_->snapshots.BeginLease(SteadyNow());
    return Finish();
  }
  const Nanos now = SteadyNow();
  const Nanos drain = std::clamp<Nanos>(stop.drain_ns(), 0, kForever / 4);
  active_->engine->Stop(now + drain);
  active_->early = true;
}

void Session::OnEngine(EngineEvent& news) {
  if (!active_ || !active_->engine || news.run != runs_) return;
  if (std::holds_alternative<RunEngine::Attention>(news.event)) {
    active_->early = true;
    return;
  }
  RunEngine::Collected collected;
  if (active_->engine->Collect(std::get<Worker::Listener::Swapped>(std::move(news.event)),
                               collected)) {
    OnCollected(collected);
  }
}

void Session::OnCollected(RunEngine::Collected& collected) {
  if (absl::IsInternal(collected.status)) {
    return Fail(v1::Failed::CODE_INTERNAL, std::string(collected.status.message()));
  }
  if (!collected.status.ok()) {
    return Fail(v1::Failed::CODE_PROTOCOL,
                fmt::format("Grant of numbers that had been granted before: {}",
                            std::string(collected.status.message())));
  }
  for (v1::Snapshot& snapshot : collected.snapshots) {
    if (active_->calibration) active_->calibration->Add(snapshot);
    // Flows of users are made of their requests.
    if (!active_->prepare.plan().users()) active_->Count(snapshot.metrics());
    for (const v1::RequestMetrics& of : snapshot.requests()) active_->Count(of.metrics());
    snapshot.set_commands(active_->commands);
    Say(active_->snapshots.Add(std::move(snapshot), SteadyNow()));
  }
  const absl::Status allowed = active_->watch.Check(SteadyNow());
  if (!allowed.ok()) return Refuse(allowed);
  if (!collected.finished) return;
  if (active_->calibration) active_->done = active_->calibration->End(ceilings_);
  active_->engine->TellScripts(active_->done);
  Finish();
}

// The run stays until the controller says that it has everything.
void Session::Finish() {
  active_->stage = ActiveRun::Stage::kFinished;
  active_->watch = PolicyWatch();
  v1::AgentMessage message;
  *message.mutable_done() = active_->done;
  Say(std::move(message));
}

void Session::OnDismiss(const v1::Dismiss& dismiss) {
  const bool done = active_->stage == ActiveRun::Stage::kFinished;
  std::string more = fmt::format("recorded={}", active_->recorded);
  if (!done) more += fmt::format(" reason=\"{}\"", LogValue(dismiss.reason()));
  log_.Write(done ? spdlog::level::info : spdlog::level::warn, done ? "done" : "dismissed",
             *active_, more);
  Forget(done ? "done" : "dismissed", dismiss.reason());
}

void Session::OnClosed(const LinkClosed& event) {
  bystanders_.Left(event.link);
  if (!active_ || event.link != active_->link) return;
  active_->link = nullptr;
  log_.Write(spdlog::level::warn, "controller_gone", *active_,
             fmt::format("recorded={}", active_->recorded));
  if (!active_->begun()) Forget("abandoned", "");
}

void Session::Say(v1::AgentMessage message) {
  if (active_->link) active_->link->Send(std::move(message));
}

void Session::Fail(v1::Failed::Code code, const std::string& message) {
  log_.Write(spdlog::level::err, "failed", *active_,
             fmt::format("recorded={} reason=\"{}\"", active_->recorded, LogValue(message)));
  Say(FailedMessage(code, message));
  Forget(active_->begun() ? "failed" : "refused", message);
}

void Session::Refuse(const absl::Status& why) {
  if (!absl::IsPermissionDenied(why)) {
    return Fail(v1::Failed::CODE_PLAN, std::string(why.message()));
  }
  Fail(v1::Failed::CODE_POLICY,
       fmt::format("agent {} {}", config_.name, std::string(why.message())));
}

void Session::Forget(std::string_view outcome, std::string_view reason) {
  log_.Audit(*active_, outcome, reason);
  if (active_->link) bystanders_.Finish(active_->link, SteadyNow());
  active_.reset();
}

}  // namespace squall
