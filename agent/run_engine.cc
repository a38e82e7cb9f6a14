#include "agent/run_engine.h"

#include <algorithm>
#include <utility>

namespace squall {
namespace {

// Connections that `concurrency` requests in flight need.
uint32_t Connections(uint32_t concurrency, uint32_t streams) {
  return (concurrency + streams - 1) / streams;
}

}  // namespace

RunEngine::RunEngine(RequestSource source, uint32_t workers, std::function<void(Event)> events)
    : events_(std::move(events)), source_(std::move(source)), queue_(workers) {}

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
  std::unique_ptr<RunEngine> engine(new RunEngine(*std::move(source), workers, std::move(events)));

  uint32_t unassigned = prepare.concurrency();
  uint32_t first_connection = prepare.first_connection();
  for (uint32_t index = 0; index < workers; ++index) {
    const uint32_t share = connections / workers + (index < connections % workers ? 1 : 0);
    Worker::Config config;
    config.index = index;
    config.concurrency = std::min(unassigned, share * streams);
    config.duration = plan.phase().duration_ns();
    config.timeout = plan.transport().timeout_ns();
    config.first_connection = first_connection;
    unassigned -= config.concurrency;
    first_connection += share;
    auto worker =
        Worker::Create(config, plan, engine->network_, engine->source_, engine->queue_, *engine);
    if (!worker.ok()) return worker.status();
    engine->workers_.push_back(*std::move(worker));
    engine->spares_.push_back(std::make_unique<Interval>());
  }
  return engine;
}

void RunEngine::Start() {
  started_at_ = SteadyNow();
  for (auto& worker : workers_) worker->Start();
}

void RunEngine::Grant(const std::vector<Span>& spans, bool exhausted) {
  queue_.Add(spans, exhausted);
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
  total_.Merge(*swapped.interval);
  swapped.interval->Clear();
  spares_[swapped.worker] = std::move(swapped.interval);
  if (swapped.finished) ++finished_;
  if (--awaited_ != 0) return false;

  NameAddresses();
  const Metrics& metrics = total_.metrics;
  collected.empty = total_.numbers.empty() && metrics.addresses.empty() && metrics.waited == 0;
  collected.finished = finished_ == workers();
  if (auto runs = ToRuns(total_.numbers); runs.ok()) {
    *collected.snapshot.mutable_held() = RunsToProto(*runs);
  } else {
    collected.status = runs.status();
  }
  *collected.snapshot.mutable_metrics() = metrics.ToProto();
  last_end_ = std::max(last_end_, total_.last_end);
  collected.snapshot.set_window_ns(last_end_ == 0 ? 0 : last_end_ - started_at_);
  total_.Clear();
  return true;
}

void RunEngine::NameAddresses() {
  const std::vector<std::string> names = network_.addresses.Names();
  for (size_t number = 0; number < total_.addresses.size(); ++number) {
    const AddressCounts& counts = total_.addresses[number];
    if (counts != AddressCounts()) total_.metrics.addresses[names[number]] = counts;
  }
}

void RunEngine::OnSwapped(Swapped swapped) noexcept { events_(std::move(swapped)); }

void RunEngine::OnAttention() noexcept { events_(Attention{}); }

}  // namespace squall
