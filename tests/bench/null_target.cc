// The server that clients are measured against: it must cost less CPU a request than the leanest
// of them, so that with a core each it is the client's that is the limit.
//
//   null_target COUNTS [CERTIFICATE KEY]
//
// Listens on a free port of 127.0.0.1, prints its URL, serves from one thread until it is killed.
// The file COUNTS holds three numbers, 64 bits each, that can be read at any time: requests
// answered, connections open now, most connections open at once. With the two PEM files it speaks
// TLS.
//
// What makes it cheap:
// - It answers when something has arrived on a connection, and reads only every eighth time. That
//   is right for clients with one request in flight on a connection, sent in one piece; whatever
//   they sent is counted when it is read, and if it is not one request for each answer the target
//   says so and ends.
// - When little was to be done and there are enough connections to keep the client busy, it sleeps
//   a moment, so that the next look finds several requests at once and clients need not wake it.
// Measured beside it and dropped: epoll with a recv a request, and io_uring with multishot recv and
// batched sends. Both cost as much as bare_client; this one 8 % less (docs/benchmarks.md).
#include <array>
#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <fcntl.h>
#include <optional>
#include <string_view>
#include <unistd.h>
#include <utility>
#include <vector>

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>

#include "common/file_limit.h"
#include "common/output.h"
#include "tests/bench/null_tls.h"

namespace squall::bench {
namespace {

// ab keeps a connection only if it is told to in so many words.
constexpr std::string_view kResponse =
    "HTTP/1.1 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nok";
constexpr std::string_view kEndOfRequest = "\r\n\r\n";
constexpr uint8_t kAnswersPerRead = 8;

constexpr int kBacklog = 4096;
constexpr int kMaxEvents = 512;
constexpr int kFewEvents = 32;
constexpr uint64_t kManyConnections = 32;
constexpr timespec kNap{.tv_sec = 0, .tv_nsec = 60'000};

// The layout of the file; read by targets.py.
struct Counts {
  uint64_t requests;
  uint64_t open;
  uint64_t peak;
};

Counts* MapCounts(const char* path) {
  const int file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (file < 0 || ftruncate(file, sizeof(Counts)) != 0) return nullptr;
  void* memory = mmap(nullptr, sizeof(Counts), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  close(file);
  return memory == MAP_FAILED ? nullptr : static_cast<Counts*>(memory);
}

// A listening socket on a free port of the loopback; -1 if there is none.
int Listen() {
  const int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  const int on = 1;
  // Both are handed down to connections. On the loopback a client's core runs the target's half of
  // TCP too: the simplest congestion control is part of doing as little as possible.
  setsockopt(listener, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  constexpr std::string_view kReno = "reno";
  setsockopt(listener, IPPROTO_TCP, TCP_CONGESTION, kReno.data(), kReno.size());
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const auto* any = reinterpret_cast<const sockaddr*>(&address);
  if (bind(listener, any, sizeof(address)) != 0 || listen(listener, kBacklog) != 0) return -1;
  return listener;
}

uint16_t PortOf(int listener) {
  sockaddr_in address{};
  socklen_t length = sizeof(address);
  getsockname(listener, reinterpret_cast<sockaddr*>(&address), &length);
  return ntohs(address.sin_port);
}

uint64_t CountRequests(std::string_view bytes) {
  uint64_t count = 0;
  for (size_t at = bytes.find(kEndOfRequest); at != bytes.npos;
       at = bytes.find(kEndOfRequest, at + kEndOfRequest.size())) {
    ++count;
  }
  return count;
}

struct Connection {
  bool open = false;     // and counted
  uint8_t unread = 0;    // arrivals that have not been read yet
  bool settled = false;  // each arrival is a request, and is answered before it is read
  bool answered = false;
  TlsConnection tls;  // null: plain
};

class NullTarget {
 public:
  // `tls` is null for plain connections.
  NullTarget(int listener, SSL_CTX* tls, Counts& counts)
      : listener_(listener), tls_(tls), epoll_(epoll_create1(EPOLL_CLOEXEC)), counts_(counts) {
    Watch(listener, EPOLLIN);
  }

  // Returns only if a client was not one that it can serve.
  void Serve() {
    std::array<epoll_event, kMaxEvents> events;
    int ready = 0;
    while (true) {
      if (ready < kFewEvents && counts_.open > kManyConnections) nanosleep(&kNap, nullptr);
      ready = epoll_wait(epoll_, events.data(), kMaxEvents, -1);
      for (int i = 0; i < ready; ++i) {
        const epoll_event& event = events[static_cast<size_t>(i)];
        if (event.data.fd == listener_) {
          Accept();
        } else if ((event.events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0) {
          Close(event.data.fd);
        } else if (!Answer(event.data.fd)) {
          return;
        }
      }
    }
  }

 private:
  void Watch(int descriptor, uint32_t events) {
    epoll_event event{};
    event.events = events;
    event.data.fd = descriptor;
    epoll_ctl(epoll_, EPOLL_CTL_ADD, descriptor, &event);
  }

  void Accept() {
    while (true) {
      const int number = accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
      if (number < 0) return;
      const auto index = static_cast<size_t>(number);
      if (index >= connections_.size()) connections_.resize(2 * index + 1);
      connections_[index] = Connection();
      connections_[index].settled = tls_ == nullptr;
      if (tls_ != nullptr) connections_[index].tls = StartTls(*tls_, number);
      if (tls_ == nullptr) CountAsOpen(connections_[index]);
      // Edge-triggered: one event for each arrival.
      Watch(number, EPOLLIN | EPOLLRDHUP | EPOLLET);
    }
  }

  // With TLS, once it has shaken hands.
  void CountAsOpen(Connection& connection) {
    if (std::exchange(connection.open, true)) return;
    if (++counts_.open > counts_.peak) counts_.peak = counts_.open;
  }

  bool Answer(int number) {
    Connection& connection = connections_[static_cast<size_t>(number)];
    if (!connection.settled) {
      Settle(number, connection);
      return true;
    }
    if (++connection.unread == kAnswersPerRead && !Check(number, connection)) return false;
    Send(number, connection);
    return true;
  }

  // The first request may come together with the end of the handshake or have an event of its own.
  // From the second one on it is sure that every event is a request.
  void Settle(int number, Connection& connection) {
    const std::optional<bool> shaken = Handshake(*connection.tls);
    if (!shaken) return Close(number);
    if (*shaken) CountAsOpen(connection);
    if (!*shaken || CountRequests(Read(number, connection)) == 0) return;
    connection.settled = connection.answered;
    connection.answered = true;
    Send(number, connection);
  }

  void Send(int number, Connection& connection) {
    ++counts_.requests;
    size_t sent = 0;
    if (connection.tls != nullptr) {
      SSL_write_ex(connection.tls.get(), kResponse.data(), kResponse.size(), &sent);
    } else {
      const ssize_t size = send(number, kResponse.data(), kResponse.size(), 0);
      sent = size < 0 ? 0 : static_cast<size_t>(size);
    }
    if (sent != kResponse.size()) Close(number);
  }

  std::string_view Read(int number, Connection& connection) {
    size_t size = 0;
    if (connection.tls != nullptr) {
      size = ReadTls(*connection.tls, buffer_);
    } else {
      const ssize_t received = recv(number, buffer_.data(), buffer_.size(), 0);
      size = received < 0 ? 0 : static_cast<size_t>(received);
    }
    return {buffer_.data(), size};
  }

  // Reads what has arrived, which must be as many requests as there were arrivals.
  bool Check(int number, Connection& connection) {
    const uint64_t requests = CountRequests(Read(number, connection));
    if (requests != connection.unread) {
      Print(stderr,
            "null_target: {} requests came in {} pieces; it serves only clients that send each in "
            "one piece and then await its answer\n",
            requests, connection.unread);
      return false;
    }
    connection.unread = 0;
    return true;
  }

  void Close(int number) {
    Connection& connection = connections_[static_cast<size_t>(number)];
    connection.tls.reset();
    close(number);
    if (std::exchange(connection.open, false)) --counts_.open;
  }

  const int listener_;
  SSL_CTX* const tls_;
  const int epoll_;
  Counts& counts_;
  std::vector<Connection> connections_;  // by descriptor
  std::array<char, 1 << 16> buffer_;
};

int Main(int count, char** arguments) {
  if (count != 2 && count != 4) {
    Print(stderr, "usage: null_target COUNTS [CERTIFICATE KEY]\n");
    return 2;
  }
  const TlsContext tls = count == 4 ? LoadTls(arguments[2], arguments[3]) : nullptr;
  if (count == 4 && tls == nullptr) return 1;
  Counts* counts = MapCounts(arguments[1]);
  const int listener = counts == nullptr ? -1 : Listen();
  if (listener < 0) {
    Print(stderr, "null_target: {}\n", std::strerror(errno));
    return 1;
  }
  RaiseFileLimit();
  std::signal(SIGPIPE, SIG_IGN);  // OpenSSL writes without MSG_NOSIGNAL
  prctl(PR_SET_TIMERSLACK, 1);    // a nap is as short as it says
  Print(stdout, "listening on {}://127.0.0.1:{}\n", tls == nullptr ? "http" : "https",
        PortOf(listener));
  NullTarget(listener, tls.get(), *counts).Serve();
  return 1;
}

}  // namespace
}  // namespace squall::bench

int main(int count, char** arguments) { return squall::bench::Main(count, arguments); }
