#include "agent/run_engine.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "agent/tls_context.h"
#include "common/phases.h"

namespace squall {
namespace {

// Connections that `concurrency` requests in flight need.
uint32_t Connections(uint32_t concurrency, uint32_t streams) {
  return (concurrency + streams - 1) / streams;
}

// Nothing was recorded, not even a connection.
bool IsEmpty(const PhaseInterval& interval) {
  const Metrics& metrics = interval.metrics;
  return interval.numbers.empty() && metrics.addresses.empty() && metrics.waited == 0;
}

}  // namespace

RunEngine::RunEngine(RequestSource source, const v1::Prepare& prepare, uint32_t workers,
                     std::function<void(Event)> events)
    : events_(std::move(events)),
      source_(std::move(source)),
      last_ends_(static_cast<size_t>(prepare.plan().phases_size())),
      total_(last_ends_.size()) {
  const v1::Plan& plan = prepare.plan();
  for (size_t i = 0; i < last_ends_.size(); ++i) {
    const v1::Phase& planned = plan.phases(static_cast<int>(i));
    RunPhase& phase = phases_.emplace_back(workers);
    phase.begin = PhaseBegin(plan, i);
    if (planned.duration_ns() != 0) phase.end = phase.begin + planned.duration_ns();
    if (!planned.has_arrivals()) continue;
    std::optional<uint64_t> max_backlog;
    if (planned.arrivals().has_max_backlog()) max_backlog = prepare.max_backlog();
    phase.arrivals.emplace(Schedule(planned.arrivals(), plan.seed()), workers, max_backlog);
  }
}

RunEngine::~RunEngine() {
  for (auto& worker : workers_) worker->Quit();  // all at once; then each is joined
}

absl::StatusOr<std::unique_ptr<RunEngine>> RunEngine::Create(const v1::Prepare& prepare,
                                                             std::string list_text,
                                                             uint32_t threads,
                                                             std::function<void(Event)> events) {
  const v1::Plan& plan = prepare.plan();
  absl::StatusOr<RequestSource> source = RequestSource::Create(plan, std::move(list_text));
  if (!source.ok()) return source.status();

  // Whole connections go to a worker, so that none has a connection with fewer streams than asked.
  const uint32_t streams = plan.transport().streams();
  const uint32_t connections = Connections(prepare.concurrency(), streams);
  const uint32_t workers = std::min(threads, connections);
  std::unique_ptr<RunEngine> engine(
      new RunEngine(*std::move(source), prepare, workers, std::move(events)));
  // libcurl makes its own, and nobody else reads the system's authorities for nothing.
  if (plan.transport().kind() == v1::TRANSPORT_KIND_HTTP1 && engine->source_.any_https()) {
    absl::StatusOr<TlsContext> tls = TlsContext::Make(plan.transport());
    if (!tls.ok()) return tls.status();
    engine->network_.tls = std::make_shared<const TlsContext>(*std::move(tls));
  }

  uint32_t unassigned = prepare.concurrency();
  uint32_t first_connection = prepare.first_connection();
  for (uint32_t index = 0; index < workers; ++index) {
    const uint32_t share = connections / workers + (index < connections % workers ? 1 : 0);
    Worker::Config config;
    config.index = index;
    config.concurrency = std::min(unassigned, share * streams);
    config.drain = MeasuredPhase(plan).drain_ns();
    config.first_connection = first_connection;
    unassigned -= config.concurrency;
    first_connection += share;
    auto worker =
        Worker::Create(config, plan, engine->network_, engine->source_, engine->phases_, *engine);
    if (!worker.ok()) return worker.status();
    engine->workers_.push_back(*std::move(worker));
    engine->spares_.push_back(std::make_unique<Interval>(engine->phases_.size()));
  }
  return engine;
}

void RunEngine::Start() {
  started_at_ = SteadyNow();
  for (auto& worker : workers_) worker->Start(started_at_);
}

void RunEngine::Grant(size_t phase, const std::vector<Span>& spans, bool exhausted) {
  if (phases_[phase].open_loop()) {
    phases_[phase].arrivals->Add(spans);
  } else {
    phases_[phase].numbers.Add(spans, exhausted);
  }
  for (auto& worker : workers_) worker->Wake();
}

void RunEngine::Stop(Nanos deadline) {
  for (auto& worker : workers_) worker->Stop(deadline);
}

void RunEngine::RequestSnapshot() {
  awaited_ = workers();
  finished_ = 0;
  for (size_t i = 0; i < workers_.size(); ++i) {
    workers_[i]->RequestSnapshot(std::move(spares_[i]));
  }
}

bool RunEngine::Collect(Worker::Listener::Swapped swapped, Collected& collected) {
  Interval& interval = *swapped.interval;
  for (size_t i = 0; i < phases_.size(); ++i) total_.phases[i].Merge(interval.phases[i]);
  interval.Clear();
  spares_[swapped.worker] = std::move(swapped.interval);
  if (swapped.finished) ++finished_;
  if (--awaited_ != 0) return false;

  collected.finished = finished_ == workers();
  NameAddresses();
  const auto add = [&](size_t phase, const Losses& losses) {
    absl::StatusOr<v1::Snapshot> snapshot = SnapshotOf(phase, losses);
    collected.status.Update(snapshot.status());
    if (snapshot.ok()) collected.snapshots.push_back(*std::move(snapshot));
  };
  for (size_t i = 0; i < phases_.size(); ++i) {
    const Losses losses = TakeLosses(i);
    if (IsEmpty(total_.phases[i]) && losses.empty()) continue;
    collected.empty = false;
    last_reported_ = i;
    add(i, losses);
  }
  if (collected.empty) add(last_reported_, {});
  total_.Clear();
  return true;
}

RunEngine::Losses RunEngine::TakeLosses(size_t phase) {
  if (!phases_[phase].open_loop() || started_at_ == 0) return {};
  ArrivalQueue& arrivals = *phases_[phase].arrivals;
  const Nanos now = SteadyNow() - started_at_ - phases_[phase].begin;
  return {now > 0 ? arrivals.TakeDropped(now) : std::vector<NumberRun>(), arrivals.TakeUnsent()};
}

absl::StatusOr<v1::Snapshot> RunEngine::SnapshotOf(size_t phase, const Losses& losses) {
  PhaseInterval& interval = total_.phases[phase];
  const auto runs = ToRuns(interval.numbers);
  if (!runs.ok()) return runs.status();
  Nanos& last_end = last_ends_[phase];
  last_end = std::max(last_end, interval.last_end);

  v1::Snapshot snapshot;
  snapshot.set_phase(static_cast<uint32_t>(phase));
  *snapshot.mutable_held() = RunsToProto(*runs);
  *snapshot.mutable_metrics() = interval.metrics.ToProto();
  *snapshot.mutable_dropped() = RunsToProto(losses.dropped);
  *snapshot.mutable_unsent() = RunsToProto(losses.unsent.runs);
  snapshot.set_oldest_unsent_ns(losses.unsent.oldest_age);
  snapshot.set_peak_connections(network_.connections.peak());
  snapshot.set_window_ns(last_end == 0 ? 0 : last_end - started_at_ - phases_[phase].begin);
  return snapshot;
}

void RunEngine::NameAddresses() {
  const std::vector<std::string> names = network_.addresses.Names();
  for (PhaseInterval& phase : total_.phases) {
    for (size_t number = 0; number < phase.addresses.size(); ++number) {
      const AddressCounts& counts = phase.addresses[number];
      if (counts != AddressCounts()) phase.metrics.addresses[names[number]] = counts;
    }
  }
}

void RunEngine::OnSwapped(Swapped swapped) noexcept { events_(std::move(swapped)); }

void RunEngine::OnAttention() noexcept { events_(Attention{}); }

}  // namespace squall
