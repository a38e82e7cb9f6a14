#include "tests/bench/sim_agent.h"

#include <algorithm>
#include <cmath>
#include <unistd.h>
#include <utility>

#include <fmt/format.h>

#include "common/phases.h"
#include "common/protocol.h"
#include "common/version.h"

namespace squall {
namespace {

// Snapshots that ask for more work come no closer together than this.
constexpr Nanos kEarlyInterval = 5 * kMillisecond;
// After the end of the last phase, until everything that was sent is back.
constexpr Nanos kLastAnswers = 4 * SimMetrics::kService;

uint64_t EndOf(const Span& span) { return span.first + span.count * span.stride; }

// The first of them, those below `limit`; the rest stays.
Span TakeBelow(Span& span, uint64_t limit, uint64_t most) {
  Span taken = span;
  const uint64_t below = limit <= span.first ? 0 : (limit - span.first - 1) / span.stride + 1;
  taken.count = std::min({span.count, below, most});
  span.first += taken.count * span.stride;
  span.count -= taken.count;
  return taken;
}

// Runs rise and have one stride: others, as after the loss of an agent, are taken apart.
std::vector<Span> AsRuns(const std::vector<Span>& spans) {
  const auto follows = [&spans](const Span& span) {
    return span.stride == spans.front().stride &&
           (&span == spans.data() || span.first > (&span - 1)->first);
  };
  if (std::all_of(spans.begin(), spans.end(), follows)) return spans;
  std::vector<uint64_t> numbers;
  for (const Span& span : spans) {
    for (uint64_t i = 0; i < span.count; ++i) numbers.push_back(span.first + i * span.stride);
  }
  return *ToRuns(numbers, 1);
}

}  // namespace

void SimAgent::OnMessage(v1::ControllerMessage& message, Nanos received) {
  greeted_ = true;
  if (message.command() != 0) commands_ = message.command();
  const uint64_t acknowledged = std::max(message.ack().sequence(), message.acknowledged());
  while (!sent_.empty() && sequence_ - sent_.size() < acknowledged) {
    fleet_.acknowledging.Record(static_cast<uint64_t>(received - sent_.front()));
    ++fleet_.acknowledged;
    if (lease_ != kForever) lease_until_ = sent_.front() + lease_;
    sent_.pop_front();
  }
  switch (message.kind_case()) {
    case v1::ControllerMessage::kHello:
      return OnHello();
    case v1::ControllerMessage::kPing: {
      v1::AgentMessage pong;
      pong.mutable_pong()->set_id(message.ping().id());
      pong.mutable_pong()->set_received_ns(received);
      pong.mutable_pong()->set_sent_ns(SteadyNow());
      return Say(std::move(pong));
    }
    case v1::ControllerMessage::kPrepare:
      return OnPrepare(*message.mutable_prepare());
    case v1::ControllerMessage::kGrant:
      return OnGrant(message.grant());
    case v1::ControllerMessage::kStart:
      start_ = message.start().at_ns();
      if (lease_ != kForever) lease_until_ = message.start().lease_from_ns() + lease_;
      // Spread evenly over the interval.
      report_at_ =
          start_ + interval_ * static_cast<Nanos>(index_ + 1) / static_cast<Nanos>(fleet_.agents);
      return SetNext();
    case v1::ControllerMessage::kResize:
      concurrency_ = message.resize().concurrency();
      return;
    case v1::ControllerMessage::kStop:
      return OnStop(SteadyNow());
    case v1::ControllerMessage::kDismiss:
      dismissed_ = true;
      next_ = kForever;
      return channel_->Finish();
    case v1::ControllerMessage::kAck:
    case v1::ControllerMessage::kFeeder:
    case v1::ControllerMessage::kData:
    case v1::ControllerMessage::KIND_NOT_SET:
      return;
  }
}

void SimAgent::OnHello() {
  v1::AgentMessage message;
  v1::Welcome& welcome = *message.mutable_welcome();
  welcome.set_protocol_version(kProtocolVersion);
  welcome.set_build(std::string(kVersion));
  welcome.set_name(fmt::format("sim-{}", index_ + 1));
  welcome.set_instance(fmt::format("sim-{}-{}", getpid(), index_ + 1));
  welcome.mutable_host()->set_os("Linux");
  welcome.mutable_host()->set_machine("simulated");
  welcome.mutable_host()->set_cores(4);
  Say(std::move(message));
}

void SimAgent::OnPrepare(v1::Prepare& prepare) {
  const v1::Plan& plan = prepare.plan();
  concurrency_ = prepare.concurrency();
  interval_ =
      fleet_.snapshot_interval != 0 ? fleet_.snapshot_interval : prepare.snapshot_interval_ns();
  for (size_t i = 0; i < static_cast<size_t>(plan.phases_size()); ++i) {
    const v1::Phase& planned = plan.phases(static_cast<int>(i));
    Phase& phase = phases_.emplace_back();
    phase.begin = phase.done_until = PhaseBegin(plan, i);
    if (planned.duration_ns() != 0) phase.end = phase.begin + planned.duration_ns();
    if (planned.has_arrivals()) {
      phase.schedule =
          &fleet_.schedules.try_emplace(i, planned.arrivals(), plan.seed()).first->second;
    }
  }
  if (prepare.lease_ns() != 0) lease_ = prepare.lease_ns();
  GetReady();
}

// As if it had every list from an earlier run.
void SimAgent::GetReady() {
  v1::AgentMessage message;
  message.mutable_ready()->set_workers(4);
  Say(std::move(message));
}

void SimAgent::OnGrant(const v1::Grant& grant) {
  ++fleet_.grants;
  Phase& phase = phases_[grant.phase()];
  for (const v1::Span& span : grant.spans()) {
    phase.granted.push_back({span.first(), span.stride(), span.count()});
    phase.open += span.count();
  }
  phase.low =
      grant.exhausted() || phase.schedule != nullptr ? 0 : std::max<uint64_t>(phase.open / 2, 1);
  SetNext();
}

// When a closed loop will have so little left that it asks for more.
Nanos SimAgent::LowAt(const Phase& phase) const {
  if (phase.low == 0) return kForever;
  const double ahead = static_cast<double>(phase.open - std::min(phase.open, phase.low - 1));
  return start_ + phase.done_until + static_cast<Nanos>(ahead / fleet_.per_second * 1e9);
}

void SimAgent::SetNext() {
  if (start_ == 0 || finished_) return;
  next_ = report_at_;
  for (const Phase& phase : phases_) {
    const Nanos low_at = LowAt(phase);
    if (low_at < start_ + phase.end) {
      next_ = std::min(next_, std::max(low_at, reported_ + kEarlyInterval));
    }
  }
  if (phases_.back().end != kForever) {
    next_ = std::min(next_, start_ + phases_.back().end + kLastAnswers);
  }
}

void SimAgent::OnTime(Nanos now) {
  const Nanos end = phases_.back().end;
  const bool last = end != kForever && now >= start_ + end + kLastAnswers;
  // What is claimed is what was due to be, however late this is.
  Report(last ? start_ + end + kLastAnswers : next_, last);
  if (next_ >= report_at_) report_at_ += interval_;
  if (last) return SendDone();
  SetNext();
}

void SimAgent::OnStop(Nanos now) {
  if (finished_) return;
  if (start_ != 0) Report(now, false);
  SendDone();
}

void SimAgent::SendDone() {
  finished_ = true;
  next_ = kForever;
  v1::AgentMessage message;
  message.mutable_done();
  Say(std::move(message));
}

// A snapshot of each phase with something new, or one that there is nothing.
void SimAgent::Report(Nanos now, bool last) {
  const Nanos time = now - start_;
  bool any = false;
  size_t current = 0;
  for (size_t i = 0; i < phases_.size(); ++i) {
    Phase& phase = phases_[i];
    if (time < phase.begin) break;
    current = i;
    const std::vector<Span> held = Claim(phase, time, last);
    if (phase.low != 0 && phase.open < phase.low) phase.low = phase.open == 0 ? 0 : 1;
    if (held.empty()) continue;
    SendSnapshot(i, held, now);
    any = true;
  }
  if (!any) SendSnapshot(current, {}, now);
  reported_ = now;
}

// How many more are done by then in a closed loop; under a rate, below which number all are.
uint64_t SimAgent::DueBy(Phase& phase, Nanos time, bool last) const {
  const Nanos until = std::min({time, phase.end, lease_until_ - start_});
  if (phase.schedule != nullptr) {
    const Nanos answered = last || time > phase.end + SimMetrics::kService
                               ? until
                               : std::max<Nanos>(until - SimMetrics::kService, phase.begin);
    return phase.schedule->CountBefore(answered - phase.begin);
  }
  const double done = static_cast<double>(until - phase.done_until) * 1e-9 * fleet_.per_second;
  return done <= 0 ? 0 : static_cast<uint64_t>(done + 1e-6);
}

std::vector<Span> SimAgent::Claim(Phase& phase, Nanos time, bool last) {
  const uint64_t due = DueBy(phase, time, last);
  const uint64_t limit = phase.schedule != nullptr ? due : UINT64_MAX;
  uint64_t left = phase.schedule != nullptr ? UINT64_MAX : due;
  std::vector<Span> held;
  while (!phase.granted.empty() && left > 0) {
    const Span span = TakeBelow(phase.granted.front(), limit, left);
    if (span.count == 0) break;
    if (phase.granted.front().count == 0) phase.granted.pop_front();
    phase.open -= span.count;
    left -= span.count;
    if (!held.empty() && held.back().stride == span.stride && EndOf(held.back()) == span.first) {
      held.back().count += span.count;
    } else {
      held.push_back(span);
    }
  }
  if (phase.schedule == nullptr) {
    // Who has no work does not make up for it.
    phase.done_until =
        left > 0
            ? std::max(phase.done_until, std::min(time, phase.end))
            : phase.done_until + std::llround(static_cast<double>(due) / fleet_.per_second * 1e9);
    // Nor does one whose lease was over.
    if (time > lease_until_ - start_) phase.done_until = std::min(time, phase.end);
  }
  return held;
}

// As much as an agent tells, of a machine with nothing the matter.
void SimAgent::TellEvidence(Nanos now, v1::Snapshot& snapshot) {
  const Nanos begin = std::max(told_until_, start_);
  const Nanos length = now - begin;
  if (length <= 0) return;
  told_until_ = now;
  const int64_t full = length * concurrency_;
  const auto service = static_cast<int64_t>(snapshot.metrics().success_service().sum_low() +
                                            snapshot.metrics().failure_service().sum_low());
  v1::Flight& flight = *snapshot.mutable_flight();
  flight.set_begin_ns(begin);
  flight.set_end_ns(now);
  flight.set_area(std::min(service, full));
  flight.set_most(concurrency_);
  v1::Vitals& vitals = *snapshot.mutable_vitals();
  vitals.set_begin_ns(begin);
  vitals.set_end_ns(now);
  vitals.set_workers(2);
  vitals.set_cpu_ns(length / 4);
  vitals.set_cpu_most_ns(length / 8);
  vitals.set_cpu_wait_ns(length / 100);
  vitals.set_cpu_wait_most_ns(length / 150);
  vitals.set_late_ns(0);
  vitals.set_host_busy(0.2);
  vitals.set_host_steal(0);
  vitals.set_load(0.7);
  vitals.set_interface("eth0");
  vitals.set_link_bytes_per_second(125'000'000);
  vitals.set_link_received_bytes(snapshot.metrics().bytes_received());
  vitals.set_link_sent_bytes(snapshot.metrics().bytes_sent());
  vitals.set_link_received_peak_per_second(snapshot.metrics().bytes_received());
  vitals.set_link_sent_peak_per_second(snapshot.metrics().bytes_sent());
  vitals.set_tcp_received_segments(2000);
  vitals.set_tcp_sent_segments(2000);
  vitals.set_tcp_retransmitted_segments(0);
  vitals.set_tcp_out_of_order_segments(0);
  vitals.set_path_rtt_ns(200'000);
  vitals.set_path_best_rtt_ns(150'000);
  vitals.set_path_probes(2);
  vitals.set_connection_rtt_ns(250'000);
  vitals.set_connections_looked_at(16);
  vitals.set_ports_used(120);
  vitals.set_ports(28'232);
  vitals.set_files_used(130);
  vitals.set_file_limit(20'000);
  vitals.set_memory_bytes(24'000'000);
  vitals.set_memory_left_bytes(16'000'000'000);
}

void SimAgent::SendSnapshot(size_t phase, const std::vector<Span>& held, Nanos now) {
  uint64_t count = 0;
  for (const Span& span : held) count += span.count;
  v1::AgentMessage message;
  v1::Snapshot& snapshot = *message.mutable_snapshot();
  snapshot.set_sequence(++sequence_);
  snapshot.set_phase(static_cast<uint32_t>(phase));
  *snapshot.mutable_held() = RunsToProto(AsRuns(held));
  *snapshot.mutable_metrics() = fleet_.metrics.Of(count, phases_[phase].schedule != nullptr);
  if (sequence_ == 1) snapshot.mutable_metrics()->set_connections(concurrency_);
  snapshot.set_window_ns(std::max<Nanos>(now - start_ - phases_[phase].begin, 0));
  snapshot.set_peak_connections(concurrency_);
  snapshot.set_commands(commands_);
  snapshot.set_concurrency(concurrency_);
  snapshot.set_began_ns(start_);
  TellEvidence(now, snapshot);

  const uint64_t bytes = snapshot.ByteSizeLong();
  ++fleet_.snapshots;
  fleet_.snapshot_bytes += bytes;
  fleet_.largest_snapshot = std::max(fleet_.largest_snapshot, bytes);
  if (phase + 1 == phases_.size()) fleet_.claimed += count;
  sent_.push_back(SteadyNow());
  Say(std::move(message));
}

}  // namespace squall
