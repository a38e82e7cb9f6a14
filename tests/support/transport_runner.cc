#include "tests/support/transport_runner.h"

#include <algorithm>
#include <ev.h>
#include <set>

#include <gtest/gtest.h>

#include "agent/tls_context.h"
#include "common/event_loop.h"

namespace squall::testing {
namespace {

constexpr double kDeadlineSeconds = 30.;

class Runner final : public Transport::Sink {
 public:
  Runner(Network& network, const std::vector<std::string>& urls) : urls_(urls), network_(network) {}

  void Run(TransportFactory factory, const v1::Plan& plan, uint32_t slots, Nanos cut_off_after) {
    loop_ = NewEventLoop();
    absl::StatusOr<TlsContext> tls = TlsContext::Make(plan.transport());
    ASSERT_TRUE(tls.ok()) << tls.status();
    network_.tls = std::make_shared<const TlsContext>(*std::move(tls));
    absl::StatusOr<std::unique_ptr<Transport>> transport =
        factory({plan, network_, loop_, *this, slots});
    if (!transport.ok()) {
      ADD_FAILURE() << transport.status();
    } else {
      transport_ = std::move(*transport);
      started_.resize(slots);
      busy_.resize(slots);
      for (uint32_t slot = 0; slot < slots; ++slot) SendNext(slot);
      Loop(cut_off_after);
    }
    transport_.reset();
    ev_loop_destroy(loop_);
  }

  void OnOutcome(uint32_t slot, Nanos end, const Outcome& outcome) noexcept override {
    EXPECT_FALSE(sending_) << "an outcome from within Send()";
    ASSERT_LT(slot, busy_.size());
    EXPECT_TRUE(busy_[slot]) << "two outcomes for one request";
    busy_[slot] = false;
    seen.push_back({slot, started_[slot], end, outcome.kind, outcome.status, outcome.bytes_received,
                    outcome.bytes_sent, outcome.connections, outcome.resent, outcome.timings,
                    std::string(outcome.detail), outcome.judged,
                    outcome.address == Outcome::kNoAddress
                        ? ""
                        : network_.addresses.Names().at(outcome.address)});
    if (!ending_) SendNext(slot);
    if (seen.size() == urls_.size()) ev_break(loop_, EVBREAK_ALL);
  }

  void OnBatch() noexcept override {}
  void OnConnecting(uint32_t address) noexcept override {
    ++tried[network_.addresses.Names().at(address)];
  }

  std::vector<Seen> seen;
  std::map<std::string, uint32_t> tried;

 private:
  void SendNext(uint32_t slot) {
    if (next_ == urls_.size()) return;
    busy_[slot] = true;
    started_[slot] = SteadyNow();
    sending_ = true;
    const size_t number = next_++;
    transport_->Send(slot, started_[slot], {kTestRun, number}, urls_[number]);
    sending_ = false;
  }

  void Loop(Nanos cut_off_after) {
    const double wait = cut_off_after == kForever
                            ? kDeadlineSeconds
                            : static_cast<double>(cut_off_after) / static_cast<double>(kSecond);
    ev_timer timer;
    ev_timer_init(&timer, &OnTimer, wait, 0.);
    ev_timer_start(loop_, &timer);
    ev_run(loop_, 0);
    ev_timer_stop(loop_, &timer);
    ending_ = true;
    EXPECT_TRUE(cut_off_after != kForever || seen.size() == urls_.size()) << "hangs";
    transport_->CutOff();
    EXPECT_EQ(std::count(busy_.begin(), busy_.end(), true), 0) << "requests without an outcome";
  }

  static void OnTimer(struct ev_loop* loop, ev_timer*, int) noexcept {
    ev_break(loop, EVBREAK_ALL);
  }

  const std::vector<std::string>& urls_;
  Network& network_;
  struct ev_loop* loop_ = nullptr;
  std::unique_ptr<Transport> transport_;
  std::vector<Nanos> started_;  // by slot
  std::vector<bool> busy_;      // by slot
  size_t next_ = 0;
  bool sending_ = false;
  bool ending_ = false;
};

}  // namespace

v1::Plan SimplePlan() {
  v1::Plan plan;
  plan.mutable_request()->set_method("GET");
  plan.mutable_transport()->set_http_version(v1::HTTP_VERSION_1_1);
  plan.mutable_transport()->set_streams(1);
  plan.mutable_transport()->set_timeout_ns(10 * kSecond);
  return plan;
}

Trip SendOver(Network& network, TransportFactory factory, const v1::Plan& plan, uint32_t slots,
              const std::vector<std::string>& urls, Nanos cut_off_after) {
  Runner runner(network, urls);
  runner.Run(factory, plan, slots, cut_off_after);
  return {std::move(runner.seen), std::move(runner.tried)};
}

std::vector<Seen> SendAll(TransportFactory factory, const v1::Plan& plan, uint32_t slots,
                          const std::vector<std::string>& urls, Nanos cut_off_after) {
  // Transports may rely on there being one URL where a plan has no list.
  v1::Plan sent = plan;
  if (std::set<std::string>(urls.begin(), urls.end()).size() > 1) sent.mutable_urls();
  Network network;
  return SendOver(network, factory, sent, slots, urls, cut_off_after).seen;
}

Seen SendOne(TransportFactory factory, const v1::Plan& plan, const std::string& url) {
  std::vector<Seen> seen = SendAll(factory, plan, 1, {url});
  return seen.empty() ? Seen() : std::move(seen.front());
}

}  // namespace squall::testing
