#include "agent/curl_transport.h"

#include <algorithm>
#include <deque>
#include <ev.h>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "absl/status/status.h"
#include "agent/answer_check.h"
#include "agent/curl_binding.h"
#include "agent/curl_driver.h"
#include "agent/curl_exchange.h"
#include "agent/curl_global.h"
#include "agent/curl_request.h"
#include "agent/routes.h"
#include "agent/tls_context.h"
#include "common/plan_requests.h"

namespace squall {
namespace {

std::deque<std::optional<AnswerChecks>> ChecksOfAll(const v1::Plan& plan) {
  std::deque<std::optional<AnswerChecks>> checks;
  for (size_t i = 0; i < CountRequests(plan); ++i) {
    checks.push_back(AnswerChecks::Of(ChecksOf(plan, i)));
  }
  return checks;
}

std::deque<CurlCall> CallsOf(const TransportSetup& setup,
                             std::deque<std::optional<AnswerChecks>>& checks) {
  const auto transport = std::make_shared<const v1::Transport>(setup.plan.transport());
  std::deque<CurlCall> calls;
  for (uint32_t i = 0; i < checks.size(); ++i) {
    const RequestTemplates* templates =
        setup.source == nullptr ? nullptr : setup.source->templates(i);
    calls.push_back(
        {i, CurlRequest(setup.plan, i, templates, transport), checks[i] ? &*checks[i] : nullptr});
  }
  return calls;
}

absl::Status Untold() { return absl::InternalError("libcurl refused to tell about its sockets"); }

class CurlTransport final : public Transport {
 public:
  explicit CurlTransport(const TransportSetup& setup)
      : loop_(setup.loop),
        sink_(setup.sink),
        gauge_(setup.network.connections),
        source_(setup.source),
        checks_(ChecksOfAll(setup.plan)),
        calls_(CallsOf(setup, checks_)),
        request_(calls_.front().request),
        slots_a_pool_(request_.multiplexed() ? request_.transport().streams() : UINT32_MAX),
        one_origin_(!setup.plan.has_urls() && setup.plan.mix().empty() &&
                    !setup.plan.transport().follow()),
        routes_(request_.transport(), setup.network, setup.loop, setup.first_turn),
        guard_(request_.transport(), setup.network),
        shared_{request_.transport(), setup.network, routes_, guard_, sink_} {
    ev_timer_init(&close_pools_, &OnClosePools, 0., 0.);
    close_pools_.data = this;
  }

  ~CurlTransport() override {
    ev_timer_stop(loop_, &close_pools_);
    for (const auto& slot : slots_) GiveUp(*slot);
  }

  // INVALID_ARGUMENT: libcurl cannot send what the plan asks for.
  absl::Status Check() const {
    absl::Status status;
    for (const CurlCall& call : calls_) status.Update(call.request.Check());
    return status;
  }

  absl::Status SetSlots(uint32_t slots) override;

  void Send(uint32_t number, Nanos start, const RequestTag& tag,
            const std::string& given) override {
    Slot& slot = *slots_[number];
    const CURLcode followed = slot.exchange.Follow(calls_[tag.request]);
    if (request_.tagged()) slot.exchange.Tag(tag);
    const std::string& url = source_ == nullptr ? given : slot.exchange.Render(tag.number);
    const CURLcode begun = slot.exchange.Begin(start, url);
    if (followed != CURLE_OK) return slot.driver->FailLater(slot.easy(), followed);
    if (begun != CURLE_OK) return slot.driver->FailLater(slot.easy(), begun);
    if (Route* route = slot.binding.Find(url)) return Go(slot, *route);
    slot.driver->Add(slot.easy());
  }

  void Look(ConnectionLook& look) const override {
    look.from_target |= !slots_.empty() && slots_.front()->exchange.from_target();
    for (const auto& driver : drivers_) {
      if (driver) driver->Look(look);
      if (look.round_trips.size() >= ConnectionLook::kMostOfAWorker) return;
    }
  }

  void CutOff() override {
    for (const auto& slot : slots_) {
      if (!slot->exchange.in_flight()) continue;
      GiveUp(*slot);
      sink_.OnOutcome(slot->exchange.slot(), SteadyNow(), slot->exchange.CutOff());
    }
  }

 private:
  // A request waits here for the addresses of its name.
  struct Slot final : Route::Waiter {
    Slot(CurlTransport& of, uint32_t number, CurlGroup& group)
        : transport(of),
          exchange(number, of.calls_.front(), of.guard_, of.source_),
          binding(of.shared_, group, easy()) {
      ev_timer_init(&limit, &CurlTransport::OnLimit, 0., 0.);
      limit.data = this;
    }
    CURL* easy() { return exchange.easy(); }
    void OnRoute() noexcept override { transport.OnRoute(*this); }

    CurlTransport& transport;
    CurlDriver* driver = nullptr;  // null: it is not in use
    CurlExchange exchange;
    CurlBinding binding;
    Route* awaited = nullptr;
    ev_timer limit;  // of the wait
  };

  uint32_t PoolOf(uint32_t slot) const { return slot / slots_a_pool_; }
  absl::Status AddSlot(uint32_t number);
  absl::Status OpenPool(std::unique_ptr<CurlDriver>& pool);
  void ClosePools();
  static void OnClosePools(struct ev_loop* loop, ev_timer* timer, int events) noexcept;
  absl::Status ShapePool(CURLM* multi);
  void Go(Slot& slot, Route& route);
  void Await(Slot& slot, Route& route);
  Route& EndWait(Slot& slot);
  void OnRoute(Slot& slot);
  static void OnLimit(struct ev_loop* loop, ev_timer* limit, int events) noexcept;
  void OnEnd(CURL* easy, CURLcode result);
  void GiveUp(Slot& slot);

  struct ev_loop* const loop_;
  Sink& sink_;
  ConnectionGauge& gauge_;
  const RequestSource* const source_;               // null: all requests are alike
  std::deque<std::optional<AnswerChecks>> checks_;  // by request of the plan
  const std::deque<CurlCall> calls_;                // the same
  const CurlRequest& request_;                      // the first, for what they have in common
  // Slots that are to share one HTTP/2 connection have a pool of their own, so that it comes to one
  // to each host (in a common pool, libcurl 7.88 opens more); all others have one pool. Where a
  // server allows fewer streams than the plan, the pool has more connections.
  const uint32_t slots_a_pool_;
  const bool one_origin_;
  uint32_t bound_ = 0;   // slots below it are in use
  bool shrunk_ = false;  // there were more slots
  Routes routes_;
  const CurlGuard guard_;
  CurlBinding::Shared shared_;
  std::deque<CurlGroup> groups_;
  std::vector<std::unique_ptr<CurlDriver>> drivers_;  // one for each pool; null: it is closed
  std::vector<std::unique_ptr<Slot>> slots_;  // all there have been; gone before the drivers
  ev_timer close_pools_;                      // those of slots that are not in use any more
};

absl::Status CurlTransport::SetSlots(uint32_t slots) {
  for (uint32_t number = bound_; number < slots; ++number) {
    if (absl::Status status = AddSlot(number); !status.ok()) return status;
  }
  shrunk_ = slots < bound_;
  bound_ = slots;
  for (const std::unique_ptr<CurlDriver>& driver : drivers_) {
    if (driver == nullptr) continue;
    if (absl::Status status = ShapePool(driver->multi()); !status.ok()) return status;
  }
  ClosePools();
  return absl::OkStatus();
}

// A new one, or one that was in use before.
absl::Status CurlTransport::AddSlot(uint32_t number) {
  const uint32_t pool = PoolOf(number);
  if (pool == drivers_.size()) drivers_.emplace_back();
  if (drivers_[pool] == nullptr) {
    if (absl::Status status = OpenPool(drivers_[pool]); !status.ok()) return status;
  }
  if (number == slots_.size()) {
    if (!request_.multiplexed() || number % slots_a_pool_ == 0) {
      const auto connection = static_cast<uint32_t>(groups_.size());
      groups_.emplace_back().connection = connection;
    }
    Slot& added = *slots_.emplace_back(std::make_unique<Slot>(*this, number, groups_.back()));
    if (absl::Status status = added.exchange.Prepare(); !status.ok()) return status;
    if (added.binding.Prepare() != CURLE_OK) return Untold();
  }
  Slot& slot = *slots_[number];
  if (slot.driver == drivers_[pool].get()) return absl::OkStatus();
  slot.driver = drivers_[pool].get();
  slot.exchange.ForgetConnection();
  return slot.driver->Prepare(slot.easy()) == CURLE_OK ? absl::OkStatus() : Untold();
}

absl::Status CurlTransport::OpenPool(std::unique_ptr<CurlDriver>& pool) {
  absl::StatusOr<std::unique_ptr<CurlDriver>> driver = CurlDriver::Make(
      loop_, gauge_, [this](CURL* easy, CURLcode result) { OnEnd(easy, result); },
      [this] { sink_.OnBatch(); });
  if (!driver.ok()) return driver.status();
  pool = *std::move(driver);
  return ShapePool(pool->multi());
}

absl::Status CurlTransport::ShapePool(CURLM* multi) {
  // All the slots' connections stay open; with several hosts, the idle ones to other hosts too, as
  // far as is usual. Where slots have been given up, those of one host are all that is needed.
  const long slots = request_.multiplexed() ? long{slots_a_pool_} : long{bound_};
  const bool exact = shrunk_ && one_origin_ && !request_.multiplexed();
  // Under the policy's limit a pool has the one connection that it was counted as: what the server
  // does not take at a time waits.
  const bool bounded =
      request_.multiplexed() && shared_.network.policy.limits().connections.most != 0;
  const long kept = exact ? std::max(slots, 1L) : 4 * slots + 64;
  if (curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, kept) ||
      curl_multi_setopt(multi, CURLMOPT_PIPELINING,
                        request_.http2() ? long{CURLPIPE_MULTIPLEX} : long{CURLPIPE_NOTHING}) ||
      curl_multi_setopt(multi, CURLMOPT_MAX_CONCURRENT_STREAMS,
                        static_cast<long>(request_.transport().streams())) ||
      (bounded && curl_multi_setopt(multi, CURLMOPT_MAX_HOST_CONNECTIONS, 1L))) {
    return absl::InternalError("libcurl refused the shape of its connection pool");
  }
  return absl::OkStatus();
}

// Those whose slots are not in use any more, with their connections.
void CurlTransport::ClosePools() {
  const size_t used = bound_ == 0 ? 0 : PoolOf(bound_ - 1) + size_t{1};
  for (size_t pool = used; pool < drivers_.size(); ++pool) {
    const bool in_flight = std::any_of(slots_.begin(), slots_.end(), [&](const auto& slot) {
      return PoolOf(slot->exchange.slot()) == pool && slot->exchange.in_flight();
    });
    if (in_flight) continue;
    for (const auto& slot : slots_) {
      if (slot->driver == drivers_[pool].get()) slot->driver = nullptr;
    }
    drivers_[pool].reset();
  }
}

void CurlTransport::OnClosePools(struct ev_loop*, ev_timer* timer, int) noexcept {
  static_cast<CurlTransport*>(timer->data)->ClosePools();
}

// Sends the request that has begun, when it is known whereto.
void CurlTransport::Go(Slot& slot, Route& route) {
  switch (route.Look()) {
    case Route::State::kPending:
      return Await(slot, route);
    case Route::State::kFailed:
      slot.exchange.Explain(route.error());
      if (route.failure() == v1::FAILURE_KIND_POLICY) slot.exchange.Deny(route.error());
      return slot.driver->FailLater(slot.easy(), CURLE_COULDNT_RESOLVE_HOST);
    case Route::State::kReady:
      if (const CURLcode result = slot.binding.Bind(route)) {
        return slot.driver->FailLater(slot.easy(), result);
      }
      return slot.driver->Add(slot.easy());
  }
}

void CurlTransport::Await(Slot& slot, Route& route) {
  slot.awaited = &route;
  route.Wait(slot);
  const auto timeout = static_cast<double>(request_.transport().timeout_ns()) * 1e-9;
  ev_now_update(loop_);
  ev_timer_set(&slot.limit, timeout, 0.);
  ev_timer_start(loop_, &slot.limit);
}

Route& CurlTransport::EndWait(Slot& slot) {
  ev_timer_stop(loop_, &slot.limit);
  return *std::exchange(slot.awaited, nullptr);
}

void CurlTransport::OnRoute(Slot& slot) {
  Route& route = EndWait(slot);
  slot.exchange.HasWaited();
  Go(slot, route);
}

void CurlTransport::OnLimit(struct ev_loop*, ev_timer* limit, int) noexcept {
  Slot& slot = *static_cast<Slot*>(limit->data);
  slot.transport.EndWait(slot).StopWaiting(slot);
  slot.exchange.Explain("the name was still being looked up");
  slot.transport.OnEnd(slot.easy(), CURLE_OPERATION_TIMEDOUT);
}

void CurlTransport::OnEnd(CURL* easy, CURLcode result) {
  const Nanos end = SteadyNow();
  Slot& slot = *slots_[CurlExchange::Of(easy).slot()];
  if (!slot.binding.denied().empty() && result != CURLE_OK) {
    slot.exchange.Deny(slot.binding.denied());
  }
  const bool elsewhere = result != CURLE_OK && slot.binding.MovesOn(result);
  if (slot.exchange.BeginsAnew(result, elsewhere)) {
    slot.driver->Add(easy);
    return;
  }
  Outcome outcome = slot.exchange.Finish(result);
  if (outcome.kind == v1::FAILURE_KIND_NONE) outcome.address = slot.binding.AnsweredFrom();
  // Not from within the driver's own call.
  if (slot.exchange.slot() >= bound_) ev_timer_start(loop_, &close_pools_);
  sink_.OnOutcome(slot.exchange.slot(), end, outcome);
}

void CurlTransport::GiveUp(Slot& slot) {
  if (slot.awaited != nullptr) EndWait(slot).StopWaiting(slot);
  if (slot.exchange.in_flight()) slot.driver->Remove(slot.easy());
}

}  // namespace

absl::StatusOr<std::unique_ptr<Transport>> MakeCurlTransport(const TransportSetup& setup) {
  if (const CURLcode result = InitialiseLibcurl()) {
    return absl::InternalError(
        fmt::format("libcurl cannot be used: {}", curl_easy_strerror(result)));
  }
  // Of each request, libcurl would say what is wrong with a certificate; it is the plan that is
  // wrong.
  if (!setup.plan.transport().client_certificate_pem().empty()) {
    const absl::StatusOr<TlsContext> usable = TlsContext::Make(setup.plan.transport());
    if (!usable.ok()) return usable.status();
  }
  auto transport = std::make_unique<CurlTransport>(setup);
  if (absl::Status status = transport->Check(); !status.ok()) return status;
  if (absl::Status status = transport->SetSlots(setup.slots); !status.ok()) return status;
  return transport;
}

}  // namespace squall
