#include "tests/support/fake_fleet.h"

#include <cstdio>
#include <utility>

#include <fmt/format.h>

#include "common/span.h"
#include "controller/progress.h"

namespace squall {
namespace {

bool IsEach(uint64_t number, uint64_t every) { return every != 0 && number % every == every - 1; }

// An agent that answers at once, on the coordinator's own thread.
class FakeLink final : public AgentLink {
 public:
  FakeLink(const Behaviour& behaviour, Heard& heard, std::function<void(FleetNews)> events)
      : behaviour_(behaviour), heard_(heard), events_(std::move(events)) {}

  void Send(v1::ControllerMessage message) override {
    if (closed_) return;
    heard_.messages.push_back(message);
    if (message.has_hello()) OnHello();
    if (message.has_prepare()) OnPrepare(message.prepare());
    if (message.has_data()) OnData(message.data());
    if (message.has_grant()) OnGrant(message.grant());
    if (message.has_start()) {
      running_ = true;
      for (uint32_t phase = 0; phase < granted_.size(); ++phase) Report(phase);
    }
    if (message.has_stop()) {
      v1::AgentMessage done;
      done.mutable_done();
      Say(done);
      Close(absl::OkStatus());
    }
  }

 private:
  void Say(const v1::AgentMessage& message) { events_(AgentSaid{message}); }
  void Close(const absl::Status& status) {
    closed_ = true;
    events_(AgentClosed{status});
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
    message.mutable_welcome()->set_protocol_version(behaviour_.protocol_version);
    message.mutable_welcome()->set_name("fake");
    message.mutable_welcome()->mutable_host()->set_cores(behaviour_.cores);
    message.mutable_welcome()->mutable_host()->set_file_limit(behaviour_.file_limit);
    Say(message);
  }

  void OnPrepare(const v1::Prepare& prepare) {
    if (behaviour_.refuses_plan) return Fail(v1::Failed::CODE_PLAN, "no such thing here");
    granted_.resize(static_cast<size_t>(prepare.plan().phases_size()));
    expected_ = prepare.plan().urls().size_bytes();
    if (expected_ == 0) return Ready();
    events_(AgentDrained{});
  }

  void OnData(const v1::DataChunk& chunk) {
    heard_.list += chunk.data();
    events_(AgentDrained{});
    if (heard_.list.size() == expected_) Ready();
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
    if (granted_[phase].empty()) return;
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
    *snapshot.mutable_held() = RunsToProto(*ToRuns(held));
    *snapshot.mutable_dropped() = RunsToProto(*ToRuns(dropped));
    *snapshot.mutable_unsent() = RunsToProto(*ToRuns(unsent));
    snapshot.set_peak_connections(7);
    *snapshot.mutable_metrics() = metrics.ToProto();
    window_ += 20 * kMillisecond;
    snapshot.set_window_ns(window_ + behaviour_.extra_window);
    Say(message);
    if (behaviour_.done_early) {
      v1::AgentMessage done;
      done.mutable_done();
      Say(done);
      closed_ = true;
    }
    if (heard_.recorded >= behaviour_.dies_after) {
      Close(absl::UnavailableError("the line went dead"));
    }
  }

  const Behaviour behaviour_;
  Heard& heard_;
  const std::function<void(FleetNews)> events_;
  std::vector<std::vector<uint64_t>> granted_;  // and not reported, by phase
  uint64_t expected_ = 0;
  uint64_t sequence_ = 0;
  Nanos window_ = 0;
  bool running_ = false;
  bool closed_ = false;
};

}  // namespace

std::unique_ptr<AgentLink> FakeDialer::Dial(const std::string& target,
                                            std::function<void(FleetNews)> events) {
  const size_t index = std::stoul(target);
  ++heard[index].dialed;
  return std::make_unique<FakeLink>(behaviours[index], heard[index], std::move(events));
}

FakeFleet::FakeFleet(std::vector<Behaviour> behaviours) {
  dialer.heard.resize(behaviours.size());
  for (size_t i = 0; i < behaviours.size(); ++i) {
    config.agents.push_back({fmt::format("host-{}:7400", i), std::to_string(i)});
  }
  dialer.behaviours = std::move(behaviours);
  config.run_id = "test";
  v1::Plan& plan = config.plan;
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
  const v1::Phase measured = config.plan.phases(0);
  config.plan.mutable_phases(0)->Clear();
  config.plan.mutable_phases(0)->set_duration_ns(duration);
  *config.plan.add_phases() = measured;
}

void FakeFleet::ArriveAt(uint64_t per_second) {
  for (v1::Phase& phase : *config.plan.mutable_phases()) {
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
