// A controller's run over agents that tell the truth and lie, in any order, break off, come back,
// and start anew, and over strangers that dial; all of it as in real life, from the first Hello to
// the report, but for the network and the time (simulated_time.h).
//
// Properties: nothing is a broken invariant; the run ends, whatever they do, in a bounded time
// after they have fallen silent; an error says why. What is recorded is exactly what was taken, of
// each number once, from the agent that had it (Book, in simulated_agent.h): what a lost or refused
// agent says later changes nothing. No number is granted again while its former holder may still
// send it. With one agent that was true all the time, and was not silent for too long, and a total,
// the run is complete.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unistd.h>
#include <utility>
#include <vector>

#include <fuzzer/FuzzedDataProvider.h>
#include <google/protobuf/stubs/logging.h>

#include "common/check.h"
#include "controller/coordinator.h"
#include "controller/list_file.h"
#include "tests/fuzz/properties.h"
#include "tests/fuzz/simulated_agent.h"
#include "tests/fuzz/simulated_time.h"

namespace squall {
namespace {

constexpr int kMostIdle = 20'000;

// The events of the FleetServer that there is.
std::function<void(FleetEvent)>* attach = nullptr;

class FakeServer final : public FleetServer {
 public:
  explicit FakeServer(std::function<void(FleetEvent)> events) : events_(std::move(events)) {
    attach = &events_;
  }
  ~FakeServer() override { attach = nullptr; }
  const std::string& address() const override { return address_; }
  std::unique_ptr<Watch> MakeWatch() override { return nullptr; }  // the time is simulated

 private:
  std::function<void(FleetEvent)> events_;
  const std::string address_ = "127.0.0.1:7500";
};

// The list of all runs that have one.
std::shared_ptr<ListFile> List() {
  static const std::shared_ptr<ListFile> list = [] {
    char path[] = "/tmp/fuzz-fleet-XXXXXX";
    constexpr std::string_view kText = "http://a/\nhttp://b/\n";
    const int fd = mkstemp(path);
    SQUALL_CHECK(fd >= 0 &&
                 write(fd, kText.data(), kText.size()) == static_cast<ssize_t>(kText.size()));
    close(fd);
    absl::StatusOr<std::shared_ptr<ListFile>> opened = ListFile::Open(path, "", "");
    unlink(path);
    SQUALL_CHECK(opened.ok());
    return *std::move(opened);
  }();
  return list;
}

class FleetTest final : private Dialer {
 public:
  explicit FleetTest(FuzzedDataProvider& data)
      : data_(data),
        config_(AnyConfig()),
        book_(config_.order.plan.phases().rbegin()->requests()),
        progress_(stderr, Progress::Mode::kQuiet, {}),
        coordinator_(*this, progress_) {
    for (size_t i = 0; i < config_.invitation.agents.size(); ++i) Add();
    truthful_end_ = data_.ConsumeBool();
  }

  void Run() {
    const bool by_total = config_.order.plan.phases().rbegin()->duration_ns() == 0;
    const bool aborts = config_.abort_on_loss;
    const uint64_t total = config_.order.plan.phases().rbegin()->requests();
    const SimulatedTime time([this](Nanos deadline) { OnIdle(deadline); });
    const absl::StatusOr<RunResult> result = coordinator_.Run(std::move(config_));
    if (!result.ok()) {
      SQUALL_CHECK(book_.taken() == 0 && !result.status().message().empty());
      return;
    }
    // Under a rate, what was due by the end and nobody has told of counts as unsent.
    const uint64_t accounted = result->fleet.recorded() + result->dropped + result->unsent;
    SQUALL_CHECK(by_total ? accounted == book_.taken() : accounted >= book_.taken());
    uint64_t sum = 0;
    for (const AgentResult& agent : result->agents) sum += agent.metrics.recorded();
    SQUALL_CHECK(sum == result->fleet.recorded());
    if (result->state == RunState::kComplete && by_total) SQUALL_CHECK(accounted == total);
    if (!truthful_end_ || !by_total || aborts || interrupted_) return;
    for (const auto& peer : agents_) {
      const bool lost =
          std::any_of(result->events.begin(), result->events.end(), [&peer](const RunEvent& event) {
            return event.kind == RunEvent::Kind::kLost && event.agent == peer->agent->name();
          });
      const bool stayed = peer->blameless && peer->agent->was_started() && !lost;
      if (stayed) SQUALL_CHECK(result->state == RunState::kComplete);
    }
  }

 private:
  struct Peer {
    std::shared_ptr<SimulatedAgent> agent;
    bool dialled = true;
    bool blameless = true;
  };

  Coordinator::Config AnyConfig() {
    Coordinator::Config config;
    config.order.run_id = "20261126T101500Z-5f3c";
    config.order.times.grace = FleetTimes::kLeastGrace;
    config.abort_on_loss = data_.ConsumeIntegralInRange(0, 7) == 0;
    config.invitation.join_late = data_.ConsumeBool();
    config.invitation.weighted = data_.ConsumeBool();
    for (int i = data_.ConsumeIntegralInRange(1, 3); i > 0; --i) {
      config.invitation.agents.push_back({.address = {"host:7400", std::to_string(i)}});
    }
    if (data_.ConsumeBool()) {
      config.listen.emplace();
      config.invitation.expected = data_.ConsumeBool() ? 1 : 0;
    }
    v1::Plan& plan = config.order.plan;
    plan.mutable_request()->set_method("GET");
    plan.mutable_request()->set_url("http://127.0.0.1:1/");
    plan.mutable_request()->set_tag(data_.ConsumeBool());
    plan.set_concurrency(data_.ConsumeIntegralInRange<uint32_t>(0, 9));
    if (data_.ConsumeIntegralInRange(0, 3) == 0) plan.add_phases()->set_duration_ns(kSecond);
    v1::Phase& phase = *plan.add_phases();
    phase.set_measured(true);
    phase.set_requests(data_.ConsumeIntegralInRange<uint64_t>(1, 60));
    phase.set_drain_ns(kSecond);
    if (data_.ConsumeIntegralInRange(0, 3) == 0) phase.set_duration_ns(3 * kSecond);
    if (data_.ConsumeIntegralInRange(0, 3) == 0) {
      for (v1::Phase& each : *plan.mutable_phases()) {
        each.mutable_arrivals()->set_process(v1::ARRIVAL_PROCESS_CONSTANT);
        each.mutable_arrivals()->set_rate_nano(10'000'000'000);
      }
    }
    if (data_.ConsumeIntegralInRange(0, 3) == 0) {
      config.order.list = List();
      plan.mutable_urls()->set_size_bytes(config.order.list->facts().size_bytes());
      plan.mutable_urls()->set_entries(config.order.list->facts().entries());
      plan.mutable_urls()->set_sha256(config.order.list->facts().sha256());
      plan.mutable_urls()->set_order(v1::ORDER_SHUFFLED);
    }
    if (data_.ConsumeIntegralInRange(0, 3) == 0) {
      config.order.feeder_text = "id\n1\n";
      plan.set_templates(true);
      plan.mutable_feeder()->set_size_bytes(config.order.feeder_text.size());
      plan.mutable_feeder()->set_rows(1);
    }
    plan.mutable_transport()->set_kind(v1::TRANSPORT_KIND_HTTP1);
    plan.mutable_transport()->set_http_version(v1::HTTP_VERSION_1_1);
    plan.mutable_transport()->set_streams(1);
    plan.mutable_transport()->set_timeout_ns(kSecond);
    return config;
  }

  Peer& Add() {
    const std::string name = std::to_string(agents_.size());
    const auto clock = static_cast<Nanos>(agents_.size()) * 900 * kSecond;
    auto peer = std::make_unique<Peer>();
    peer->agent = std::make_shared<SimulatedAgent>(book_, name, clock);
    return *agents_.emplace_back(std::move(peer));
  }

  std::unique_ptr<AgentLink> Dial(const std::string& target,
                                  std::function<void(FleetNews)> events) override {
    return std::make_unique<SimulatedLink>(agents_[std::stoul(target) - 1]->agent,
                                           std::move(events));
  }

  // Somebody dials: one that there is, or one more.
  void Attach(Peer& peer) {
    const uint64_t number = kFirstAttached + next_attached_++;
    const auto events = [number](FleetNews news) {
      if (attach != nullptr) (*attach)({number, std::move(news)});
    };
    events(AgentAttached{std::make_unique<SimulatedLink>(peer.agent, events), "10.0.0.9:4711"});
  }

  // The controller has heard everything, and waits.
  void OnIdle(Nanos deadline) {
    SQUALL_CHECK(++idle_ < kMostIdle && deadline != kForever);
    if (data_.remaining_bytes() == 0) return End(deadline);
    Peer& peer = *agents_[data_.ConsumeIntegralInRange<size_t>(0, agents_.size() - 1)];
    SimulatedAgent& agent = *peer.agent;
    switch (data_.ConsumeIntegralInRange(0, 15)) {
      case 0:
        return Break(peer);
      case 1:
        peer.blameless = false;
        return Lie(agent);
      case 2:
        if (attach == nullptr || agents_.size() >= 6) return;
        Add().dialled = false;
        agents_.back()->blameless = false;  // nobody waits for it
        return Attach(*agents_.back());
      case 3:
        if (attach == nullptr || peer.dialled || agent.linked()) return;
        return Attach(peer);
      case 4:
        return SimulatedTime::MoveTo(deadline);
      case 5:
        return SimulatedTime::MoveTo(
            std::min(deadline, SteadyNow() + data_.ConsumeIntegralInRange<Nanos>(0, kSecond)));
      case 6:
        if (data_.ConsumeIntegralInRange(0, 63) != 0) return;
        interrupted_ = true;
        return coordinator_.Interrupt();
      default:
        return SayTruth(agent, data_.ConsumeIntegralInRange<size_t>(0, 8));
    }
  }

  // Those that were true go on telling the truth, or all say nothing more.
  void End(Nanos deadline) {
    for (const auto& peer : agents_) {
      if (!truthful_end_ || !peer->blameless || !peer->agent->linked()) continue;
      if (!peer->agent->HasWords()) continue;
      // A warm-up has as many numbers as are asked for: they take some time.
      SimulatedTime::MoveTo(std::min(deadline, SteadyNow() + 5 * kMillisecond));
      return SayTruth(*peer->agent, 8);
    }
    SimulatedTime::MoveTo(deadline);
    // As agents do while they wait.
    for (const auto& peer : agents_) {
      if (truthful_end_ && peer->blameless && peer->agent->running()) SayTruth(*peer->agent, 0);
    }
  }

  static void SayTruth(SimulatedAgent& agent, size_t most) {
    if (agent.linked() && (agent.HasWords() || agent.running())) agent.Say(agent.NextWords(most));
  }

  void Break(Peer& peer) {
    peer.blameless = false;
    if (data_.ConsumeBool()) peer.agent->Forget();
    peer.agent->Close(data_.ConsumeBool() ? absl::OkStatus() : absl::UnavailableError("cut"));
  }

  void Lie(SimulatedAgent& agent) {
    if (!agent.linked()) return;
    v1::AgentMessage message;
    switch (data_.ConsumeIntegralInRange(0, 7)) {
      case 0:  // what it said before, again
        if (agent.kept().empty()) return;
        return agent.Say(
            agent.kept()[data_.ConsumeIntegralInRange<size_t>(0, agent.kept().size() - 1)]);
      case 1:
        message.mutable_done();
        return agent.Say(message);
      case 2:
        message.mutable_failed()->set_code(
            static_cast<v1::Failed::Code>(data_.ConsumeIntegralInRange(0, 8)));
        message.mutable_failed()->set_message(data_.ConsumeRandomLengthString(20));
        break;
      case 3:
        message.mutable_resume()->set_commands(data_.ConsumeIntegral<uint64_t>());
        message.mutable_resume()->set_instance(std::to_string(data_.ConsumeIntegralInRange(0, 6)));
        return agent.Say(message);
      case 4:
        message.ParseFromString(data_.ConsumeRandomLengthString(100));
        return agent.Say(message);
      default:
        if (!agent.HasWords() && !agent.running()) return;
        message = agent.NextWords(data_.ConsumeIntegralInRange<size_t>(0, 8));
        if (message.has_snapshot()) Spoil(*message.mutable_snapshot());
    }
    Change(message);
    agent.Say(message);
  }

  void Spoil(v1::Snapshot& snapshot) {
    switch (data_.ConsumeIntegralInRange(0, 9)) {
      case 0:
        return snapshot.set_sequence(snapshot.sequence() + data_.ConsumeIntegral<uint8_t>());
      case 1:
        return snapshot.set_phase(data_.ConsumeIntegral<uint8_t>());
      case 2:
        if (snapshot.held().gaps_size() == 0) return;
        return snapshot.mutable_held()->set_gaps(0, data_.ConsumeIntegral<uint8_t>());
      case 3:
        return snapshot.set_window_ns(data_.ConsumeIntegral<Nanos>());
      case 4:
        return snapshot.set_began_ns(data_.ConsumeIntegral<Nanos>());
      case 5:
        return snapshot.set_oldest_unsent_ns(data_.ConsumeIntegral<Nanos>());
      case 6:
        return snapshot.set_concurrency(data_.ConsumeIntegral<uint32_t>());
      case 7:
        *snapshot.mutable_unsent() = snapshot.held();
        return snapshot.clear_held();
      case 8:
        return snapshot.set_commands(data_.ConsumeIntegral<uint64_t>());
      default:
        snapshot.MergeFromString(data_.ConsumeRandomLengthString(60));
    }
  }

  // A few bytes, on the wire.
  void Change(v1::AgentMessage& message) {
    std::string bytes = message.SerializeAsString();
    for (int i = data_.ConsumeIntegralInRange(0, 2); i > 0 && !bytes.empty(); --i) {
      bytes[data_.ConsumeIntegralInRange<size_t>(0, bytes.size() - 1)] =
          static_cast<char>(data_.ConsumeIntegral<uint8_t>());
    }
    v1::AgentMessage changed;
    if (changed.ParseFromString(bytes)) message = changed;
  }

  FuzzedDataProvider& data_;
  Coordinator::Config config_;
  Book book_;
  std::vector<std::unique_ptr<Peer>> agents_;
  Progress progress_;
  Coordinator coordinator_;
  uint64_t next_attached_ = 0;
  int idle_ = 0;
  bool truthful_end_ = false;
  bool interrupted_ = false;
};

}  // namespace

absl::StatusOr<std::unique_ptr<FleetServer>> FleetServer::Listen(
    const Address& /*address*/, std::shared_ptr<TlsFiles> /*tls*/,
    std::function<void(FleetEvent)> events) {
  return std::make_unique<FakeServer>(std::move(events));
}

}  // namespace squall

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  const google::protobuf::LogSilencer silencer;
  FuzzedDataProvider data(bytes, size);
  squall::FleetTest(data).Run();
  return 0;
}
