#include "tests/fuzz/fake_engine.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "agent/host.h"
#include "agent/host_limits.h"
#include "common/check.h"

namespace squall {
namespace {

std::unique_ptr<FakeEngine>& Only() {
  static std::unique_ptr<FakeEngine> engine;
  return engine;
}

}  // namespace

FakeEngine* FakeEngine::Get() { return Only().get(); }

void FakeEngine::Answer(RunEngine::Collected answer) {
  SQUALL_CHECK(collecting && !answered);
  collected = std::move(answer);
  answered = true;
  events(Worker::Listener::Swapped());
}

uint64_t FakeEngine::acknowledged() const {
  uint64_t newest = 0;
  for (const uint64_t sequence : said_to_merge) {
    if (sequence <= snapshots.size()) newest = std::max(newest, sequence);
  }
  return newest;
}

Nanos FakeEngine::acknowledged_sent() const {
  return acknowledged() == 0 ? lease_from : snapshots[acknowledged() - 1];
}

RunEngine::RunEngine(RequestSource source, const v1::Prepare& prepare, uint32_t /*workers*/,
                     const Policy& /*policy*/, std::function<void(Event)> events)
    : events_(std::move(events)),
      source_(std::move(source)),
      streams_(prepare.plan().transport().streams()),
      concurrency_(prepare.concurrency()),
      total_(0) {
  SQUALL_CHECK(Only() == nullptr);  // one run at a time
  Only() = std::make_unique<FakeEngine>();
  Only()->events = events_;
  Only()->prepare = prepare;
}

RunEngine::~RunEngine() { Only() = nullptr; }

absl::StatusOr<std::unique_ptr<RunEngine>> RunEngine::Create(const v1::Prepare& prepare,
                                                             ListText list, std::string feeder,
                                                             uint32_t threads, const Policy& policy,
                                                             std::function<void(Event)> events) {
  absl::StatusOr<RequestSource> source =
      RequestSource::Create(prepare.plan(), std::move(list), std::move(feeder));
  if (!source.ok()) return source.status();
  return std::unique_ptr<RunEngine>(
      new RunEngine(*std::move(source), prepare, threads, policy, std::move(events)));
}

void RunEngine::Start(Nanos /*at*/, Nanos lease_until) {
  FakeEngine& engine = *Only();
  SQUALL_CHECK(!engine.started);
  engine.started = true;
  engine.lease_until = lease_until;
  engine.lease_from = lease_until - engine.prepare.lease_ns();
  ++engine.commands;
}

void RunEngine::RenewLease(Nanos until) {
  FakeEngine& engine = *Only();
  SQUALL_CHECK(engine.started && until > SteadyNow());
  engine.lease_until = std::max(engine.lease_until, until);
}

void RunEngine::Grant(size_t phase, const std::vector<Span>& spans, bool /*exhausted*/,
                      bool /*again*/) {
  FakeEngine& engine = *Only();
  SQUALL_CHECK(phase < static_cast<size_t>(engine.prepare.plan().phases_size()));
  constexpr uint64_t kEnd = uint64_t{1} << 63;
  for (const Span& span : spans) {
    SQUALL_CHECK(span.count > 0 && span.stride > 0 && span.first < kEnd);
    SQUALL_CHECK(span.count - 1 <= (kEnd - 1 - span.first) / span.stride);
    if (span.stride != kSerialStride) continue;
    SQUALL_CHECK(span.first > engine.last_serial);
    engine.last_serial = span.first;
  }
  ++engine.commands;
}

void RunEngine::SetConcurrency(uint32_t concurrency, uint64_t /*max_backlog*/) {
  SQUALL_CHECK(concurrency > 0 && concurrency <= Only()->prepare.plan().concurrency());
  ++Only()->commands;
}

void RunEngine::Stop(Nanos deadline) {
  SQUALL_CHECK(Only()->started && deadline >= SteadyNow());
  Only()->stopped = true;
  ++Only()->commands;
}

void RunEngine::RequestSnapshot(bool /*even_if_empty*/) {
  SQUALL_CHECK(Only()->started && !collecting());
  awaited_ = 1;
  Only()->collecting = true;
}

bool RunEngine::Collect(Worker::Listener::Swapped /*swapped*/, Collected& collected) {
  FakeEngine& engine = *Only();
  SQUALL_CHECK(engine.collecting && engine.answered);
  awaited_ = 0;
  engine.collecting = engine.answered = false;
  collected = std::exchange(engine.collected, {});
  engine.snapshots.insert(engine.snapshots.end(), collected.snapshots.size(), SteadyNow());
  return true;
}

void RunEngine::OnSwapped(Swapped /*swapped*/) noexcept {}
void RunEngine::OnAttention() noexcept {}
void RunEngine::OnPutBack(uint32_t /*worker*/) noexcept {}

// The machine is not asked again each time: that takes longer than all the rest.
v1::Host HostFacts() {
  v1::Host host;
  host.set_cores(2);
  return host;
}
uint32_t UsableCores() { return 2; }
uint64_t LocalPorts() { return kAllPorts; }
std::string_view LocalPortsName() { return "ports"; }

}  // namespace squall
