#include "agent/curl_transport.h"

#include <csignal>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "absl/status/status.h"
#include "agent/curl_driver.h"
#include "agent/curl_exchange.h"
#include "agent/curl_request.h"
#include "agent/tls_context.h"

namespace squall {
namespace {

// Once a process, whichever worker comes first.
CURLcode InitialiseLibcurl() {
  static const CURLcode result = [] {
    // OpenSSL writes to sockets without MSG_NOSIGNAL.
    std::signal(SIGPIPE, SIG_IGN);
    return curl_global_init(CURL_GLOBAL_ALL);
  }();
  return result;
}

class CurlTransport final : public Transport {
 public:
  CurlTransport(const v1::Plan& plan, uint32_t slots, Sink& sink)
      : sink_(sink),
        request_(plan),
        slots_a_pool_(request_.http2() && plan.transport().streams() > 1
                          ? plan.transport().streams()
                          : slots) {}

  ~CurlTransport() override {
    for (const auto& exchange : exchanges_) {
      if (exchange->in_flight()) DriverOf(*exchange).Remove(exchange->easy());
    }
  }

  absl::Status Open(uint32_t slots, struct ev_loop* loop);

  void Send(uint32_t slot, Nanos start, const std::string& url) override {
    CurlExchange& exchange = *exchanges_[slot];
    if (const CURLcode result = exchange.Begin(start, url)) {
      DriverOf(exchange).FailLater(exchange.easy(), result);
    } else {
      DriverOf(exchange).Add(exchange.easy());
    }
  }

  void CutOff() override {
    for (const auto& exchange : exchanges_) {
      if (!exchange->in_flight()) continue;
      DriverOf(*exchange).Remove(exchange->easy());
      sink_.OnOutcome(exchange->slot(), SteadyNow(), exchange->CutOff());
    }
  }

 private:
  CurlDriver& DriverOf(const CurlExchange& exchange) {
    return *drivers_[exchange.slot() / slots_a_pool_];
  }

  absl::Status OpenPool(struct ev_loop* loop);
  void OnEnd(CURL* easy, CURLcode result);

  Sink& sink_;
  const CurlRequest request_;
  // Slots that are to share one HTTP/2 connection have a pool of their own, so that it comes to one
  // to each host (in a common pool, libcurl 7.88 opens more); all others have one pool. Where a
  // server allows fewer streams than the plan, the pool has more connections.
  const uint32_t slots_a_pool_;
  std::vector<std::unique_ptr<CurlDriver>> drivers_;      // one for each pool
  std::vector<std::unique_ptr<CurlExchange>> exchanges_;  // by slot; gone before the drivers
};

absl::Status CurlTransport::Open(uint32_t slots, struct ev_loop* loop) {
  exchanges_.reserve(slots);
  for (uint32_t slot = 0; slot < slots; ++slot) {
    if (slot % slots_a_pool_ == 0) {
      if (absl::Status status = OpenPool(loop); !status.ok()) return status;
    }
    CurlExchange& exchange =
        *exchanges_.emplace_back(std::make_unique<CurlExchange>(slot, request_));
    if (absl::Status status = exchange.Prepare(); !status.ok()) return status;
    if (DriverOf(exchange).Prepare(exchange.easy()) != CURLE_OK) {
      return absl::InternalError("libcurl refused to tell about its sockets");
    }
  }
  return absl::OkStatus();
}

absl::Status CurlTransport::OpenPool(struct ev_loop* loop) {
  absl::StatusOr<std::unique_ptr<CurlDriver>> driver =
      CurlDriver::Make(loop, [this](CURL* easy, CURLcode result) { OnEnd(easy, result); });
  if (!driver.ok()) return driver.status();
  CURLM* multi = drivers_.emplace_back(*std::move(driver))->multi();

  // All the slots' connections stay open; with several hosts, the idle ones to other hosts too, as
  // far as is usual.
  const long kept = 4L * slots_a_pool_ + 64;
  if (curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, kept) ||
      curl_multi_setopt(multi, CURLMOPT_PIPELINING,
                        request_.http2() ? long{CURLPIPE_MULTIPLEX} : long{CURLPIPE_NOTHING}) ||
      curl_multi_setopt(multi, CURLMOPT_MAX_CONCURRENT_STREAMS,
                        static_cast<long>(request_.transport().streams()))) {
    return absl::InternalError("libcurl refused the shape of its connection pool");
  }
  return absl::OkStatus();
}

void CurlTransport::OnEnd(CURL* easy, CURLcode result) {
  const Nanos end = SteadyNow();
  CurlExchange& exchange = CurlExchange::Of(easy);
  if (exchange.BeginsAnew(result)) {
    DriverOf(exchange).Add(easy);
    return;
  }
  sink_.OnOutcome(exchange.slot(), end, exchange.Finish(result));
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
  auto transport = std::make_unique<CurlTransport>(setup.plan, setup.slots, setup.sink);
  if (absl::Status status = transport->Open(setup.slots, setup.loop); !status.ok()) return status;
  return transport;
}

}  // namespace squall
