#include "tests/support/fake_fleet.h"

#include <cstdio>
#include <deque>
#include <utility>

#include <fmt/format.h>

#include "common/protocol.h"
#include "common/span.h"
#include "common/zstd_chunk.h"
#include "controller/progress.h"

namespace squall {
namespace {

bool IsEach(uint64_t number, uint64_t every) { return every != 0 && number % every == every - 1; }

}  // namespace

// An agent that answers at once, on the coordinator's own thread. It outlives its streams.
class FakeAgent {
 public:
  using Events = std::function<void(FleetNews)>;

  FakeAgent(const Behaviour& behaviour, Heard& heard) : behaviour_(behaviour), heard_(heard) {}

  // A new stream.
  uint64_t Open(Events events) {
    events_ = std::move(events);
    return ++stream_;
  }

  void Hear(uint64_t stream, v1::ControllerMessage message) {
    if (stream != stream_ || !events_) return;
    heard_.messages.push_back(message);
    if (message.command() != 0) {
      if (message.command() <= commands_) return;
      commands_ = message.command();
    }
    if (message.has_hello()) OnHello();
    if (message.has_ping()) OnPing(message.ping());
    if (message.has_prepare()) OnPrepare(message.prepare());
    if (message.has_feeder()) OnFeeder(message.feeder());
    if (message.has_data()) OnData(message.data());
    if (message.has_grant()) OnGrant(message.grant());
    const uint64_t acknowledged = std::max(message.ack().sequence(), message.acknowledged());
    while (!kept_.empty() && kept_.front().snapshot().sequence() <= acknowledged) kept_.pop_front();
    if (message.has_start()) {
      running_ = true;
      for (uint32_t phase = 0; phase < granted_.size(); ++phase) Report(phase);
    }
    if (message.has_stop()) Done();
    if (message.has_dismiss()) Close(absl::OkStatus());
  }

 private:
  void Say(const v1::AgentMessage& message) {
    if (events_) events_(AgentSaid{message, SteadyNow()});
  }
  void Close(const absl::Status& status) {
    const Events events = std::exchange(events_, nullptr);
    if (events) events(AgentClosed{status});
  }
  void Done() {
    v1::AgentMessage done;
    done.mutable_done();
    Say(done);
  }

  void Fail(v1::Failed::Code code, const std::string& text) {
    v1::AgentMessage message;
    message.mutable_failed()->set_code(code);
    message.mutable_failed()->set_message(text);
    Say(message);
    Close(absl::OkStatus());
  }

  void OnHello() {
    if (heard_.dialed <= behaviour_.busy_times) {
      return Fail(v1::Failed::CODE_BUSY, "busy: ann@lab runs it since noon");
    }
    v1::AgentMessage message;
    if (running_ && !died_) {
      message.mutable_resume()->set_commands(commands_);
      if (behaviour_.is_another) message.mutable_resume()->set_instance("another");
      Say(message);
      for (const v1::AgentMessage& kept : kept_) Say(kept);
      return;
    }
    message.mutable_welcome()->set_protocol_version(behaviour_.protocol_version);
    message.mutable_welcome()->set_name("fake");
    message.mutable_welcome()->set_obeys_anybody(behaviour_.obeys_anybody);
    message.mutable_welcome()->mutable_host()->set_cores(behaviour_.cores);
    message.mutable_welcome()->mutable_host()->set_file_limit(behaviour_.file_limit);
    Say(message);
  }

  void OnPing(const v1::Ping& ping) {
    v1::AgentMessage message;
    message.mutable_pong()->set_id(ping.id());
    message.mutable_pong()->set_received_ns(SteadyNow() + behaviour_.clock);
    message.mutable_pong()->set_sent_ns(SteadyNow() + behaviour_.clock);
    Say(message);
  }

  void OnPrepare(const v1::Prepare& prepare) {
    if (behaviour_.refuses_plan) return Fail(v1::Failed::CODE_PLAN, "no such thing here");
    granted_.resize(static_cast<size_t>(prepare.plan().phases_size()));
    expected_ = prepare.plan().urls().size_bytes();
    feeder_ = prepare.plan().feeder().size_bytes();
    if (feeder_ != 0) return events_(AgentDrained{});
    GetList();
  }

  void OnFeeder(const v1::FeederChunk& chunk) {
    heard_.feeder += chunk.data();
    events_(AgentDrained{});
    if (heard_.feeder.size() == feeder_) GetList();
  }

  void GetList() {
    if (expected_ == 0 || behaviour_.has_list) return Ready();
    events_(AgentDrained{});
    v1::AgentMessage message;
    message.mutable_list_wanted()->set_from(behaviour_.list_from);
    message.mutable_list_wanted()->set_until(expected_);
    Say(message);
  }

  void OnData(const v1::DataChunk& chunk) {
    const bool packed = chunk.compression() == v1::COMPRESSION_ZSTD;
    heard_.list += packed ? Decompressed(chunk.data(), kChunkBytes).value_or("") : chunk.data();
    events_(AgentDrained{});
    if (behaviour_.list_from + heard_.list.size() == expected_) Ready();
  }

  void Ready() {
    v1::AgentMessage message;
    message.mutable_ready()->set_workers(1);
    Say(message);
  }

  void OnGrant(const v1::Grant& grant) {
    const uint32_t phase = grant.phase();
    for (const v1::Span& span : grant.spans()) {
      for (uint64_t i = 0; i < span.count(); ++i) {
        granted_[phase].push_back(span.first() + i * span.stride());
      }
    }
    if (running_ && phase + 1 == granted_.size()) Report(phase);
  }

  void Report(uint32_t phase) {
    if (granted_[phase].empty() || died_ || stopped_) return;
    std::vector<uint64_t> held;
    std::vector<uint64_t> dropped;
    std::vector<uint64_t> unsent;
    Metrics metrics;
    Outcome good;
    good.status = 200;
    good.bytes_received = 10;
    for (const uint64_t number : std::exchange(granted_[phase], {})) {
      if (IsEach(number, behaviour_.drops_every)) {
        dropped.push_back(number);
      } else if (IsEach(number, behaviour_.leaves_every)) {
        unsent.push_back(number);
      } else {
        held.push_back(number + behaviour_.shift);
        metrics.Add(number, {.service = kMillisecond}, good);
      }
    }
    heard_.recorded += metrics.recorded();
    if (behaviour_.wrong_count) metrics.Add(0, {.service = 1}, good);
    v1::AgentMessage message;
    v1::Snapshot& snapshot = *message.mutable_snapshot();
    snapshot.set_sequence(sequence_++ + behaviour_.first_sequence);
    snapshot.set_phase(phase + behaviour_.phase_shift);
    *snapshot.mutable_held() = RunsToProto(*ToRuns(held, 1));
    *snapshot.mutable_dropped() = RunsToProto(*ToRuns(dropped, 1));
    *snapshot.mutable_unsent() = RunsToProto(*ToRuns(unsent, 1));
    snapshot.set_peak_connections(7);
    snapshot.set_commands(commands_);
    snapshot.set_began_ns(SteadyNow() + behaviour_.clock);
    *snapshot.mutable_metrics() = metrics.ToProto();
    window_ += 20 * kMillisecond;
    snapshot.set_window_ns(window_ + behaviour_.extra_window);
    stopped_ = behaviour_.script_stops;
    snapshot.set_script_stopped(stopped_);
    kept_.push_back(message);
    const bool breaks = heard_.recorded >= behaviour_.breaks_after && !std::exchange(broken_, true);
    if (heard_.recorded >= behaviour_.dies_after) died_ = true;
    if (!breaks) Say(message);
    if (behaviour_.done_early) Done();
    if (breaks || died_) Close(absl::UnavailableError("the line went dead"));
  }

  const Behaviour behaviour_;
  Heard& heard_;
  Events events_;  // of its stream; null: there is none
  uint64_t stream_ = 0;
  std::vector<std::vector<uint64_t>> granted_;  // and not reported, by phase
  std::deque<v1::AgentMessage> kept_;           // and not acknowledged
  uint64_t expected_ = 0;                       // bytes of the list …
  uint64_t feeder_ = 0;                         // … and of the feeder
  uint64_t commands_ = 0;
  uint64_t sequence_ = 0;
  Nanos window_ = 0;
  bool running_ = false;
  bool broken_ = false;
  bool died_ = false;
  bool stopped_ = false;
};

namespace {

class FakeLink final : public AgentLink {
 public:
  FakeLink(std::shared_ptr<FakeAgent> agent, std::function<void(FleetNews)> events)
      : agent_(std::move(agent)), stream_(agent_->Open(std::move(events))) {}

  void Send(v1::ControllerMessage message) override { agent_->Hear(stream_, std::move(message)); }

 private:
  const std::shared_ptr<FakeAgent> agent_;
  const uint64_t stream_;
};

}  // namespace

FakeDialer::FakeDialer() = default;
FakeDialer::~FakeDialer() = default;

std::unique_ptr<AgentLink> FakeDialer::Dial(const std::string& target,
                                            std::function<void(FleetNews)> events) {
  const size_t index = std::stoul(target);
  ++heard[index].dialed;
  std::shared_ptr<FakeAgent>& agent = agents_[index];
  if (heard[index].dialed == 1)
    agent = std::make_shared<FakeAgent>(behaviours[index], heard[index]);
  return std::make_unique<FakeLink>(agent, std::move(events));
}

FakeFleet::FakeFleet(std::vector<Behaviour> behaviours) {
  dialer.heard.resize(behaviours.size());
  for (size_t i = 0; i < behaviours.size(); ++i) {
    config.invitation.agents.push_back(
        {.address = {fmt::format("host-{}:7400", i), std::to_string(i)}});
  }
  dialer.behaviours = std::move(behaviours);
  config.order.run_id = "test";
  config.order.times.grace = FleetTimes::kLeastGrace;
  v1::Plan& plan = config.order.plan;
  plan.mutable_request()->set_method("GET");
  plan.mutable_request()->set_url("http://127.0.0.1:1/");
  v1::Phase& phase = *plan.add_phases();
  phase.set_measured(true);
  phase.set_requests(10'000);
  phase.set_drain_ns(kSecond);
  plan.set_concurrency(12);
  plan.mutable_transport()->set_kind(v1::TRANSPORT_KIND_HTTP1);
  plan.mutable_transport()->set_http_version(v1::HTTP_VERSION_1_1);
  plan.mutable_transport()->set_streams(1);
  plan.mutable_transport()->set_timeout_ns(kSecond);
}

void FakeFleet::WarmUp(Nanos duration) {
  const v1::Phase measured = config.order.plan.phases(0);
  config.order.plan.mutable_phases(0)->Clear();
  config.order.plan.mutable_phases(0)->set_duration_ns(duration);
  *config.order.plan.add_phases() = measured;
}

void FakeFleet::ArriveAt(uint64_t per_second) {
  // Grants are a second apart, and between them such agents have nothing to say.
  config.order.times.grace = FleetTimes::kDefaultGrace;
  for (v1::Phase& phase : *config.order.plan.mutable_phases()) {
    phase.mutable_arrivals()->set_process(v1::ARRIVAL_PROCESS_CONSTANT);
    phase.mutable_arrivals()->set_rate_nano(per_second * 1'000'000'000);
  }
}

absl::StatusOr<RunResult> FakeFleet::Run() {
  Progress progress(stderr, Progress::Mode::kQuiet, {});
  Coordinator coordinator(dialer, progress);
  return coordinator.Run(config);
}

bool FakeFleet::NothingSent() const {
  for (const Heard& heard : dialer.heard) {
    for (const v1::ControllerMessage& message : heard.messages) {
      if (message.has_grant() || message.has_start()) return false;
    }
  }
  return true;
}

}  // namespace squall
