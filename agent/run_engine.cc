#include "agent/run_engine.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "agent/destination.h"
#include "agent/host_limits.h"
#include "agent/plan_policy.h"
#include "agent/server_question.h"
#include "agent/tls_authorities.h"
#include "agent/tls_context.h"
#include "agent/user_limits.h"
#include "common/file_limit.h"
#include "common/phases.h"
#include "common/url.h"

namespace squall {
namespace {

// Nothing is to be seen in less.
constexpr Nanos kVitalsInterval = 200 * kMillisecond;

// Names of a plan are waited for so long: name servers may be silent.
constexpr Nanos kLongestLookup = 5 * kSecond;

// Runs whose numbers lie at this distance.
v1::Runs StridedRuns(const std::vector<NumberRun>& runs, uint64_t stride) {
  std::vector<Span> spans;
  for (const NumberRun& run : runs) spans.push_back({run.first, stride, run.count});
  return RunsToProto(spans);
}

// Connections that `concurrency` requests in flight need.
uint32_t Connections(uint32_t concurrency, uint32_t streams) {
  return (concurrency + streams - 1) / streams;
}

// What one of `workers` gets of a concurrency: whole connections, so that none has fewer streams
// than asked but the newest of all. With the concurrency, no worker's part sinks.
struct Part {
  uint32_t connections = 0;
  uint32_t slots = 0;
};
Part PartOf(uint32_t index, uint32_t workers, uint32_t concurrency, uint32_t streams) {
  const uint32_t connections = Connections(concurrency, streams);
  Part part;
  part.connections = connections / workers + (index < connections % workers ? 1 : 0);
  part.slots = part.connections * streams;
  const bool has_newest = connections != 0 && (connections - 1) % workers == index;
  if (has_newest) part.slots -= connections * streams - concurrency;
  return part;
}

size_t NamedRequests(const v1::Plan& plan) { return static_cast<size_t>(plan.mix_size()); }

// What named requests came to, each for itself.
void TellRequests(const PhaseInterval& interval, v1::Snapshot& snapshot) {
  for (size_t i = 0; i < interval.of_requests.size(); ++i) {
    const Metrics& metrics = interval.of_requests[i];
    if (metrics.recorded() == 0) continue;
    v1::RequestMetrics& told = *snapshot.add_requests();
    told.set_request(static_cast<uint32_t>(i));
    *told.mutable_metrics() = metrics.ToProto();
  }
  for (const auto& [name, metrics] : interval.steps.all()) {
    if (metrics.recorded() == 0) continue;
    v1::RequestMetrics& told = *snapshot.add_requests();
    told.set_name(name);
    *told.mutable_metrics() = metrics.ToProto();
  }
}

// Nothing was recorded, not even a connection.
bool IsEmpty(const PhaseInterval& interval) {
  const Metrics& metrics = interval.metrics;
  return interval.numbers.empty() && metrics.addresses.empty() && metrics.waited == 0 &&
         interval.steps.empty();
}

}  // namespace

RunEngine::RunEngine(RequestSource source, const v1::Prepare& prepare, uint32_t workers,
                     const Policy& policy, std::function<void(Event)> events)
    : events_(std::move(events)),
      source_(std::move(source)),
      streams_(prepare.plan().transport().streams()),
      concurrency_(prepare.concurrency()),
      last_ends_(static_cast<size_t>(prepare.plan().phases_size())),
      flights_(last_ends_.size()),
      total_(last_ends_.size(), NamedRequests(prepare.plan())) {
  network_.policy = policy;
  const v1::Plan& plan = prepare.plan();
  if (plan.urls().timed()) times_.emplace(*source_.list());
  const ListedTimes* const times = times_ ? &*times_ : nullptr;
  for (size_t i = 0; i < last_ends_.size(); ++i) {
    const v1::Phase& planned = plan.phases(static_cast<int>(i));
    RunPhase& phase = phases_.emplace_back(workers);
    phase.begin = PhaseBegin(plan, i);
    if (planned.duration_ns() != 0) phase.end = phase.begin + planned.duration_ns();
    if (!planned.has_arrivals()) continue;
    std::optional<uint64_t> max_backlog;
    if (planned.arrivals().has_max_backlog()) max_backlog = prepare.max_backlog();
    phase.arrivals.emplace(Schedule(planned.arrivals(), plan.seed(), times), workers, max_backlog,
                           policy.limits().rate_nano.most);
  }
}

RunEngine::~RunEngine() {
  // All at once, and none is gone before the last one wakes no other any more.
  for (auto& worker : workers_) worker->Quit();
  for (auto& worker : workers_) worker->Join();
}

absl::StatusOr<std::unique_ptr<RunEngine>> RunEngine::Create(const v1::Prepare& prepare,
                                                             ListText list, std::string feeder,
                                                             uint32_t threads,
                                                             const Policy& given_policy,
                                                             std::function<void(Event)> events) {
  const v1::Plan& plan = prepare.plan();
  std::string rows;  // of users
  if (plan.users()) rows.swap(feeder);
  absl::StatusOr<RequestSource> source =
      RequestSource::Create(plan, std::move(list), std::move(feeder));
  if (!source.ok()) return source.status();
  const Policy policy = prepare.own_target() ? Policy() : given_policy;
  std::vector<Origin> origins = source->Origins();
  const std::string target = TargetText(plan.transport(), origins);
  if (!plan.server_counts().empty()) origins.push_back(OriginOf(plan.server_counts()));
  Resolver names;  // that connections are timed with asks anew
  if (absl::Status status =
          CheckTargets(policy, plan.transport(), origins, names, SteadyNow() + kLongestLookup);
      !status.ok()) {
    return status;
  }

  // As many as it takes if this agent has to take all the others' connections over.
  const uint32_t streams = plan.transport().streams();
  const uint32_t most = plan.users() ? ConnectionsOfUsers(plan, policy, FileLimit(), LocalPorts())
                                     : std::max(plan.concurrency(), prepare.concurrency());
  const uint32_t workers = std::min(threads, Connections(most, streams));
  std::unique_ptr<RunEngine> engine(
      new RunEngine(*std::move(source), prepare, workers, policy, std::move(events)));
  engine->target_ = target;
  absl::StatusOr<RunScripts> scripts = RunScripts::Make(prepare, workers, std::move(rows));
  if (!scripts.ok()) return scripts.status();
  engine->scripts_ = *std::move(scripts);
  if (engine->source_.any_https()) {
    if (absl::Status status = engine->PrepareTls(plan.transport()); !status.ok()) return status;
  }

  uint32_t first_connection = prepare.first_connection();
  for (uint32_t index = 0; index < workers; ++index) {
    const Part part = PartOf(index, workers, prepare.concurrency(), streams);
    Worker::Config config;
    config.index = index;
    config.concurrency = part.slots;
    config.drain = MeasuredPhase(plan).drain_ns();
    config.first_connection = first_connection;
    config.run_id = prepare.run_id();
    config.named_requests = NamedRequests(plan);
    config.script = engine->scripts_.Of(index);
    if (plan.users()) config.user_requests = PartOf(index, workers, most, 1).slots;
    first_connection += part.connections;
    auto worker = Worker::Create(config, plan, engine->network_, engine->source_, engine->lease_,
                                 engine->phases_, *engine);
    if (!worker.ok()) return worker.status();
    engine->workers_.push_back(*std::move(worker));
    engine->spares_.push_back(
        std::make_unique<Interval>(engine->phases_.size(), NamedRequests(plan)));
  }
  if (!engine->source_.ReadAll()) {
    engine->read_ahead_ = std::make_unique<ReadAhead>(engine->source_, engine->phases_);
  }
  engine->WatchHost(plan);
  std::string first_url;
  engine->source_.Url(0, first_url);
  engine->server_ = WatchServer(prepare, first_url, engine->network_);
  return engine;
}

absl::Status RunEngine::PrepareTls(const v1::Transport& transport) {
  if (transport.kind() == v1::TRANSPORT_KIND_HTTP1) {
    absl::StatusOr<TlsContext> tls = TlsContext::Make(transport);
    if (!tls.ok()) return tls.status();
    network_.tls = std::make_shared<const TlsContext>(*std::move(tls));
    return absl::OkStatus();
  }
  // libcurl makes contexts of its own. Without authorities it would refuse one server after
  // another.
  if (transport.insecure() || !transport.ca_pem().empty()) return absl::OkStatus();
  return FindAuthorities().status();
}

// Before anything is sent, so that the way to the server is known as it is without load. Where its
// address is not known yet, the first connection tells it.
void RunEngine::WatchHost(const v1::Plan& plan) {
  const v1::Transport& transport = plan.transport();
  std::optional<Endpoint> server;
  if (transport.unix_socket().empty() && transport.proxy().empty()) {
    std::string text;
    source_.Url(0, text);
    const UrlParts url = SplitUrl(text);
    const Destination destination = DestinationOf(transport, url.host, url.port);
    if (!destination.addresses.empty()) server = destination.addresses.front();
  }
  vitals_.emplace(network_, server, !transport.no_probe());
}

void RunEngine::Start(Nanos at, Nanos lease_until) {
  vitals_->BeginRun();
  if (server_ != nullptr) server_->Begin(at, at + phases_.back().begin);
  started_at_ = at;
  lease_.Renew(lease_until);
  for (auto& worker : workers_) worker->Start(at);
}

void RunEngine::RenewLease(Nanos until) {
  if (!lease_.Renew(until)) return;
  for (auto& worker : workers_) worker->Wake();
}

void RunEngine::Grant(size_t phase, const std::vector<Span>& spans, bool exhausted, bool again) {
  if (!spans.empty()) phases_[phase].stride = spans.back().stride;
  if (read_ahead_ != nullptr) read_ahead_->Granted(phase, spans);
  if (phases_[phase].open_loop()) {
    phases_[phase].arrivals->Add(spans, again);
  } else {
    phases_[phase].numbers.Add(spans, exhausted, again);
  }
  for (auto& worker : workers_) again ? worker->DrawAnew() : worker->Wake();
}

void RunEngine::SetConcurrency(uint32_t concurrency, uint64_t max_backlog) {
  concurrency_ = concurrency;
  for (RunPhase& phase : phases_) {
    if (phase.open_loop()) phase.arrivals->SetMaxBacklog(max_backlog);
  }
  for (uint32_t index = 0; index < workers(); ++index) {
    workers_[index]->SetSlots(PartOf(index, workers(), concurrency, streams_).slots);
  }
}

void RunEngine::Stop(Nanos deadline) {
  for (auto& worker : workers_) worker->Stop(deadline);
}

void RunEngine::RequestSnapshot(bool even_if_empty) {
  even_if_empty_ = even_if_empty;
  awaited_ = workers();
  finished_ = 0;
  stopped_ = idle_ = 0;
  at_once_ = 0;
  for (size_t i = 0; i < workers_.size(); ++i) {
    workers_[i]->RequestSnapshot(std::move(spares_[i]));
  }
}

bool RunEngine::Collect(Worker::Listener::Swapped swapped, Collected& collected) {
  Interval& interval = *swapped.interval;
  for (size_t i = 0; i < phases_.size(); ++i) total_.phases[i].Merge(interval.phases[i]);
  total_.connections.Merge(interval.connections);
  interval.Clear();
  spares_[swapped.worker] = std::move(swapped.interval);
  if (swapped.finished) ++finished_;
  if (swapped.stopped) {
    ++stopped_;
  } else if (swapped.concurrency == 0) {
    ++idle_;
  }
  at_once_ += swapped.concurrency;
  if (swapped.began != 0 && (began_ == 0 || swapped.began < began_)) began_ = swapped.began;
  fault_.Update(swapped.status);
  if (--awaited_ != 0) return false;

  collected.finished = finished_ == workers();
  if (source_.damaged()) {
    fault_.Update(absl::InternalError("its copy of the list has changed, or cannot be read"));
  }
  collected.status = fault_;
  NameAddresses();
  const auto add = [&](size_t phase, const Losses& losses) {
    absl::StatusOr<v1::Snapshot> snapshot = SnapshotOf(phase, losses);
    collected.status.Update(snapshot.status());
    if (snapshot.ok()) collected.snapshots.push_back(*std::move(snapshot));
  };
  for (size_t i = 0; i < phases_.size(); ++i) {
    flights_[i].Follow(total_.phases[i].flight);
    const Losses losses = TakeLosses(i);
    const bool last_of_flight = collected.finished && flights_[i].area != 0;
    if (IsEmpty(total_.phases[i]) && losses.empty() && !last_of_flight) continue;
    last_reported_ = i;
    add(i, losses);
  }
  std::optional<v1::ServerCounts> server = TakeServerCounts(collected.finished);
  if (collected.snapshots.empty() && (even_if_empty_ || server)) add(last_reported_, {});
  if (!collected.snapshots.empty()) {
    v1::Snapshot& last = collected.snapshots.back();
    TellVitals(collected.finished, last);
    if (server) *last.mutable_server() = *std::move(server);
    last.set_script_stopped(stopped_ != 0 && stopped_ + idle_ == workers());
  }
  total_.Clear();
  return true;
}

void RunEngine::TellVitals(bool finished, v1::Snapshot& snapshot) {
  const Nanos now = SteadyNow();
  if (now < vitals_at_ + kVitalsInterval && !finished) return;
  vitals_at_ = now;
  std::vector<const WorkerPulse*> pulses;
  for (const auto& worker : workers_) pulses.push_back(&worker->pulse());
  *snapshot.mutable_vitals() = vitals_->Take(pulses, total_.connections);
}

std::optional<v1::ServerCounts> RunEngine::TakeServerCounts(bool finished) {
  if (server_ == nullptr) return std::nullopt;
  if (total_.connections.from_target) server_->Found();
  if (finished) server_->AskAtEnd();
  return server_->Take();
}

RunEngine::Losses RunEngine::TakeLosses(size_t phase) {
  if (!phases_[phase].open_loop() || started_at_ == 0) return {};
  ArrivalQueue& arrivals = *phases_[phase].arrivals;
  const Nanos now = SteadyNow() - started_at_ - phases_[phase].begin;
  Losses losses;
  if (now > 0) losses.dropped = arrivals.TakeDropped(now, phases_[phase].stride);
  losses.unsent = arrivals.TakeUnsent(phases_[phase].stride);
  return losses;
}

absl::StatusOr<v1::Snapshot> RunEngine::SnapshotOf(size_t phase, const Losses& losses) {
  PhaseInterval& interval = total_.phases[phase];
  const auto runs = ToRuns(interval.numbers, phases_[phase].stride);
  if (!runs.ok()) return runs.status();
  Nanos& last_end = last_ends_[phase];
  last_end = std::max(last_end, interval.last_end);

  v1::Snapshot snapshot;
  snapshot.set_phase(static_cast<uint32_t>(phase));
  *snapshot.mutable_held() = RunsToProto(*runs);
  TellRequests(interval, snapshot);
  *snapshot.mutable_metrics() = interval.metrics.ToProto();
  *snapshot.mutable_dropped() = StridedRuns(losses.dropped, phases_[phase].stride);
  *snapshot.mutable_unsent() = StridedRuns(losses.unsent.runs, phases_[phase].stride);
  snapshot.set_oldest_unsent_ns(losses.unsent.oldest_age);
  snapshot.set_peak_connections(network_.connections.peak());
  snapshot.set_concurrency(std::max(concurrency_, at_once_));
  snapshot.set_began_ns(began_);
  if (flights_[phase].begin != 0) {
    *snapshot.mutable_flight() = std::exchange(flights_[phase], {}).ToProto();
  }
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

// On that worker's thread.
void RunEngine::OnPutBack(uint32_t worker) noexcept {
  for (uint32_t index = 0; index < workers(); ++index) {
    if (index != worker) workers_[index]->DrawAnew();
  }
}

}  // namespace squall
