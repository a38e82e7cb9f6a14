#include "agent/http1_transport.h"

#include <array>
#include <csignal>
#include <deque>
#include <ev.h>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "absl/status/status.h"
#include "agent/http1_call.h"
#include "agent/http1_connection.h"
#include "agent/http1_deferred.h"
#include "agent/http1_exchange.h"
#include "agent/http1_in_flight.h"
#include "agent/http1_origin.h"
#include "agent/http1_pool.h"
#include "agent/http1_script.h"
#include "agent/routes.h"
#include "agent/socket_poll.h"
#include "common/plan_check.h"
#include "common/plan_requests.h"

namespace squall {
namespace {

using Received = Http1Connection::Received;

// Large enough that a long body comes in few system calls, small enough to stay in the cache.
constexpr size_t kBufferBytes = 64 * 1024;
// How often one connection is read from before others get their turn.
constexpr int kReadsInARow = 16;

class Http1Transport final : public Transport, private Http1Connection::Listener {
 public:
  explicit Http1Transport(const TransportSetup& setup);

  absl::Status Open() { return poll_.Open(); }  // first of all

  absl::Status SetSlots(uint32_t slots) override;
  void Send(uint32_t slot, Nanos start, const RequestTag& tag, const std::string& url) override;
  void Look(ConnectionLook& look) const override;
  void CutOff() override;

 private:
  void OnConnecting(uint32_t address) noexcept override { sink_.OnConnecting(address); }
  void OnConnected(Http1Connection& connection) noexcept override;
  void OnOpen(Http1Connection& connection) noexcept override;
  void OnFailed(Http1Connection& connection, v1::FailureKind kind,
                std::string_view detail) noexcept override;
  void OnReadable(Http1Connection& connection) noexcept override;
  void OnWritable(Http1Connection& connection) noexcept override;
  static void OnTimeout(void* self, Http1Exchange& exchange) noexcept;
  static void OnDeferred(void* self, Http1Exchange& exchange, v1::FailureKind kind,
                         std::string_view detail) noexcept;

  bool WriteRequest(Http1Exchange& exchange, const RequestTag& tag, const std::string& url);
  bool WriteScripted(Http1Exchange& exchange, uint64_t number, const std::string& url);
  void Expect(const Http1Exchange& exchange, Http1Connection& connection) const;
  void OpenFor(Http1Exchange& exchange);
  void Begin(Http1Exchange& exchange, Http1Connection& connection);
  void SendRest(Http1Exchange& exchange);
  bool Take(Http1Connection& connection, std::string_view bytes);
  void OnEnd(Http1Connection& connection, Received how);
  void Resend(Http1Exchange& exchange);
  void Complete(Http1Exchange& exchange, Nanos end, bool reusable);
  void Fail(Http1Exchange& exchange, v1::FailureKind kind, std::string_view detail);
  void Conclude(Http1Exchange& exchange, Nanos end, Outcome& outcome, bool reusable);
  std::string_view LongBody(const Http1Exchange& exchange) const;
  size_t RequestBytes(const Http1Exchange& exchange) const;
  bool IsToHead(const Http1Exchange& exchange) const;
  bool IsIdempotent(const Http1Exchange& exchange) const;
  bool IsLast(Http1Exchange& exchange, Http1Connection& connection);

  Sink& sink_;
  const bool keepalive_;
  Routes routes_;
  SocketPoll poll_;
  Http1Connection::Shared shared_;
  Http1Origins origins_;
  std::deque<Http1Call> calls_;  // by request of the plan
  Http1Call* first_call_ = nullptr;
  bool several_ = false;
  Http1Pool pool_;
  std::deque<Http1Exchange> exchanges_;  // by slot, all that there have been: they stay in place
  std::optional<Http1Script> script_;    // nothing: the plan has none
  Http1InFlight in_flight_;
  Http1Deferred deferred_;
  bool sending_ = false;  // within Send()
  std::vector<char> buffer_;
};

Http1Transport::Http1Transport(const TransportSetup& setup)
    : sink_(setup.sink),
      keepalive_(!setup.plan.transport().no_keepalive()),
      routes_(setup.plan.transport(), setup.network, setup.loop, setup.first_turn),
      poll_(
          setup.loop, [](void* owner) noexcept { static_cast<Sink*>(owner)->OnBatch(); },
          &setup.sink),
      shared_{poll_,        routes_, setup.network.connections, *this, setup.network.tls.get(),
              TlsSessions()},
      origins_(routes_),
      pool_(shared_),
      in_flight_(setup.loop, setup.plan.transport().timeout_ns(), &OnTimeout, this),
      deferred_(setup.loop, &OnDeferred, this),
      buffer_(kBufferBytes) {
  for (uint32_t i = 0; i < CountRequests(setup.plan); ++i) calls_.emplace_back(setup, i, origins_);
  first_call_ = &calls_.front();
  several_ = calls_.size() > 1;
  if (setup.script != nullptr) script_.emplace(*setup.script, setup.network.policy);
  Http1Transport::SetSlots(setup.slots).IgnoreError();
}

absl::Status Http1Transport::SetSlots(uint32_t slots) {
  while (exchanges_.size() < slots) {
    const auto slot = static_cast<uint32_t>(exchanges_.size());
    exchanges_.emplace_back().slot = slot;
  }
  pool_.SetSlots(slots);
  return absl::OkStatus();
}

void Http1Transport::Look(ConnectionLook& look) const {
  for (const Http1Call& call : calls_) look.from_target |= call.known_header().from_target();
  pool_.Look(look);
}

// ---- sending

void Http1Transport::Send(uint32_t slot, Nanos start, const RequestTag& tag,
                          const std::string& url) {
  Http1Exchange& exchange = exchanges_[slot];
  exchange.Begin(start);
  const bool written = WriteRequest(exchange, tag, url);
  in_flight_.Append(exchange);
  if (!written) return;
  sending_ = true;
  if (Http1Connection* idle = pool_.Take(*exchange.origin)) {
    Begin(exchange, *idle);
  } else {
    OpenFor(exchange);
  }
  sending_ = false;
}

// False: there is none to send, of which an outcome tells later.
bool Http1Transport::WriteRequest(Http1Exchange& exchange, const RequestTag& tag,
                                  const std::string& url) {
  exchange.call = first_call_;
  if (script_) return WriteScripted(exchange, tag.number, url);
  if (!several_ && exchange.call->WriteAlike(exchange)) return true;
  if (several_) {
    exchange.call = &calls_[tag.request];
    if (exchange.call->WriteAlike(exchange)) return true;
  }
  exchange.call->Write(tag, url, exchange);
  return true;
}

bool Http1Transport::WriteScripted(Http1Exchange& exchange, uint64_t number,
                                   const std::string& url) {
  if (exchange.origin == nullptr) {  // it has one URL for good
    std::string_view target;
    exchange.origin = &origins_.Find(url, target);
  }
  const absl::Status status = script_->Write(number, exchange);
  if (!status.ok()) deferred_.Add(exchange, v1::FAILURE_KIND_SCRIPT, std::string(status.message()));
  return status.ok();
}

void Http1Transport::Expect(const Http1Exchange& exchange, Http1Connection& connection) const {
  Http1Call& call = *exchange.call;
  connection.response.Follow(call.known_header(), call.checks(),
                             script_ && script_->wants_answers());
  connection.response.Begin(IsToHead(exchange));
}

void Http1Transport::OpenFor(Http1Exchange& exchange) {
  Http1Connection& connection = pool_.New(*exchange.origin);
  connection.exchange = &exchange;
  Expect(exchange, connection);
  exchange.connection = &connection;
  connection.Open(*exchange.origin);
}

void Http1Transport::OnConnected(Http1Connection& connection) noexcept {
  ++connection.exchange->connections;
}

void Http1Transport::OnOpen(Http1Connection& connection) noexcept {
  Begin(*connection.exchange, connection);
}

void Http1Transport::Begin(Http1Exchange& exchange, Http1Connection& connection) {
  connection.exchange = &exchange;
  exchange.connection = &connection;
  Expect(exchange, connection);
  SendRest(exchange);
}

void Http1Transport::SendRest(Http1Exchange& exchange) {
  std::string_view bytes = exchange.bytes;
  std::string_view body = LongBody(exchange);
  const size_t of_bytes = std::min(exchange.sent, bytes.size());
  bytes.remove_prefix(of_bytes);
  body.remove_prefix(exchange.sent - of_bytes);
  exchange.sent += exchange.connection->Send(bytes, body);
}

void Http1Transport::OnWritable(Http1Connection& connection) noexcept {
  if (connection.exchange != nullptr) SendRest(*connection.exchange);
}

// What a script makes is whole, with its body.
std::string_view Http1Transport::LongBody(const Http1Exchange& exchange) const {
  return script_ ? "" : exchange.call->request().long_body();
}

size_t Http1Transport::RequestBytes(const Http1Exchange& exchange) const {
  return exchange.bytes.size() + LongBody(exchange).size();
}

bool Http1Transport::IsToHead(const Http1Exchange& exchange) const {
  return script_ ? exchange.to_head() : exchange.call->request().is_head();
}

bool Http1Transport::IsIdempotent(const Http1Exchange& exchange) const {
  return script_ ? exchange.requests.idempotent : exchange.call->request().is_idempotent();
}

// ---- receiving

void Http1Transport::OnReadable(Http1Connection& connection) noexcept {
  bool more = false;  // of what no event tells of
  for (int reads = 0; reads < kReadsInARow || more; ++reads) {
    const Http1Connection::Piece piece = connection.Receive(buffer_.data(), buffer_.size());
    switch (piece.received) {
      case Received::kNothing:
        return;
      case Received::kEnd:
      case Received::kBroken:
      case Received::kFailed:
        return OnEnd(connection, piece.received);
      case Received::kBytes:
        if (!Take(connection, {buffer_.data(), piece.bytes})) {
          // Perhaps not all that came: nobody asked for what is left.
          if (!connection.closed() && piece.bytes == buffer_.size()) connection.ReceiveLater();
          return;
        }
        more = piece.more;
        if (!more && piece.bytes < buffer_.size() && !connection.ended()) return;
    }
  }
  connection.ReceiveLater();
}

// True: the answer is not whole yet.
bool Http1Transport::Take(Http1Connection& connection, std::string_view bytes) {
  if (connection.exchange == nullptr) {  // an answer that nobody asked for
    pool_.Discard(connection);
    return false;
  }
  Http1Exchange& exchange = *connection.exchange;
  const Nanos now = SteadyNow();
  if (exchange.first_byte == 0) exchange.first_byte = now;
  while (true) {
    switch (connection.response.Read(bytes)) {
      case Http1Response::Progress::kMore:
        return true;
      case Http1Response::Progress::kInvalid:
        Fail(exchange, v1::FAILURE_KIND_INVALID_RESPONSE, connection.response.error());
        return false;
      case Http1Response::Progress::kComplete:
        if (!IsLast(exchange, connection)) continue;
        Complete(exchange, now,
                 keepalive_ && bytes.empty() && connection.response.keeps_alive() &&
                     !connection.ended() && exchange.sent == RequestBytes(exchange));
        return false;
    }
  }
}

// Of an answer that is whole: whether no other one belongs to the exchange.
bool Http1Transport::IsLast(Http1Exchange& exchange, Http1Connection& connection) {
  if (!script_ || script_->Take(exchange, connection.response)) return true;
  connection.response.Begin(exchange.to_head());
  return false;
}

void Http1Transport::OnEnd(Http1Connection& connection, Received how) {
  if (connection.exchange == nullptr) return pool_.Discard(connection);
  Http1Exchange& exchange = *connection.exchange;
  const std::string_view said = connection.error();
  if (how == Received::kFailed) return Fail(exchange, v1::FAILURE_KIND_TLS, said);
  if (how == Received::kEnd && connection.response.Close() && IsLast(exchange, connection))
    return Complete(exchange, SteadyNow(), false);
  if (connection.response.begun() || exchange.scripted.answers != 0) {
    return Fail(exchange, v1::FAILURE_KIND_INCOMPLETE,
                !said.empty() ? said : "the connection was closed in the middle of the answer");
  }
  if (connection.used && IsIdempotent(exchange) && !exchange.resent) return Resend(exchange);
  Fail(exchange, v1::FAILURE_KIND_CLOSED_BEFORE_RESPONSE,
       !said.empty() ? said : "the connection was closed before the answer");
}

void Http1Transport::Resend(Http1Exchange& exchange) {
  exchange.resent = true;
  exchange.sent_before = exchange.sent;
  exchange.sent = 0;
  pool_.Discard(*exchange.connection);
  OpenFor(exchange);
}

// ---- outcomes

void Http1Transport::Complete(Http1Exchange& exchange, Nanos end, bool reusable) {
  Http1Connection& connection = *exchange.connection;
  Outcome outcome;
  script_ ? Http1Script::Tell(exchange, outcome) : connection.response.Tell(outcome);
  outcome.timings = TimingsOf(exchange, end);
  outcome.address = connection.address();
  Conclude(exchange, end, outcome, reusable);
}

void Http1Transport::Fail(Http1Exchange& exchange, v1::FailureKind kind, std::string_view detail) {
  Outcome outcome;
  outcome.kind = kind;
  // Closing the connection may take the detail with it.
  std::array<char, Metrics::kMaxDetailBytes> copy;
  outcome.detail = {copy.data(), detail.copy(copy.data(), copy.size())};
  Conclude(exchange, SteadyNow(), outcome, false);
}

void Http1Transport::OnFailed(Http1Connection& connection, v1::FailureKind kind,
                              std::string_view detail) noexcept {
  Http1Exchange& exchange = *connection.exchange;
  sending_ ? deferred_.Add(exchange, kind, detail) : Fail(exchange, kind, detail);
}

void Http1Transport::OnDeferred(void* self, Http1Exchange& exchange, v1::FailureKind kind,
                                std::string_view detail) noexcept {
  static_cast<Http1Transport*>(self)->Fail(exchange, kind, detail);
}

void Http1Transport::Conclude(Http1Exchange& exchange, Nanos end, Outcome& outcome, bool reusable) {
  Http1Connection* connection = exchange.connection;  // null: there was nothing to send
  outcome.bytes_received = exchange.scripted.received_before;
  if (connection != nullptr) outcome.bytes_received += connection->response.bytes();
  outcome.bytes_sent = exchange.sent_before + exchange.sent;
  outcome.connections = exchange.connections;
  outcome.resent = exchange.resent;
  exchange.connection = nullptr;
  exchange.deferred = false;
  in_flight_.Remove(exchange);
  if (reusable) {
    pool_.PutIdle(*connection);
  } else if (connection != nullptr) {
    pool_.Discard(*connection);
  }
  sink_.OnOutcome(exchange.slot, end, outcome);
}

void Http1Transport::CutOff() {
  while (!in_flight_.empty()) {
    Fail(*in_flight_.first(), v1::FAILURE_KIND_CUT_OFF,
         "still in flight at the end of the drain time");
  }
  deferred_.Clear();
}

void Http1Transport::OnTimeout(void* self, Http1Exchange& exchange) noexcept {
  static_cast<Http1Transport*>(self)->Fail(exchange, v1::FAILURE_KIND_TIMEOUT,
                                           "no whole answer within the timeout");
}

}  // namespace

absl::StatusOr<std::unique_ptr<Transport>> MakeHttp1Transport(const TransportSetup& setup) {
  // OpenSSL and systems without MSG_NOSIGNAL would raise it.
  [[maybe_unused]] static const bool once = [] {
    std::signal(SIGPIPE, SIG_IGN);
    Http1Response::SetUp();
    return true;
  }();
  if (const std::string_view obstacle = WhatNeedsCurl(setup.plan); !obstacle.empty()) {
    return absl::InvalidArgumentError(fmt::format("transport http1 cannot do {}", obstacle));
  }
  auto transport = std::make_unique<Http1Transport>(setup);
  if (absl::Status status = transport->Open(); !status.ok()) return status;
  return transport;
}

}  // namespace squall
