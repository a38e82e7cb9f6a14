// The client's end of one TLS connection, over a non-blocking socket.
//
// Waits for nothing and allocates nothing on Read() and Write() once the handshake is done. Belongs
// to one thread.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "agent/tls_context.h"
#include "agent/tls_handles.h"
#include "agent/tls_sessions.h"
#include "agent/tls_socket.h"

namespace squall {

class TlsStream {
 public:
  enum class Status {
    kDone,
    kWantRead,   // call again when the socket is readable
    kWantWrite,  // call again when the socket is writable
    kClosed,     // the server has said that it sends no more (close_notify)
    kCutShort,   // the connection was closed or reset without that: what came may not be all
    kFailed,     // certificate, alert, protocol: a failure of TLS. Nothing more may be called
  };
  struct Io {
    Status status;
    size_t bytes;  // more than 0 only with kDone
    bool more;     // after Read(): call again at once, the loop does not know of what is left
  };

  // `socket` is connected, or about to be once it is writable; it stays the caller's and open for
  // as long as this. `host` is what the certificate is verified against: a name, which is also sent
  // as SNI, or an address without brackets, which is not. Sessions are kept under `origin`.
  TlsStream(const TlsContext& context, TlsSessions& sessions, int socket, std::string host,
            std::string origin);
  TlsStream(const TlsStream&) = delete;
  TlsStream& operator=(const TlsStream&) = delete;
  // Says nothing to the server: that is Close().
  ~TlsStream();

  // To be called until it is done. Never kClosed nor kCutShort: a handshake that is broken off has
  // failed.
  Status Handshake() noexcept;

  // To be called when the socket is readable, and as long as `more`: then a response costs one
  // recv, and none is made only to hear that there is nothing. kWantRead may come on an idle
  // connection: servers send sessions that are to be kept, and no more.
  Io Read(char* buffer, size_t size) noexcept;

  // May take less than all. After kWantRead or kWantWrite, the next call is with the same bytes, or
  // the same and more after them. After kCutShort, Read() may still tell what the server said last.
  Io Write(const char* data, size_t size) noexcept;

  // Tells the server that no more comes (close_notify), if it can be sent at once. Not after
  // kFailed.
  void Close() noexcept;

  // What went wrong, for the user; empty before kCutShort or kFailed.
  std::string_view error() const { return error_; }
  // Whether the handshake took up a session that was kept.
  bool resumed() const;
  const TlsSocket& socket() const { return socket_; }

 private:
  friend class TlsContext;  // for the next function
  // Makes the streams of `context` learn of their sessions and of what servers ask for.
  static void AddCallbacks(SSL_CTX* context);
  static TlsStream& Of(const SSL* ssl);
  static int OnSession(SSL* ssl, SSL_SESSION* session) noexcept;
  static int OnCertificateAsked(SSL* ssl, X509** certificate, EVP_PKEY** key) noexcept;
  static int OnVerified(int good, X509_STORE_CTX* verification) noexcept;

  bool Prepare(bool insecure);
  Status Stopped(int result) noexcept;
  Status Broken();
  Status Failed(std::string error);

  TlsSessions& sessions_;
  TlsSocket socket_;
  const std::string host_;
  const std::string origin_;
  TlsConnection ssl_;
  bool more_ = false;               // as Read() said last
  bool established_ = false;        // the handshake is done
  bool certificate_asked_ = false;  // and there was none to show
  std::string error_;
};

}  // namespace squall
