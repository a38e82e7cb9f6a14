// A TLS server on a port of the loopback that answers each connection's first request in one way.
//
// A thread of its own, one connection after the other. Made and destroyed by one thread.
#pragma once

#include <cstdint>
#include <string>
#include <thread>

#include "tests/support/tls_server.h"

namespace squall::testing {

struct TlsAnswer {
  enum class End {
    kGoodbye,  // close_notify, then the connection's end
    kCut,      // the connection's end alone
    kRubbish,  // bytes that are not TLS
    kNone,     // the connection stays open until the client closes it
  };

  std::string bytes;  // plaintext
  End end = End::kGoodbye;
  size_t record_size = 16384;  // plaintext bytes of each record
};

class TlsAnswerer {
 public:
  TlsAnswerer(const TlsServerOptions& options, TlsAnswer answer);
  ~TlsAnswerer();
  TlsAnswerer(const TlsAnswerer&) = delete;
  TlsAnswerer& operator=(const TlsAnswerer&) = delete;

  // Of 127.0.0.1.
  std::string Url() const;

 private:
  void Accept();
  void Serve(int socket);

  const TlsServer server_;
  const TlsAnswer answer_;
  int listener_ = -1;
  uint16_t port_ = 0;
  std::thread thread_;
};

}  // namespace squall::testing
