// A connection for HTTP/1.1: from a host's name to a socket that bytes go over, with or without
// TLS.
//
// Opening looks the name up, connects (to one address after the other if need be) and shakes hands.
// From then on it is watched for reading until the end, and bytes go straight to the socket: an
// exchange costs one system call each way. When it has been closed, the object serves for another
// connection. Belongs to the loop's thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

#include "agent/connection_gauge.h"
#include "agent/connection_look.h"
#include "agent/http1_origin.h"
#include "agent/http1_response.h"
#include "agent/linked_list.h"
#include "agent/routes.h"
#include "agent/socket_poll.h"
#include "agent/tls_stream.h"
#include "common/clock.h"
#include "squall/v1/metrics.pb.h"

namespace squall {

struct Http1Exchange;

class Http1Connection final : private Route::Waiter, private SocketPoll::Watcher {
 public:
  class Listener {
   public:
    // An address is tried.
    virtual void OnConnecting(uint32_t address) noexcept = 0;
    // It answered.
    virtual void OnConnected(Http1Connection& connection) noexcept = 0;
    // It stands: Send() may be called.
    virtual void OnOpen(Http1Connection& connection) noexcept = 0;
    // It does not stand, and is closed. `detail` is borrowed for the call.
    virtual void OnFailed(Http1Connection& connection, v1::FailureKind kind,
                          std::string_view detail) noexcept = 0;
    virtual void OnReadable(Http1Connection& connection) noexcept = 0;
    // After Send() took less than it was given.
    virtual void OnWritable(Http1Connection& connection) noexcept = 0;

   protected:
    ~Listener() = default;
  };

  // What all connections of a worker share; outlives them.
  struct Shared {
    SocketPoll& poll;
    Routes& routes;
    ConnectionGauge& gauge;
    Listener& listener;
    const TlsContext* tls;  // null: there are no https URLs
    TlsSessions sessions;
  };

  explicit Http1Connection(Shared& shared);
  ~Http1Connection();
  Http1Connection(const Http1Connection&) = delete;
  Http1Connection& operator=(const Http1Connection&) = delete;

  // Begins to open a connection. What comes of it may be told from within the call.
  void Open(Http1Origin& origin);
  void Close();
  bool closed() const { return state_ == State::kClosed; }
  // False if it does not stand.
  bool Look(ConnectionLook& look) const;

  // How much of `bytes`, followed by `more`, has been sent. Less than all: OnWritable() follows,
  // and the rest is to be sent then. On a broken connection all counts as sent: reading will tell.
  size_t Send(std::string_view bytes, std::string_view more);

  enum class Received {
    kBytes,
    kNothing,  // for now
    kEnd,
    kBroken,  // reset, or cut short; error() may say more
    kFailed,  // TLS has failed; error() says why
  };
  struct Piece {
    Received received;
    size_t bytes = 0;
    bool more = false;  // call again: the loop need not tell of what is left
  };
  Piece Receive(char* buffer, size_t size);
  // The peer will send nothing more than what can be received already.
  bool ended() const { return ended_; }
  // OnReadable() is called again for what has not been received yet.
  void ReceiveLater();
  // Why it is broken, where TLS has something to say.
  std::string_view error() const;

  // When the parts of opening it were over.
  struct Times {
    Nanos resolved = 0;  // 0: there was nothing to wait for
    Nanos connected = 0;
    Nanos ready = 0;
  };
  const Times& times() const { return times_; }

  // Its name means other addresses by now: to be closed rather than used again.
  bool outdated() const { return generation_ != origin_->route.generation(); }
  Http1Origin& origin() const { return *origin_; }
  // Number of the address that it goes to.
  uint32_t address() const { return endpoint_->number; }

  // The owner's.
  Http1Exchange* exchange = nullptr;  // what it is used for; null: it is idle
  bool used = false;                  // has carried an exchange to its end
  Http1Response response;
  Links<Http1Connection> by_origin;  // among the idle ones
  Links<Http1Connection> by_age;

 private:
  enum class State : uint8_t { kClosed, kResolving, kConnecting, kHandshaking, kOpen };

  void OnEvents(SocketPoll::Events events) noexcept override;
  void OnRoute() noexcept override;
  void OnLooked(Route::State state);
  void Connect();
  int Dial();
  void OnConnected();
  void OnConnectError(int error);
  void Handshake();
  void OnReady();
  void Fail(v1::FailureKind kind, std::string_view detail);
  size_t SendPlain(std::string_view bytes, std::string_view more);
  size_t SendTls(std::string_view bytes, std::string_view more);
  Piece ReceivePlain(char* buffer, size_t size);
  Piece ReceiveTls(char* buffer, size_t size);
  bool WatchFor(bool read, bool write);
  void WatchOrFail(bool read, bool write);
  void CloseSocket();

  Shared& shared_;
  Http1Origin* origin_ = nullptr;
  const Endpoint* endpoint_ = nullptr;
  std::unique_ptr<TlsStream> tls_;
  int socket_ = -1;
  State state_ = State::kClosed;
  bool waits_to_send_ = false;
  bool ended_ = false;
  bool connected_ = false;  // and counted as open
  uint32_t generation_ = 0;
  uint32_t tries_left_ = 0;
  Times times_;
};

}  // namespace squall
