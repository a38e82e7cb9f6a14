#include "agent/session.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include "agent/host.h"
#include "agent/port_limit.h"
#include "agent/source_addresses.h"
#include "common/plan_check.h"
#include "common/protocol.h"
#include "common/values.h"
#include "common/version.h"

namespace squall {
namespace {

constexpr Nanos kSnapshotInterval = kSecond;
// Early snapshots, which ask for more work, come no closer together than this.
constexpr Nanos kEarlySnapshotInterval = 5 * kMillisecond;

v1::AgentMessage FailedMessage(v1::Failed::Code code, const std::string& text) {
  v1::AgentMessage message;
  message.mutable_failed()->set_code(code);
  message.mutable_failed()->set_message(text);
  return message;
}

// Whether it has numbers, and all of them are such as snapshots may name: below 2^63.
bool IsValid(const v1::Span& span) {
  constexpr uint64_t kLargest = (uint64_t{1} << 63) - 1;
  return span.count() != 0 && span.stride() != 0 && span.first() <= kLargest &&
         span.count() - 1 <= (kLargest - span.first()) / span.stride();
}

// Running out of files in mid-run would look like a fault of the target.
absl::Status CheckFileLimit(const v1::Prepare& prepare, uint64_t limit) {
  const uint64_t streams = prepare.plan().transport().streams();
  const uint64_t connections = (prepare.concurrency() + streams - 1) / streams;
  if (connections + kOtherFiles <= limit) return absl::OkStatus();
  return absl::InvalidArgumentError(
      fmt::format("its share of the concurrency needs {} connections, and it may open {} files: "
                  "raise its limit (ulimit -n, LimitNOFILE=), or lower -c",
                  connections, limit));
}

}  // namespace

struct Session::Active {
  enum class Stage { kWelcomed, kReceiving, kReady, kRunning };

  std::shared_ptr<ControlLink> link;
  std::string controller;  // who runs it, in a form that is safe to print
  absl::Time since;
  Stage stage = Stage::kWelcomed;
  v1::Prepare prepare;
  std::string list_text;
  std::unique_ptr<RunEngine> engine;
  uint64_t sequence = 0;  // of the last snapshot sent
  uint64_t recorded = 0;  // for the log
  Nanos last_asked = 0;   // when the last snapshot was asked for
  bool early = false;     // one is wanted before the interval is over
  bool due = false;       // the one being collected is sent even if empty
};

Session::Session(Config config) : config_(std::move(config)) {}
Session::~Session() = default;

void Session::Post(LinkEvent event) {
  std::visit([this](auto& news) { mailbox_.Push(std::move(news)); }, event);
}

void Session::Quit() { mailbox_.Push(QuitRequest{}); }

void Session::Run() {
  while (true) {
    std::optional<Message> message = mailbox_.PopUntil(NextSnapshot());
    if (message) {
      if (std::holds_alternative<QuitRequest>(*message)) break;
      if (auto* said = std::get_if<LinkMessage>(&*message)) OnMessage(*said);
      if (auto* closed = std::get_if<LinkClosed>(&*message)) OnClosed(*closed);
      if (auto* news = std::get_if<EngineEvent>(&*message)) OnEngine(*news);
    }
    if (const Nanos now = SteadyNow(); now >= NextSnapshot()) AskForSnapshot(now);
  }
  if (active_) Fail(v1::Failed::CODE_INTERNAL, "the agent is shutting down");
}

Nanos Session::NextSnapshot() const {
  if (!active_ || active_->stage != Active::Stage::kRunning || active_->engine->collecting()) {
    return kForever;
  }
  return active_->last_asked + (active_->early ? kEarlySnapshotInterval : kSnapshotInterval);
}

void Session::AskForSnapshot(Nanos now) {
  active_->due = now - active_->last_asked >= kSnapshotInterval;
  active_->early = false;
  active_->last_asked = now;
  active_->engine->RequestSnapshot();
}

void Session::OnMessage(LinkMessage& event) {
  v1::ControllerMessage& message = event.message;
  if (message.has_hello()) return OnHello(event.link, message.hello());
  if (!active_ || event.link != active_->link) {
    event.link->Send(FailedMessage(v1::Failed::CODE_PROTOCOL, "the first message must be Hello"));
    event.link->Finish();
    return;
  }
  switch (message.kind_case()) {
    case v1::ControllerMessage::kPrepare:
      return OnPrepare(*message.mutable_prepare());
    case v1::ControllerMessage::kData:
      return OnData(message.data());
    case v1::ControllerMessage::kGrant:
      return OnGrant(message.grant());
    case v1::ControllerMessage::kStart:
      return OnStart();
    case v1::ControllerMessage::kAck:
      return;  // nothing is kept for sending again
    case v1::ControllerMessage::kStop:
      return OnStop(message.stop());
    case v1::ControllerMessage::kHello:
    case v1::ControllerMessage::KIND_NOT_SET:
      return Fail(v1::Failed::CODE_PROTOCOL, "a message of a kind that this agent does not know");
  }
}

void Session::OnHello(const std::shared_ptr<ControlLink>& link, const v1::Hello& hello) {
  const auto refuse = [&link](v1::Failed::Code code, const std::string& text) {
    link->Send(FailedMessage(code, text));
    link->Finish();
  };
  if (active_ && active_->link == link) {
    return Fail(v1::Failed::CODE_PROTOCOL, "a second Hello");
  }
  if (hello.protocol_version() != kProtocolVersion) {
    return refuse(v1::Failed::CODE_VERSION,
                  fmt::format("the agent is squall {} and speaks protocol version {}, the "
                              "controller is squall {} and speaks {}; install the same version "
                              "on both",
                              kVersion, kProtocolVersion, hello.build(), hello.protocol_version()));
  }
  if (active_) {
    spdlog::info("event=refused_busy controller=\"{}\" peer={} running=\"{}\"",
                 Quoted(hello.controller()), link->peer(), active_->controller);
    const std::string since =
        absl::FormatTime("%Y-%m-%d %H:%M:%S %Ez", active_->since, absl::LocalTimeZone());
    return refuse(v1::Failed::CODE_BUSY,
                  fmt::format("busy: {} runs it since {}", active_->controller, since));
  }
  active_ = std::make_unique<Active>();
  active_->link = link;
  active_->controller = Quoted(hello.controller());
  active_->since = absl::Now();

  v1::AgentMessage message;
  v1::Welcome& welcome = *message.mutable_welcome();
  welcome.set_protocol_version(kProtocolVersion);
  welcome.set_build(std::string(kVersion));
  welcome.set_name(config_.name);
  *welcome.mutable_host() = HostFacts();
  welcome.mutable_host()->set_file_limit(config_.file_limit);
  link->Send(std::move(message));
}

void Session::OnPrepare(v1::Prepare& prepare) {
  if (active_->stage != Active::Stage::kWelcomed) {
    return Fail(v1::Failed::CODE_PROTOCOL, "Prepare out of order");
  }
  absl::Status status = CheckPlan(prepare.plan());
  if (status.ok() &&
      (prepare.concurrency() == 0 || prepare.concurrency() > prepare.plan().concurrency())) {
    status = absl::InvalidArgumentError("prepare: concurrency is not a share of the plan's");
  }
  if (status.ok()) status = CheckFileLimit(prepare, config_.file_limit);
  if (status.ok()) status = KeepLocalSources(*prepare.mutable_plan()->mutable_transport());
  if (status.ok()) status = CheckPortLimit(prepare, LocalPorts());
  if (!status.ok()) return Fail(v1::Failed::CODE_PLAN, std::string(status.message()));
  active_->prepare.Swap(&prepare);
  active_->stage = Active::Stage::kReceiving;
  if (!active_->prepare.plan().has_urls()) return MakeEngine();
  active_->list_text.reserve(active_->prepare.plan().urls().size_bytes());
}

void Session::OnData(const v1::DataChunk& chunk) {
  const uint64_t size = active_->prepare.plan().urls().size_bytes();
  if (active_->stage != Active::Stage::kReceiving ||
      chunk.data().size() > size - active_->list_text.size()) {
    return Fail(v1::Failed::CODE_PROTOCOL, "DataChunk out of order");
  }
  active_->list_text += chunk.data();
  if (active_->list_text.size() == size) MakeEngine();
}

void Session::MakeEngine() {
  const uint64_t run = ++runs_;
  auto engine = RunEngine::Create(active_->prepare, std::move(active_->list_text), config_.threads,
                                  [this, run](RunEngine::Event event) {
                                    mailbox_.Push(EngineEvent{run, std::move(event)});
                                  });
  active_->list_text = {};
  if (!engine.ok()) {
    return Fail(v1::Failed::CODE_PLAN, std::string(engine.status().message()));
  }
  active_->engine = *std::move(engine);
  active_->stage = Active::Stage::kReady;
  spdlog::info("event=ready run={} controller=\"{}\" peer={} concurrency={} workers={}",
               active_->prepare.run_id(), active_->controller, active_->link->peer(),
               active_->prepare.concurrency(), active_->engine->workers());
  v1::AgentMessage message;
  v1::Ready& ready = *message.mutable_ready();
  ready.set_workers(active_->engine->workers());
  *ready.mutable_source_addresses() = active_->prepare.plan().transport().source_addresses();
  active_->link->Send(std::move(message));
}

void Session::OnGrant(const v1::Grant& grant) {
  if (!active_->engine) return Fail(v1::Failed::CODE_PROTOCOL, "Grant out of order");
  if (grant.phase() >= static_cast<uint32_t>(active_->prepare.plan().phases_size())) {
    return Fail(v1::Failed::CODE_PROTOCOL, "Grant of a phase that the plan does not have");
  }
  std::vector<Span> spans;
  for (const v1::Span& span : grant.spans()) {
    if (!IsValid(span)) {
      return Fail(v1::Failed::CODE_PROTOCOL, "Grant of an empty span, or of numbers too large");
    }
    spans.push_back({span.first(), span.stride(), span.count()});
  }
  active_->engine->Grant(grant.phase(), spans, grant.exhausted());
}

void Session::OnStart() {
  if (active_->stage != Active::Stage::kReady) {
    return Fail(v1::Failed::CODE_PROTOCOL, "Start out of order");
  }
  active_->stage = Active::Stage::kRunning;
  active_->last_asked = SteadyNow();
  active_->engine->Start();
}

void Session::OnStop(const v1::Stop& stop) {
  if (active_->stage != Active::Stage::kRunning) return SendDone();
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
  if (!collected.status.ok()) {
    return Fail(v1::Failed::CODE_PROTOCOL,
                fmt::format("Grant of numbers that had been granted before: {}",
                            std::string(collected.status.message())));
  }
  if (!collected.empty || active_->due) {
    for (v1::Snapshot& snapshot : collected.snapshots) {
      active_->recorded += snapshot.metrics().succeeded() + snapshot.metrics().failed();
      snapshot.set_sequence(++active_->sequence);
      v1::AgentMessage message;
      message.mutable_snapshot()->Swap(&snapshot);
      active_->link->Send(std::move(message));
    }
  }
  if (collected.finished) SendDone();
}

void Session::SendDone() {
  v1::AgentMessage message;
  message.mutable_done();
  active_->link->Send(std::move(message));
  active_->link->Finish();
  spdlog::info("event=done run={} controller=\"{}\" recorded={}", active_->prepare.run_id(),
               active_->controller, active_->recorded);
  active_.reset();
}

void Session::OnClosed(const LinkClosed& event) {
  if (!active_ || event.link != active_->link) return;
  spdlog::warn("event=controller_gone run={} controller=\"{}\" recorded={}",
               active_->prepare.run_id(), active_->controller, active_->recorded);
  active_.reset();
}

void Session::Fail(v1::Failed::Code code, const std::string& message) {
  spdlog::error("event=failed run={} controller=\"{}\" reason=\"{}\"", active_->prepare.run_id(),
                active_->controller, message);
  active_->link->Send(FailedMessage(code, message));
  active_->link->Finish();
  active_.reset();
}

}  // namespace squall
