// An agent's session under controllers, and others, that say anything in any order: several streams
// at a time, with and without certificates, that come, break and go, while time passes.
//
// Properties: nothing is a broken invariant, and what commands the workers keeps to run_engine.h.
// Whoever is refused is told why, in one line, and is not heard any more. The run is one stream's:
// what others say does not touch it. Each command is carried out once and in order, snapshots are
// numbered without a gap and come again until they are acknowledged. Workers may send no longer
// than a lease after the newest acknowledged snapshot was sent, and the run is given up after the
// grace. Lines of the log are lines, of a bounded length. When nobody is left, the agent is free
// again.
#include <array>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include <fuzzer/FuzzedDataProvider.h>
#include <spdlog/sinks/base_sink.h>
#include <spdlog/spdlog.h>

#include "agent/session.h"
#include "common/check.h"
#include "tests/fuzz/controller_words.h"
#include "tests/fuzz/fake_engine.h"
#include "tests/fuzz/properties.h"
#include "tests/fuzz/simulated_time.h"

namespace squall {
namespace {

constexpr size_t kLinks = 4;
constexpr size_t kMostLine = 4096;

class LogCheck final : public spdlog::sinks::base_sink<spdlog::details::null_mutex> {
  void sink_it_(const spdlog::details::log_msg& message) override {
    const std::string_view line(message.payload.data(), message.payload.size());
    SQUALL_CHECK(line.size() <= kMostLine && IsUtf8(line) && !HasTerminalControl(line));
  }
  void flush_() override {}
};

// One stream, and what the session does to it.
class Link final : public ControlLink {
 public:
  using Said = std::function<void(Link&, const v1::AgentMessage&)>;
  Link(PeerIdentity identity, Said said) : identity_(std::move(identity)), said_(std::move(said)) {}

  void Send(v1::AgentMessage message) override {
    if (finished_) return;
    SQUALL_CHECK(!failed_);
    failed_ = message.has_failed();
    if (failed_) CheckWords(absl::UnknownError(message.failed().message()));
    said_(*this, message);
  }
  void Finish() override { finished_ = true; }
  void Break() override { finished_ = true; }
  const std::string& peer() const override { return peer_; }
  PeerIdentity identity() const override { return identity_; }

  bool failed() const { return failed_; }
  bool finished() const { return finished_; }

  bool closed = false;      // the session was told
  std::deque<bool> checks;  // of its Hellos that were not answered: whether they only look

 private:
  const std::string peer_ = "10.0.0.7:4711";
  const PeerIdentity identity_;
  const Said said_;
  bool failed_ = false;
  bool finished_ = false;
};

class Harness {
 public:
  explicit Harness(Session& session) : session_(session) {}

  void Test(FuzzedDataProvider& data) {
    data_ = &data;
    const SimulatedTime time([this](Nanos deadline) { OnIdle(deadline); });
    session_.Run();
    SQUALL_CHECK(FakeEngine::Get() == nullptr);
    ending_ = 0;
  }

 private:
  // The session has heard everything, and waits.
  void OnIdle(Nanos deadline) {
    for (const auto& link : std::exchange(closed_, {})) {
      if (holder_ == link.get()) holder_ = nullptr;
    }
    CheckQuiet();
    FakeEngine* engine = FakeEngine::Get();
    next_command_ = engine == nullptr ? 1 : engine->commands + 1;
    if (data_->remaining_bytes() == 0) return End(deadline);
    int acts = data_->ConsumeIntegralInRange(0, 9) == 0 ? 4 : 1;
    untouched_ = acts == 1;
    while (acts-- > 0) Act(deadline);
  }

  void Act(Nanos deadline) {
    const size_t slot = data_->ConsumeIntegralInRange<size_t>(0, kLinks - 1);
    const int what = data_->ConsumeIntegralInRange(0, 15);
    untouched_ = untouched_ && what > 6;
    switch (what) {
      case 0:
        return Close(slot);
      case 1:
        return SimulatedTime::MoveTo(std::min(
            deadline, SimulatedTime::Now() + data_->ConsumeIntegralInRange<Nanos>(0, kSecond)));
      case 2:
        return SimulatedTime::MoveTo(deadline == kForever ? 0 : deadline);
      case 3:  // this process stood still
        return SimulatedTime::MoveTo(SimulatedTime::Now() + 30 * kSecond);
      case 4:
      case 5:
      case 6:
        return Work();
      default:
        return Say(slot);
    }
  }

  void CheckQuiet() {
    for (const auto& link : links_) SQUALL_CHECK(!link || !link->failed() || link->finished());
    FakeEngine* engine = FakeEngine::Get();
    if (std::exchange(untouched_, false)) SQUALL_CHECK(State() == before_);
    if (engine == nullptr || !engine->started) return;
    const Nanos sent = engine->acknowledged_sent();
    SQUALL_CHECK(engine->lease_until <= sent + engine->prepare.lease_ns());
    SQUALL_CHECK(SimulatedTime::Now() < sent + engine->prepare.grace_ns());
  }

  // Everybody goes, and time passes: soon it is nobody's.
  void End(Nanos deadline) {
    if (ending_++ == 0) {
      for (size_t slot = 0; slot < kLinks; ++slot) Close(slot);
      return;
    }
    SQUALL_CHECK(ending_ < 50);
    if (deadline != kForever) return SimulatedTime::MoveTo(deadline);
    session_.Post(LifeSign{[](const std::string& busy) { SQUALL_CHECK(busy.empty()); }});
    session_.Quit();
  }

  void Close(size_t slot) {
    Link* link = links_[slot].get();
    if (link == nullptr) return;
    untouched_ = false;
    closed_.push_back(links_[slot]);  // what was said to it before is still to be heard
    session_.Post(LinkClosed{std::move(links_[slot])});
  }

  // What the workers do.
  void Work() {
    FakeEngine* engine = FakeEngine::Get();
    if (engine == nullptr) return;
    const int what = data_->ConsumeIntegralInRange(0, 9);
    if (what == 0) return engine->CallAttention();
    if (!engine->collecting || engine->answered) return;
    RunEngine::Collected answer;
    if (what == 1) answer.status = absl::InternalError("no slots");
    if (what == 2) answer.status = absl::InvalidArgumentError("number 7 twice");
    answer.finished = engine->stopped && what < 6;
    for (int i = data_->ConsumeIntegralInRange(0, 2); i > 0 && answer.status.ok(); --i) {
      answer.snapshots.emplace_back().mutable_metrics()->set_succeeded(1);
    }
    engine->Answer(std::move(answer));
  }

  void Say(size_t slot) {
    if (!links_[slot] || (links_[slot]->finished() && data_->ConsumeBool())) Open(slot);
    Link& link = *links_[slot];
    v1::ControllerMessage message = ControllerWords(*data_, next_command_).Any();
    if (message.command() == next_command_) ++next_command_;
    if (message.has_hello()) link.checks.push_back(message.hello().check());
    if (FakeEngine* engine = FakeEngine::Get()) {
      engine->said_to_merge.push_back(message.acknowledged());
      engine->said_to_merge.push_back(message.ack().sequence());
    }
    untouched_ = untouched_ && &link != holder_ && !message.has_hello();
    before_ = State();
    session_.Post(LinkMessage{links_[slot], std::move(message), SimulatedTime::Now()});
  }

  // What only the run's own stream may change.
  using RunState = std::tuple<const Link*, FakeEngine*, uint64_t>;
  RunState State() const {
    FakeEngine* engine = FakeEngine::Get();
    return {holder_, engine, engine == nullptr ? 0 : engine->commands};
  }

  void Open(size_t slot) {
    Close(slot);
    static const PeerIdentity kIdentities[] = {
        {}, {"ann", Role::kRun}, {"bob", Role::kRun}, {"eve", Role::kView}};
    links_[slot] = std::make_shared<Link>(
        kIdentities[data_->ConsumeIntegralInRange<size_t>(0, 3) &
                    data_->ConsumeIntegral<uint8_t>()],
        [this](Link& link, const v1::AgentMessage& message) { OnSaid(link, message); });
  }

  // What the session says.
  void OnSaid(Link& link, const v1::AgentMessage& message) {
    const bool holds = holder_ == &link;
    switch (message.kind_case()) {
      case v1::AgentMessage::kWelcome:
      case v1::AgentMessage::kResume: {
        SQUALL_CHECK(!link.checks.empty());
        const bool looks = link.checks.front();
        link.checks.pop_front();
        if (looks) return SQUALL_CHECK(message.has_welcome());
        SQUALL_CHECK(message.welcome().busy().empty());
        SQUALL_CHECK(message.has_resume() == (FakeEngine::Get() != nullptr));
        holder_ = &link;
        sent_ = 0;
        return;
      }
      case v1::AgentMessage::kSnapshot:
        SQUALL_CHECK(holds);
        return OnSnapshot(message.snapshot());
      case v1::AgentMessage::kReady:
      case v1::AgentMessage::kDone:
        return SQUALL_CHECK(holds && FakeEngine::Get() != nullptr);
      case v1::AgentMessage::kFailed:
        if (holds) holder_ = nullptr;
        return;
      case v1::AgentMessage::kListWanted:
        return SQUALL_CHECK(holds && FakeEngine::Get() == nullptr);
      case v1::AgentMessage::kPong:
        return;
      case v1::AgentMessage::kPacked:  // on the wire alone
      case v1::AgentMessage::KIND_NOT_SET:
        SQUALL_CHECK(false);
    }
  }

  void OnSnapshot(const v1::Snapshot& snapshot) {
    const FakeEngine& engine = *FakeEngine::Get();
    const uint64_t sequence = snapshot.sequence();
    SQUALL_CHECK(sequence > 0 && sequence <= engine.snapshots.size());
    SQUALL_CHECK(sent_ == 0 ? sequence <= engine.acknowledged() + 1 : sequence == sent_ + 1);
    SQUALL_CHECK(snapshot.commands() <= engine.commands);
    sent_ = sequence;
  }

  FuzzedDataProvider* data_ = nullptr;
  Session& session_;
  std::array<std::shared_ptr<Link>, kLinks> links_;
  std::vector<std::shared_ptr<Link>> closed_;  // since it was quiet last
  const Link* holder_ = nullptr;  // whose the run is, by what the session said; null: nobody's
  uint64_t sent_ = 0;             // the newest snapshot on that stream
  uint64_t next_command_ = 1;
  bool untouched_ = false;  // one said something whose run it is not, at this state:
  RunState before_;
  int ending_ = 0;
};

}  // namespace
}  // namespace squall

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  using squall::Session;
  static const bool log = [] {
    spdlog::set_default_logger(
        std::make_shared<spdlog::logger>("agent", std::make_shared<squall::LogCheck>()));
    return true;
  }();
  FuzzedDataProvider data(bytes, size);
  // It listens for controllers, or dials one.
  Session session(
      {.name = "agent", .threads = 2, .file_limit = 1'000, .dials = data.ConsumeBool()});
  squall::Harness(session).Test(data);
  return log ? 0 : 1;
}
