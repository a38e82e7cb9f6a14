#include "agent/calibration.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include "absl/time/clock.h"
#include "agent/host.h"
#include "common/phases.h"
#include "common/version.h"

namespace squall {
namespace {

absl::Status Refusal(const char* what) {
  return absl::InvalidArgumentError(fmt::format("own_target: {}", what));
}

// All that such a transport may be, so that nothing that will be thought of leads elsewhere.
bool IsPlain(v1::Transport transport) {
  transport.clear_timeout_ns();
  transport.clear_no_probe();
  v1::Transport plain;
  plain.set_kind(v1::TRANSPORT_KIND_HTTP1);
  plain.set_http_version(v1::HTTP_VERSION_1_1);
  plain.set_streams(1);
  return transport.SerializeAsString() == plain.SerializeAsString();
}

bool IsPlain(v1::Request request) {
  request.clear_url();
  v1::Request plain;
  plain.set_method("GET");
  return request.SerializeAsString() == plain.SerializeAsString();
}

}  // namespace

absl::Status CheckCalibration(const v1::Prepare& prepare) {
  if (!prepare.own_target()) return absl::OkStatus();
  const v1::Plan& plan = prepare.plan();
  if (plan.has_urls()) return Refusal("a list of URLs");
  if (!plan.mix().empty()) return Refusal("several requests");
  if (plan.templates()) return Refusal("placeholders");
  if (!plan.server_counts().empty()) return Refusal("a server's counts");
  if (plan.has_script()) return Refusal("a script");
  if (plan.has_checks()) return Refusal("checks of answers");
  if (!IsPlain(plan.request())) return Refusal("more than a plain GET");
  if (!IsPlain(plan.transport())) return Refusal("more than plain http1");
  for (const v1::Phase& phase : plan.phases()) {
    if (phase.has_arrivals()) return Refusal("an arrival rate");
    if (phase.requests() != 0) return Refusal("a number of requests");
  }
  return absl::OkStatus();
}

absl::StatusOr<Calibration> Calibration::Begin(const std::string& program, uint32_t threads,
                                               v1::Prepare& prepare) {
  // As many as could serve at a time: the ceiling is the agent's, and not its target's.
  absl::StatusOr<OwnTarget> target = OwnTarget::Start(program, HostFacts().cores());
  if (!target.ok()) return target.status();
  prepare.mutable_plan()->mutable_request()->set_url(target->url());
  return Calibration(*std::move(target), prepare, threads);
}

Calibration::Calibration(OwnTarget target, const v1::Prepare& prepare, uint32_t threads)
    : target_(std::move(target)),
      threads_(threads),
      connections_(prepare.concurrency()),
      phase_(static_cast<uint32_t>(prepare.plan().phases_size()) - 1),
      duration_(MeasuredPhase(prepare.plan()).duration_ns()) {}

void Calibration::Add(const v1::Snapshot& snapshot) {
  if (snapshot.phase() != phase_) return;
  succeeded_ += snapshot.metrics().succeeded();
  failed_ += snapshot.metrics().failed();
  window_ = std::max(window_, snapshot.window_ns());
}

v1::Done Calibration::End(CeilingStore& store) const {
  v1::Done done;
  // Requests end all the time: if the last one did so long before the end, the run was stopped.
  if (succeeded_ == 0 || failed_ != 0 || window_ < duration_ - duration_ / 10) return done;
  v1::Ceiling& ceiling = *done.mutable_ceiling();
  ceiling.set_requests_per_second(static_cast<double>(succeeded_) * 1e9 /
                                  static_cast<double>(window_));
  ceiling.set_connections(connections_);
  ceiling.set_cores(HostFacts().cores());
  ceiling.set_threads(threads_);
  ceiling.set_version(std::string(kVersion));
  ceiling.set_transport(v1::TRANSPORT_KIND_HTTP1);
  ceiling.set_measured_at(absl::ToUnixSeconds(absl::Now()));
  const absl::Status kept = store.Keep(ceiling);
  spdlog::info("event=calibrated requests_per_second={:.0f} connections={}",
               ceiling.requests_per_second(), connections_);
  if (!kept.ok()) {
    done.set_not_kept(std::string(kept.message()));
    spdlog::warn("event=ceiling_not_kept reason=\"{}\"", done.not_kept());
  }
  return done;
}

}  // namespace squall
