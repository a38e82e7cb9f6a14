#include "agent/tls_socket.h"

#include <cerrno>

#include <sys/socket.h>

#include "agent/socket_calls.h"

namespace squall {
namespace {

bool WouldBlock(int error) {
  // ENOTCONN: the connection is not made yet.
  return error == EAGAIN || error == EWOULDBLOCK || error == EINTR || error == ENOTCONN;
}

}  // namespace

TlsBio TlsSocket::MakeBio() {
  TlsBio bio(BIO_new(Method()));
  if (bio == nullptr) return nullptr;
  BIO_set_data(bio.get(), this);
  BIO_set_init(bio.get(), 1);
  return bio;
}

// Made once a process: it says nothing about any one socket.
const BIO_METHOD* TlsSocket::Method() {
  static const BIO_METHOD* const method = [] {
    BIO_METHOD* made = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "squall socket");
    if (made == nullptr) return made;
    BIO_meth_set_read_ex(made, &OnRead);
    BIO_meth_set_write_ex(made, &OnWrite);
    BIO_meth_set_ctrl(made, &OnControl);
    return made;
  }();
  return method;
}

int TlsSocket::OnRead(BIO* bio, char* buffer, size_t size, size_t* got) noexcept {
  TlsSocket& socket = Of(bio);
  BIO_clear_retry_flags(bio);
  if (socket.drained_) {
    BIO_set_retry_read(bio);
    return 0;
  }
  ++socket.receives_;
  const ssize_t count = recv(socket.socket_, buffer, size, 0);
  if (count > 0) {
    *got = static_cast<size_t>(count);
    socket.drained_ = *got < size;
    return 1;
  }
  if (count == 0) {
    socket.ended_ = true;
  } else if (WouldBlock(errno)) {
    BIO_set_retry_read(bio);
  } else {
    socket.error_ = errno;
  }
  return 0;
}

int TlsSocket::OnWrite(BIO* bio, const char* bytes, size_t size, size_t* sent) noexcept {
  TlsSocket& socket = Of(bio);
  BIO_clear_retry_flags(bio);
  ++socket.sends_;
  const ssize_t count = send(socket.socket_, bytes, size, kNoSignal);
  if (count >= 0) {
    *sent = static_cast<size_t>(count);
    return 1;
  }
  if (WouldBlock(errno)) {
    BIO_set_retry_write(bio);
  } else {
    socket.error_ = errno;
  }
  return 0;
}

long TlsSocket::OnControl(BIO*, int command, long, void*) noexcept {
  return command == BIO_CTRL_FLUSH ? 1 : 0;
}

}  // namespace squall
