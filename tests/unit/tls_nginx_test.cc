// TLS streams to a server that others wrote, over TCP.
#include <fcntl.h>
#include <poll.h>
#include <string>
#include <unistd.h>

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "agent/tls_stream.h"
#include "tests/support/nginx.h"
#include "tests/unit/tls_support.h"

namespace squall::testing {
namespace {

constexpr int kPatienceMs = 10'000;

// A connection to a port of the loopback, non-blocking.
class Socket {
 public:
  explicit Socket(uint16_t port) : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(port);
    EXPECT_EQ(connect(socket_, reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
    fcntl(socket_, F_SETFL, O_NONBLOCK);
  }
  ~Socket() { close(socket_); }
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;

  int get() const { return socket_; }
  // Whether what `status` waits for has come in time.
  bool WaitFor(Status status) const {
    const short events = status == Status::kWantWrite ? POLLOUT : POLLIN;
    pollfd wanted{socket_, events, 0};
    return poll(&wanted, 1, kPatienceMs) == 1;
  }

 private:
  const int socket_;
};

class TlsToNginx : public ::testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    if (!Nginx::Installed()) GTEST_SKIP() << "nginx is not installed";
  }

  static void Shake(TlsStream& stream, const Socket& socket) {
    Status status = stream.Handshake();
    while (status == Status::kWantRead || status == Status::kWantWrite) {
      ASSERT_TRUE(socket.WaitFor(status));
      status = stream.Handshake();
    }
    ASSERT_EQ(status, Status::kDone) << stream.error();
  }

  // One response that ends with "hello".
  static std::string Ask(TlsStream& stream, const Socket& socket) {
    const std::string request = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";
    EXPECT_EQ(stream.Write(request.data(), request.size()).bytes, request.size());
    std::string heard;
    while (!heard.ends_with("hello")) {
      if (!socket.WaitFor(Status::kWantRead)) return "silence";
      const Status status = Drain(stream, heard).status;
      if (status != Status::kDone && status != Status::kWantRead) return "broken";
    }
    return heard;
  }
};

TEST_P(TlsToNginx, KeepsConnectionsAndTakesSessionsUpAgain) {
  const Nginx nginx("ssl", {GetParam()});
  const TlsContext context = Trusting(nginx.CertificatePem());
  TlsSessions sessions;
  for (const bool resumed : {false, true, true}) {
    const Socket socket(nginx.port());
    TlsStream stream(context, sessions, socket.get(), "localhost", "localhost");
    Shake(stream, socket);
    EXPECT_EQ(stream.resumed(), resumed);
    for (int request = 0; request < 5; ++request) {
      const uint64_t calls = stream.socket().sends() + stream.socket().receives();
      EXPECT_TRUE(Ask(stream, socket).starts_with("HTTP/1.1 200 OK"));
      // TLS 1.3's first answer comes after sessions, perhaps apart from them.
      if (request > 0) {
        EXPECT_EQ(stream.socket().sends() + stream.socket().receives() - calls, 2u);
      }
    }
    stream.Close();
  }
}

INSTANTIATE_TEST_SUITE_P(Versions, TlsToNginx, ::testing::Values("TLSv1.2", "TLSv1.3"),
                         [](const auto& version) {
                           return std::string(version.param) == "TLSv1.2" ? "Tls12" : "Tls13";
                         });

}  // namespace
}  // namespace squall::testing
