// From a plan to an engine, with its feeder and its list in between.
#include <utility>

#include <fmt/format.h>

#include "agent/order_check.h"
#include "agent/session.h"

namespace squall {

void Session::OnPrepare(v1::Prepare& prepare) {
  if (active_->stage != ActiveRun::Stage::kWelcomed) {
    return Fail(v1::Failed::CODE_PROTOCOL, "Prepare out of order");
  }
  active_->audit.Begin(active_->link->peer(), prepare.plan(), absl::Now());
  const absl::Status status = CheckPrepare(prepare, config_.policy, config_.file_limit);
  if (!status.ok()) return Refuse(status);
  if (!prepare.own_target()) active_->watch = PolicyWatch(config_.policy.limits());
  active_->prepare.Swap(&prepare);
  if (active_->prepare.own_target()) {
    auto calibration = Calibration::Begin(config_.program, config_.threads, active_->prepare);
    if (!calibration.ok()) {
      return Fail(v1::Failed::CODE_INTERNAL, std::string(calibration.status().message()));
    }
    active_->calibration.emplace(*std::move(calibration));
  }
  active_->stage = ActiveRun::Stage::kReceiving;
  active_->feeder.reserve(active_->prepare.plan().feeder().size_bytes());
  if (active_->prepare.plan().has_urls()) {
    GetList();
  } else {
    active_->list.emplace();
  }
  MakeEngineIfAll();
}

void Session::GetList() {
  const v1::Plan& plan = active_->prepare.plan();
  const uint64_t number = ++intakes_;
  active_->intake = std::make_unique<ListIntake>(
      lists_, plan.urls(), plan.request().url(), [this, number](ListIntake::Event event) {
        mailbox_.Push(ListEvent{number, std::move(event)});
      });
}

void Session::OnFeeder(const v1::FeederChunk& chunk) {
  const uint64_t size = active_->prepare.plan().feeder().size_bytes();
  if (active_->stage != ActiveRun::Stage::kReceiving || chunk.data().empty() ||
      chunk.data().size() > size - active_->feeder.size()) {
    return Fail(v1::Failed::CODE_PROTOCOL, "FeederChunk out of order");
  }
  active_->feeder += chunk.data();
  MakeEngineIfAll();
}

void Session::OnData(v1::DataChunk& chunk) {
  if (active_->stage != ActiveRun::Stage::kReceiving || active_->intake == nullptr ||
      !active_->intake->Take(std::move(chunk))) {
    return Fail(v1::Failed::CODE_PROTOCOL, "DataChunk out of order");
  }
}

void Session::OnList(ListEvent& news) {
  if (!active_ || active_->intake == nullptr || news.intake != intakes_) return;
  if (const auto* wanted = std::get_if<v1::ListWanted>(&news.event)) {
    v1::AgentMessage message;
    *message.mutable_list_wanted() = *wanted;
    return Say(std::move(message));
  }
  auto& list = std::get<absl::StatusOr<ListText>>(news.event);
  active_->intake = nullptr;
  if (list.ok()) {
    active_->list = *std::move(list);
    return MakeEngineIfAll();
  }
  const std::string why(list.status().message());
  if (absl::IsInvalidArgument(list.status())) return Fail(v1::Failed::CODE_PLAN, why);
  const bool broken = absl::IsFailedPrecondition(list.status());
  Fail(broken ? v1::Failed::CODE_PROTOCOL : v1::Failed::CODE_INTERNAL, why);
}

void Session::MakeEngineIfAll() {
  const uint64_t feeder = active_->prepare.plan().feeder().size_bytes();
  if (!active_->list || active_->feeder.size() != feeder) return;
  const uint64_t run = ++runs_;
  auto engine =
      RunEngine::Create(active_->prepare, *std::move(active_->list), std::move(active_->feeder),
                        config_.threads, config_.policy, [this, run](RunEngine::Event event) {
                          mailbox_.Push(EngineEvent{run, std::move(event)});
                        });
  active_->list.reset();
  active_->feeder = {};
  if (!engine.ok()) return Refuse(engine.status());
  active_->audit.Leads((*engine)->target());
  active_->engine = *std::move(engine);
  active_->stage = ActiveRun::Stage::kReady;
  log_.Write(spdlog::level::info, "ready", *active_,
             fmt::format("peer={} concurrency={} workers={}", active_->link->peer(),
                         active_->prepare.concurrency(), active_->engine->workers()));
  v1::AgentMessage message;
  v1::Ready& ready = *message.mutable_ready();
  ready.set_workers(active_->engine->workers());
  *ready.mutable_source_addresses() = active_->prepare.plan().transport().source_addresses();
  Say(std::move(message));
}

}  // namespace squall
