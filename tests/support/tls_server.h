// The server's end of TLS connections for tests, without a thread: it goes on when it is told to,
// and what it says reaches the client in pieces of any size.
#pragma once

#include <cstddef>
#include <limits>
#include <string>

#include "agent/tls_handles.h"
#include "tests/support/certificates.h"

namespace squall::testing {

struct TlsServerOptions {
  Identity identity;
  int version = 0;                        // TLS1_2_VERSION or TLS1_3_VERSION alone; 0: either
  std::string client_authority_pem = "";  // clients must show a certificate of this one
  std::string protocol = "";  // ALPN: this one or none at all; empty: takes no part in it
};

// What its connections have in common; outlives them.
class TlsServer {
 public:
  explicit TlsServer(const TlsServerOptions& options);
  TlsServer(const TlsServer&) = delete;
  TlsServer& operator=(const TlsServer&) = delete;

  SSL_CTX* context() const { return context_.get(); }
  const std::string& protocol() const { return protocol_; }

 private:
  const std::string protocol_;
  TlsConnections context_;
};

class TlsServerEnd {
 public:
  static constexpr size_t kAll = std::numeric_limits<size_t>::max();

  explicit TlsServerEnd(const TlsServer& server);
  ~TlsServerEnd();
  TlsServerEnd(const TlsServerEnd&) = delete;
  TlsServerEnd& operator=(const TlsServerEnd&) = delete;

  // The client's end of the connection, non-blocking; belongs to this object.
  int client() const { return client_; }

  // Takes what the client has sent, goes on as far as that leads, and sends up to `most` bytes of
  // what there is to be sent. Whether anything came or went.
  bool Turn(size_t most = kAll);

  void Say(const std::string& plaintext);  // goes out by Turn()
  void SayRaw(const std::string& bytes);   // not as TLS
  void SayGoodbye();                       // close_notify
  void Close();                            // the socket, as it is

  bool established() const;
  bool resumed() const;
  bool ended() const { return ended_; }                // the client has said goodbye
  const std::string& heard() const { return heard_; }  // plaintext
  // What the client asked for; empty: nothing.
  std::string server_name() const;
  std::string protocol() const;

 private:
  bool TakeIn();
  void GoOn();
  bool SendOut(size_t most);

  TlsConnection ssl_;
  int client_ = -1;
  int server_ = -1;
  std::string outgoing_;
  std::string heard_;
  bool ended_ = false;
};

}  // namespace squall::testing
