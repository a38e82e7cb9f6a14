// What libev must be told about sockets whose numbers come again.
#include <chrono>
#include <fcntl.h>
#include <string>
#include <thread>
#include <unistd.h>
#include <vector>

#include <arpa/inet.h>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "agent/curl_transport.h"
#include "tests/support/transport_runner.h"

namespace squall::testing {
namespace {

// Listens on loopback, with its queue of connections full, until told to accept.
class BusyServer {
 public:
  BusyServer() : listener_(socket(AF_INET, SOCK_STREAM, 0)) {
    address_.sin_family = AF_INET;
    address_.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address_);
    bind(listener_, reinterpret_cast<sockaddr*>(&address_), size);
    listen(listener_, 0);
    getsockname(listener_, reinterpret_cast<sockaddr*>(&address_), &size);
    for (int& filler : fillers_) {
      filler = socket(AF_INET, SOCK_STREAM, 0);
      fcntl(filler, F_SETFL, O_NONBLOCK);
      connect(filler, reinterpret_cast<sockaddr*>(&address_), size);
    }
  }
  ~BusyServer() {
    for (int filler : fillers_) close(filler);
    close(listener_);
  }

  std::string Url() const { return fmt::format("http://127.0.0.1:{}/", ntohs(address_.sin_port)); }

  // Ends AnswerOne() in another thread.
  void Stop() const { shutdown(listener_, SHUT_RDWR); }

  // Answers the first connection that asks for something.
  void AnswerOne() const {
    while (true) {
      const int connection = accept(listener_, nullptr, nullptr);
      if (connection < 0) return;
      const timeval patience{0, 50'000};
      setsockopt(connection, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
      char request[4096];
      const bool asked = recv(connection, request, sizeof(request), 0) > 0;
      constexpr char kAnswer[] = "HTTP/1.1 204 No Content\r\n\r\n";
      if (asked) send(connection, kAnswer, sizeof(kAnswer) - 1, MSG_NOSIGNAL);
      close(connection);
      if (asked) return;
    }
  }

 private:
  const int listener_;
  sockaddr_in address_{};
  int fillers_[2];
};

// The second attempt's socket has the number of the first one's, and waits for the same event.
TEST(CurlDriver, HearsOfASocketThatTakesTheNumberOfAClosedOne) {
  BusyServer server;
  std::thread accepting([&server] {
    std::this_thread::sleep_for(std::chrono::milliseconds(1700));
    server.AnswerOne();
  });
  v1::Plan plan = SimplePlan();
  plan.mutable_transport()->set_timeout_ns(1500 * kMillisecond);  // SYNs are repeated after 1 s
  const auto seen = SendAll(&MakeCurlTransport, plan, 1, {server.Url(), server.Url()});
  server.Stop();
  accepting.join();
  ASSERT_EQ(seen.size(), 2u);
  EXPECT_EQ(seen[0].kind, v1::FAILURE_KIND_TIMEOUT) << seen[0].detail;
  EXPECT_EQ(seen[1].status, 204u) << seen[1].detail;
}

}  // namespace
}  // namespace squall::testing
