// A server of raw bytes for tests: says what its script says, whether or not it is HTTP, and keeps
// what it was asked.
//
// A thread for each connection. Made, asked and destroyed by one thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "common/clock.h"
#include "common/mutex.h"

namespace squall::testing {

// What a server does with one request.
struct RawAnswer {
  enum class Then {
    kKeepOpen,
    kClose,
    kReset,   // RST instead of FIN
    kSilence  // says no more, until the server goes
  };

  std::string bytes;
  Then then = Then::kKeepOpen;
  Nanos pause = 0;        // between `bytes` and `rest`
  std::string rest = "";  // after the pause
  bool byte_by_byte = false;
  // Said as soon as the request's head has come. Whatever follows it is read, and not answered.
  bool early = false;
};

// The answers to the requests in the order in which they come, over all connections; the last one
// is repeated. Without any: connections are closed as soon as they are accepted.
using RawScript = std::vector<RawAnswer>;

class RawServer {
 public:
  // Listens on a free port of 127.0.0.1.
  explicit RawServer(RawScript script);
  ~RawServer();
  RawServer(const RawServer&) = delete;
  RawServer& operator=(const RawServer&) = delete;

  uint16_t port() const { return port_; }
  // "http://127.0.0.1:port" + path.
  std::string Url(const std::string& path = "/") const;

  // Whole requests, head and body, in the order in which they came.
  std::vector<std::string> requests() const;
  uint32_t connections() const;

 private:
  void Accept();
  void Serve(int socket);
  // The request's number; nothing at the end of the connection.
  std::optional<size_t> ReadRequest(int socket, std::string& buffered);
  bool IsEarly() const;
  bool Answer(int socket, const RawAnswer& answer);
  void SleepUntilStopped(Nanos deadline);

  const RawScript script_;
  int listener_ = -1;
  uint16_t port_ = 0;
  mutable Mutex mutex_;
  CondVar stopped_;
  bool stop_ ABSL_GUARDED_BY(mutex_) = false;
  std::vector<std::string> requests_ ABSL_GUARDED_BY(mutex_);
  uint32_t accepted_ ABSL_GUARDED_BY(mutex_) = 0;
  std::vector<int> sockets_ ABSL_GUARDED_BY(mutex_);  // of connections that are open
  std::vector<std::thread> connections_;              // the acceptor's, until it has been joined
  std::thread acceptor_;
};

// A port of 127.0.0.1 that nobody listens on.
uint16_t ClosedPort();

}  // namespace squall::testing
