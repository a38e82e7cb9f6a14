// A non-blocking socket as OpenSSL is to see it.
//
// Unlike OpenSSL's own it raises no SIGPIPE, remembers how the connection broke, and does not ask
// twice: a recv that got less than there was room for has emptied the socket, so the next one is
// answered with "would block" without a system call.
#pragma once

#include <cstdint>

#include "agent/tls_handles.h"

namespace squall {

class TlsSocket {
 public:
  // The socket stays the caller's.
  explicit TlsSocket(int socket) : socket_(socket) {}
  TlsSocket(const TlsSocket&) = delete;
  TlsSocket& operator=(const TlsSocket&) = delete;

  // What OpenSSL reads from and writes to; borrows this. Null if memory is short.
  TlsBio MakeBio();

  // There may be bytes again: the next read asks the system.
  void Refresh() { drained_ = false; }

  bool ended() const { return ended_; }  // the peer has closed
  int error() const { return error_; }   // errno of a call that failed; 0: none has

  uint64_t receives() const { return receives_; }  // system calls so far
  uint64_t sends() const { return sends_; }

 private:
  static const BIO_METHOD* Method();
  static TlsSocket& Of(BIO* bio) { return *static_cast<TlsSocket*>(BIO_get_data(bio)); }
  static int OnRead(BIO* bio, char* buffer, size_t size, size_t* got) noexcept;
  static int OnWrite(BIO* bio, const char* bytes, size_t size, size_t* sent) noexcept;
  static long OnControl(BIO* bio, int command, long, void*) noexcept;

  const int socket_;
  bool drained_ = false;
  bool ended_ = false;
  int error_ = 0;
  uint64_t receives_ = 0;
  uint64_t sends_ = 0;
};

}  // namespace squall
