// The bare socket loop: what the kernel alone costs a client of HTTP/1.1.
//
//   bare_client PORT CONNECTIONS SECONDS
//
// Keeps one request in flight on each connection to 127.0.0.1: epoll, send and recv, and nothing
// else. Answers are not looked at: all are as long as the first one, and bytes are counted. Prints
// one line of JSON: what it did and its own CPU time since the last connection was open.
#include <array>
#include <cerrno>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <unistd.h>
#include <vector>

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include "common/clock.h"
#include "common/file_limit.h"
#include "common/output.h"

namespace squall::bench {
namespace {

constexpr std::string_view kRequest =
    "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nUser-Agent: bare\r\nAccept: */*\r\n\r\n";

struct CpuTime {
  Nanos user;
  Nanos system;
};

CpuTime CpuTimeNow() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto nanos = [](const timeval& time) {
    return time.tv_sec * kSecond + time.tv_usec * 1000;
  };
  return {nanos(usage.ru_utime), nanos(usage.ru_stime)};
}

// A connected socket, or -1.
int Connect(uint16_t port) {
  const int connection = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int on = 1;
  setsockopt(connection, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const auto* to = reinterpret_cast<const sockaddr*>(&address);
  return connect(connection, to, sizeof(address)) == 0 ? connection : -1;
}

bool Send(int connection) {
  return send(connection, kRequest.data(), kRequest.size(), MSG_NOSIGNAL) ==
         static_cast<ssize_t>(kRequest.size());
}

// The size of a whole answer that begins with `text`; nothing if that does not tell.
std::optional<size_t> AnswerSize(std::string_view text) {
  constexpr std::string_view kLength = "\r\nContent-Length: ";
  const size_t end = text.find("\r\n\r\n");
  const size_t length = text.find(kLength);
  if (end == text.npos || length == text.npos) return std::nullopt;
  size_t body = 0;
  std::from_chars(text.data() + length + kLength.size(), text.data() + end, body);
  return end + 4 + body;
}

class BareClient {
 public:
  explicit BareClient(uint16_t port) : port_(port), epoll_(epoll_create1(EPOLL_CLOEXEC)) {}

  // Each says false, with errno set, when it cannot go on.
  bool Open(uint32_t connections) {
    for (uint32_t i = 0; i < connections; ++i) {
      const int connection = Connect(port_);
      if (connection < 0 || !Send(connection)) return false;
      if (i == 0 && !LearnAnswer(connection)) return false;
      const auto index = static_cast<size_t>(connection);
      if (index >= missing_.size()) missing_.resize(2 * index + 1);
      missing_[index] = answer_size_;
      epoll_event event{};
      event.events = EPOLLIN;
      event.data.fd = connection;
      if (epoll_ctl(epoll_, EPOLL_CTL_ADD, connection, &event) != 0) return false;
    }
    return true;
  }

  bool Run(Nanos until) {
    std::array<epoll_event, 256> events;
    while (SteadyNow() < until) {
      const int ready = epoll_wait(epoll_, events.data(), events.size(), 100);
      for (int i = 0; i < ready; ++i) {
        if (!Receive(events[static_cast<size_t>(i)].data.fd)) return false;
      }
    }
    return true;
  }

  uint64_t requests() const { return requests_; }

 private:
  bool Receive(int connection) {
    const ssize_t size = recv(connection, buffer_.data(), buffer_.size(), 0);
    size_t& missing = missing_[static_cast<size_t>(connection)];
    if (size <= 0 || static_cast<size_t>(size) > missing) return false;
    missing -= static_cast<size_t>(size);
    if (missing > 0) return true;
    missing = answer_size_;
    ++requests_;
    return Send(connection);
  }

  // Reads one whole answer, and sends the next request.
  bool LearnAnswer(int connection) {
    std::string answer;
    while (!answer_size_ || answer.size() < answer_size_) {
      const ssize_t size = recv(connection, buffer_.data(), buffer_.size(), 0);
      if (size <= 0) return false;
      answer.append(buffer_.data(), static_cast<size_t>(size));
      answer_size_ = AnswerSize(answer).value_or(0);
    }
    return Send(connection);
  }

  const uint16_t port_;
  const int epoll_;
  size_t answer_size_ = 0;
  std::vector<size_t> missing_;  // by descriptor: bytes of its answer that have not come yet
  uint64_t requests_ = 0;
  std::array<char, 1 << 16> buffer_;
};

int Main(int count, char** arguments) {
  if (count != 4) {
    Print(stderr, "usage: bare_client PORT CONNECTIONS SECONDS\n");
    return 2;
  }
  const auto port = static_cast<uint16_t>(std::atoi(arguments[1]));
  const auto connections = static_cast<uint32_t>(std::atoi(arguments[2]));
  const double seconds = std::atof(arguments[3]);
  RaiseFileLimit();
  BareClient client(port);
  const bool opened = client.Open(connections);
  const CpuTime before = CpuTimeNow();
  const Nanos start = SteadyNow();
  if (!opened || !client.Run(start + static_cast<Nanos>(seconds * kSecond))) {
    Print(stderr, "bare_client: {}\n", std::strerror(errno));
    return 1;
  }
  const Nanos elapsed = SteadyNow() - start;
  const CpuTime after = CpuTimeNow();
  Print(stdout,
        R"({{"requests":{},"elapsed_ns":{},"user_ns":{},"system_ns":{}}})"
        "\n",
        client.requests(), elapsed, after.user - before.user, after.system - before.system);
  return 0;
}

}  // namespace
}  // namespace squall::bench

int main(int count, char** arguments) { return squall::bench::Main(count, arguments); }
