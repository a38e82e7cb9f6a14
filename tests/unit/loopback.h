// Plain TCP sockets on the loopback, for tests of what the system tells of sockets.
#pragma once

#include <fcntl.h>
#include <unistd.h>
#include <utility>

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>

#include "agent/endpoint.h"
#include "agent/tcp_facts.h"

namespace squall {

class Socket {
 public:
  // Waits for what comes, and for connections, until a deadline.
  explicit Socket(int file) : file_(file) {
    EXPECT_GE(file, 0);
    const timeval deadline{.tv_sec = 10, .tv_usec = 0};
    setsockopt(file, SOL_SOCKET, SO_RCVTIMEO, &deadline, sizeof(deadline));
  }
  Socket() : Socket(::socket(AF_INET, SOCK_STREAM, 0)) {}
  Socket(Socket&& other) noexcept : file_(std::exchange(other.file_, -1)) {}
  Socket& operator=(Socket&&) = delete;
  ~Socket() {
    if (file_ >= 0) close(file_);
  }
  int get() const { return file_; }

 private:
  int file_;
};

// On a free port.
class Listener {
 public:
  explicit Listener(int backlog = 64) {
    const Endpoint any = WithPort(*NumericEndpoint("127.0.0.1"), 0);
    EXPECT_EQ(bind(socket_.get(), any.get(), any.size), 0);
    EXPECT_EQ(listen(socket_.get(), backlog), 0);
    sockaddr_storage own{};
    socklen_t size = sizeof(own);
    EXPECT_EQ(getsockname(socket_.get(), reinterpret_cast<sockaddr*>(&own), &size), 0);
    endpoint_ = MakeEndpoint(reinterpret_cast<sockaddr*>(&own), size);
  }
  int socket() const { return socket_.get(); }
  const Endpoint& endpoint() const { return endpoint_; }
  Socket Accept() const { return Socket(accept(socket_.get(), nullptr, nullptr)); }

 private:
  Socket socket_;
  Endpoint endpoint_;
};

inline Socket ConnectTo(const Endpoint& endpoint) {
  Socket socket;
  EXPECT_EQ(connect(socket.get(), endpoint.get(), endpoint.size), 0);
  return socket;
}

// Whether this system tells the round trips of connections: Linux does, others may.
inline bool TellsRoundTrips() {
#if defined(__linux__) && !defined(SQUALL_PORTABLE)
  return true;
#else
  const Listener listener;
  return RoundTripOf(ConnectTo(listener.endpoint()).get()).has_value();
#endif
}

}  // namespace squall
