// A client that sends exactly the bytes it is told to, for tests of servers. Every wait has a
// deadline; one that passes is a failure of the test.
#pragma once

#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <thread>
#include <unistd.h>

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/time.h>

namespace squall {

inline constexpr std::chrono::seconds kTestDeadline{20};

// Waits until `condition` holds; false if it does not before the deadline.
template <typename Condition>
bool Eventually(Condition condition) {
  const auto deadline = std::chrono::steady_clock::now() + kTestDeadline;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return true;
}

struct RawResponse {
  int status = 0;  // 0: the connection ended before a whole head
  std::string head;
  std::string body;
};

class RawClient {
 public:
  // `receive_buffer` bytes, if not 0: a small one makes a server's sends fall short.
  explicit RawClient(uint16_t port, int receive_buffer = 0)
      : socket_(socket(AF_INET, SOCK_STREAM, 0)) {
    const timeval limit{kTestDeadline.count(), 0};
    const int on = 1;
    setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
    setsockopt(socket_, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
    setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    if (receive_buffer != 0) {
      setsockopt(socket_, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof(receive_buffer));
    }
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(connect(socket_, reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
  }
  ~RawClient() { close(socket_); }
  RawClient(const RawClient&) = delete;
  RawClient& operator=(const RawClient&) = delete;

  void Send(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t sent = send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return;  // the server has closed; what it answered is what counts
      bytes.remove_prefix(static_cast<size_t>(sent));
    }
  }
  void EndSending() { shutdown(socket_, SHUT_WR); }

  // One response; its body as long as Content-Length says, none if `head_only`.
  RawResponse Receive(bool head_only = false) {
    RawResponse response;
    size_t end;
    while ((end = received_.find("\r\n\r\n")) == std::string::npos) {
      if (!ReceiveMore()) return response;
    }
    response.head = received_.substr(0, end + 4);
    received_.erase(0, end + 4);
    response.status = std::atoi(response.head.c_str() + std::string_view("HTTP/1.1 ").size());
    const size_t length_at = response.head.find("Content-Length: ");
    if (head_only || length_at == std::string::npos) return response;
    const size_t length = std::strtoull(response.head.c_str() + length_at + 16, nullptr, 10);
    while (received_.size() < length && ReceiveMore()) {
    }
    response.body = received_.substr(0, length);
    received_.erase(0, length);
    return response;
  }

  RawResponse Get(std::string_view path = "/", std::string_view method = "GET") {
    Send(std::string(method) + " " + std::string(path) + " HTTP/1.1\r\nHost: t\r\n\r\n");
    return Receive();
  }

  // The server has closed, and nothing more came before.
  bool IsClosed() { return received_.empty() && !ReceiveMore(); }

 private:
  bool ReceiveMore() {
    char buffer[16384];
    const ssize_t received = recv(socket_, buffer, sizeof(buffer), 0);
    if (received < 0) ADD_FAILURE() << "nothing came, or reset: errno " << errno;
    if (received <= 0) return false;
    received_.append(buffer, static_cast<size_t>(received));
    return true;
  }

  const int socket_;
  std::string received_;
};

}  // namespace squall
