#include "agent/http1_connection.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <string>
#include <unistd.h>
#include <utility>

#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "agent/socket_calls.h"

namespace squall {
namespace {

// A non-blocking socket, or -1.
int MakeSocket(int family) {
  const int socket = ::socket(family, SOCK_STREAM, 0);
  if (socket < 0) return -1;
  fcntl(socket, F_SETFL, O_NONBLOCK);
  fcntl(socket, F_SETFD, FD_CLOEXEC);
  if (family != AF_UNIX) {
    const int on = 1;
    setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  }
  return socket;
}

std::string_view Hint(int error) {
  switch (error) {
    case EADDRNOTAVAIL:
      return " (no local port is free: --source-address gives more)";
    case EMFILE:
    case ENFILE:
      return " (the limit of open files is reached)";
    default:
      return "";
  }
}

}  // namespace

Http1Connection::Http1Connection(Shared& shared)
    : SocketPoll::Watcher(shared.poll), shared_(shared) {}

Http1Connection::~Http1Connection() { Close(); }

void Http1Connection::Open(Http1Origin& origin) {
  origin_ = &origin;
  times_ = {};
  used = false;
  waits_to_send_ = false;
  ended_ = false;
  OnLooked(origin.route.Look());
}

void Http1Connection::Close() {
  if (state_ == State::kResolving) origin_->route.StopWaiting(*this);
  if (state_ == State::kOpen && tls_ != nullptr) tls_->Close();
  CloseSocket();
  state_ = State::kClosed;
}

void Http1Connection::CloseSocket() {
  tls_.reset();
  if (socket_ < 0) return;
  StopWatching();
  close(socket_);
  socket_ = -1;
  if (std::exchange(connected_, false)) shared_.gauge.Closed();
}

void Http1Connection::OnRoute() noexcept {
  times_.resolved = SteadyNow();
  OnLooked(origin_->route.Look());
}

void Http1Connection::OnLooked(Route::State state) {
  switch (state) {
    case Route::State::kReady:
      generation_ = origin_->route.generation();
      tries_left_ = origin_->route.size();
      return Connect();
    case Route::State::kPending:
      state_ = State::kResolving;
      return origin_->route.Wait(*this);
    case Route::State::kFailed:
      return Fail(origin_->route.failure(), origin_->route.error());
  }
}

// Tries the next address.
void Http1Connection::Connect() {
  --tries_left_;
  state_ = State::kConnecting;
  endpoint_ = &origin_->route.Next();
  shared_.listener.OnConnecting(endpoint_->number);
  const int error = Dial();
  if (error == 0) return OnConnected();
  if (error != EINPROGRESS) return OnConnectError(error);
  WatchOrFail(false, true);
}

// An errno; 0: it is connected already.
int Http1Connection::Dial() {
  socket_ = MakeSocket(endpoint_->family());
  if (socket_ < 0) return errno;
  if (const Endpoint* source = shared_.routes.Source(*endpoint_)) {
    ChoosePortsLate(socket_);
    if (bind(socket_, source->get(), source->size) != 0) return errno;
  }
  return connect(socket_, endpoint_->get(), endpoint_->size) == 0 ? 0 : errno;
}

bool Http1Connection::Look(ConnectionLook& look) const {
  if (state_ != State::kOpen) return false;
  look.Add(socket_);
  return true;
}

void Http1Connection::OnConnectError(int error) {
  shared_.gauge.Failed(error);
  CloseSocket();
  origin_->route.Avoid(*endpoint_);
  // A newer answer may have brought what the policy denies: then there is none left.
  if (tries_left_ > 0 && origin_->route.size() != 0) return Connect();
  std::array<char, 160> detail;
  const auto end = fmt::format_to_n(detail.data(), detail.size(), "{}: {}{}", DisplayOf(*endpoint_),
                                    std::strerror(error), Hint(error));
  Fail(error == ECONNREFUSED ? v1::FAILURE_KIND_REFUSED : v1::FAILURE_KIND_CONNECT,
       std::string_view(detail.data(), std::min(end.size, detail.size())));
}

void Http1Connection::OnConnected() {
  times_.connected = SteadyNow();
  connected_ = true;
  shared_.gauge.Opened();
  shared_.listener.OnConnected(*this);
  if (!origin_->https) return OnReady();
  tls_ = std::make_unique<TlsStream>(*shared_.tls, shared_.sessions, socket_, origin_->host,
                                     origin_->name);
  state_ = State::kHandshaking;
  Handshake();
}

void Http1Connection::Handshake() {
  switch (tls_->Handshake()) {
    case TlsStream::Status::kDone:
      return OnReady();
    case TlsStream::Status::kWantRead:
      return WatchOrFail(true, false);
    case TlsStream::Status::kWantWrite:
      return WatchOrFail(false, true);
    case TlsStream::Status::kClosed:
    case TlsStream::Status::kCutShort:
    case TlsStream::Status::kFailed:
      return Fail(v1::FAILURE_KIND_TLS, std::string(tls_->error()));
  }
}

void Http1Connection::OnReady() {
  times_.ready = origin_->https ? SteadyNow() : times_.connected;
  state_ = State::kOpen;
  WatchOrFail(true, false);
  if (state_ == State::kOpen) shared_.listener.OnOpen(*this);
}

void Http1Connection::Fail(v1::FailureKind kind, std::string_view detail) {
  CloseSocket();
  state_ = State::kClosed;
  shared_.listener.OnFailed(*this, kind, detail);
}

void Http1Connection::OnEvents(SocketPoll::Events events) noexcept {
  switch (state_) {
    case State::kConnecting: {
      int error = 0;
      socklen_t size = sizeof(error);
      getsockopt(socket_, SOL_SOCKET, SO_ERROR, &error, &size);
      return error == 0 ? OnConnected() : OnConnectError(error);
    }
    case State::kHandshaking:
      return Handshake();
    case State::kOpen:
      ended_ = events.ended;
      // What can be read comes first, and may be the end of the connection.
      if (events.read) shared_.listener.OnReadable(*this);
      if (events.write && waits_to_send_) shared_.listener.OnWritable(*this);
      return;
    case State::kClosed:
    case State::kResolving:
      return;
  }
}

// By edges where one reading shows that there is nothing left, which OpenSSL does not tell.
bool Http1Connection::WatchFor(bool read, bool write) {
  return Watch(socket_, read, write, state_ == State::kOpen && tls_ == nullptr);
}

void Http1Connection::WatchOrFail(bool read, bool write) {
  if (!WatchFor(read, write)) Fail(v1::FAILURE_KIND_CONNECT, std::strerror(errno));
}

void Http1Connection::ReceiveLater() {
  if (state_ == State::kOpen) WatchFor(true, waits_to_send_);
}

size_t Http1Connection::Send(std::string_view bytes, std::string_view more) {
  const size_t sent = tls_ == nullptr ? SendPlain(bytes, more) : SendTls(bytes, more);
  const bool all = sent == bytes.size() + more.size();
  if (waits_to_send_ || !all) {
    waits_to_send_ = !all;
    WatchFor(true, waits_to_send_);
  }
  return sent;
}

size_t Http1Connection::SendPlain(std::string_view bytes, std::string_view more) {
  ssize_t sent = 0;
  if (more.empty()) {
    sent = SendBytes(socket_, bytes.data(), bytes.size());
  } else {
    std::array<iovec, 2> parts = {
        iovec{const_cast<char*>(bytes.data()), bytes.size()},  // read only
        iovec{const_cast<char*>(more.data()), more.size()}};
    msghdr message{};
    message.msg_iov = parts.data();
    message.msg_iovlen = parts.size();
    sent = sendmsg(socket_, &message, kNoSignal);
  }
  if (sent >= 0) return static_cast<size_t>(sent);
  const bool later = errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR || errno == ENOBUFS;
  return later ? 0 : bytes.size() + more.size();
}

size_t Http1Connection::SendTls(std::string_view bytes, std::string_view more) {
  size_t sent = 0;
  for (std::string_view part : {bytes, more}) {
    while (!part.empty()) {
      const TlsStream::Io io = tls_->Write(part.data(), part.size());
      if (io.status == TlsStream::Status::kWantRead || io.status == TlsStream::Status::kWantWrite) {
        return sent;
      }
      if (io.status != TlsStream::Status::kDone) return bytes.size() + more.size();
      sent += io.bytes;
      part.remove_prefix(io.bytes);
    }
  }
  return sent;
}

Http1Connection::Piece Http1Connection::Receive(char* buffer, size_t size) {
  return tls_ == nullptr ? ReceivePlain(buffer, size) : ReceiveTls(buffer, size);
}

Http1Connection::Piece Http1Connection::ReceivePlain(char* buffer, size_t size) {
  ssize_t count = 0;
  do {
    count = ReceiveBytes(socket_, buffer, size);
  } while (count < 0 && errno == EINTR);
  if (count > 0) return {Received::kBytes, static_cast<size_t>(count)};
  if (count == 0) return {Received::kEnd};
  const bool later = errno == EAGAIN || errno == EWOULDBLOCK;
  return {later ? Received::kNothing : Received::kBroken};
}

Http1Connection::Piece Http1Connection::ReceiveTls(char* buffer, size_t size) {
  const TlsStream::Io io = tls_->Read(buffer, size);
  switch (io.status) {
    case TlsStream::Status::kDone:
      return {Received::kBytes, io.bytes, io.more};
    case TlsStream::Status::kWantRead:
    case TlsStream::Status::kWantWrite:
      return {Received::kNothing};
    case TlsStream::Status::kClosed:
      return {Received::kEnd};
    case TlsStream::Status::kCutShort:
      return {Received::kBroken};
    case TlsStream::Status::kFailed:
      return {Received::kFailed};
  }
  return {Received::kBroken};
}

std::string_view Http1Connection::error() const { return tls_ == nullptr ? "" : tls_->error(); }

}  // namespace squall
