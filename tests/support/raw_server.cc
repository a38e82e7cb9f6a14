#include "tests/support/raw_server.h"

#include <algorithm>
#include <cstdlib>
#include <unistd.h>
#include <utility>

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "absl/strings/ascii.h"

namespace squall::testing {
namespace {

int ListenOnLoopback() {
  const int socket = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (bind(socket, reinterpret_cast<sockaddr*>(&address), sizeof(address)) != 0 ||
      listen(socket, 512) != 0) {
    std::abort();
  }
  return socket;
}

uint16_t PortOf(int socket) {
  sockaddr_in address{};
  socklen_t size = sizeof(address);
  getsockname(socket, reinterpret_cast<sockaddr*>(&address), &size);
  return ntohs(address.sin_port);
}

bool SendAll(int socket, const std::string& bytes) {
  size_t sent = 0;
  while (sent < bytes.size()) {
    const ssize_t count = send(socket, bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL);
    if (count <= 0) return false;
    sent += static_cast<size_t>(count);
  }
  return true;
}

// The size of the request at the front, head and body, or 0 if it is not there yet.
size_t RequestSize(const std::string& buffered) {
  const size_t head = buffered.find("\r\n\r\n");
  if (head == std::string::npos) return 0;
  const std::string lower = absl::AsciiStrToLower(buffered.substr(0, head + 2));
  size_t body = 0;
  if (const size_t at = lower.find("\r\ncontent-length:"); at != std::string::npos) {
    body = std::strtoull(lower.c_str() + at + 17, nullptr, 10);
  }
  const size_t size = head + 4 + body;
  return buffered.size() >= size ? size : 0;
}

}  // namespace

RawServer::RawServer(RawScript script)
    : script_(std::move(script)), listener_(ListenOnLoopback()), port_(PortOf(listener_)) {
  acceptor_ = std::thread([this] { Accept(); });
}

RawServer::~RawServer() {
  {
    MutexLock lock(mutex_);
    stop_ = true;
    for (int socket : sockets_) shutdown(socket, SHUT_RDWR);
  }
  stopped_.NotifyAll();
  shutdown(listener_, SHUT_RDWR);
  acceptor_.join();
  for (std::thread& connection : connections_) connection.join();
  close(listener_);
}

std::string RawServer::Url(const std::string& path) const {
  return fmt::format("http://127.0.0.1:{}{}", port_, path);
}

std::vector<std::string> RawServer::requests() const {
  MutexLock lock(mutex_);
  return requests_;
}

uint32_t RawServer::connections() const {
  MutexLock lock(mutex_);
  return accepted_;
}

void RawServer::Accept() {
  while (true) {
    const int socket = accept(listener_, nullptr, nullptr);
    if (socket < 0) return;
    {
      MutexLock lock(mutex_);
      if (stop_) {
        close(socket);
        return;
      }
      ++accepted_;
      sockets_.push_back(socket);
    }
    connections_.emplace_back([this, socket] { Serve(socket); });
  }
}

void RawServer::Serve(int socket) {
  std::string buffered;
  while (!script_.empty()) {
    const std::optional<size_t> number = ReadRequest(socket, buffered);
    if (!number || !Answer(socket, script_[std::min(*number, script_.size() - 1)])) break;
  }
  MutexLock lock(mutex_);
  std::erase(sockets_, socket);
  close(socket);
}

std::optional<size_t> RawServer::ReadRequest(int socket, std::string& buffered) {
  size_t size = 0;
  while ((size = RequestSize(buffered)) == 0) {
    if (const size_t end = buffered.find("\r\n\r\n"); end != buffered.npos && IsEarly()) {
      size = end + 4;
      break;
    }
    char bytes[16384];
    const ssize_t count = recv(socket, bytes, sizeof(bytes), 0);
    if (count <= 0) return std::nullopt;
    buffered.append(bytes, static_cast<size_t>(count));
  }
  MutexLock lock(mutex_);
  requests_.push_back(buffered.substr(0, size));
  buffered.erase(0, size);
  return requests_.size() - 1;
}

// Of the request that comes next.
bool RawServer::IsEarly() const {
  MutexLock lock(mutex_);
  return script_[std::min(requests_.size(), script_.size() - 1)].early;
}

bool RawServer::Answer(int socket, const RawAnswer& answer) {
  if (answer.byte_by_byte) {
    for (const char& byte : answer.bytes) {
      if (!SendAll(socket, {&byte, 1})) return false;
      SleepUntilStopped(SteadyNow() + kMillisecond / 2);
    }
  } else if (!SendAll(socket, answer.bytes)) {
    return false;
  }
  if (answer.early) {
    char bytes[16384];
    while (recv(socket, bytes, sizeof(bytes), 0) > 0) continue;
    return false;
  }
  if (answer.pause > 0) SleepUntilStopped(SteadyNow() + answer.pause);
  if (!SendAll(socket, answer.rest)) return false;
  switch (answer.then) {
    case RawAnswer::Then::kKeepOpen:
      return true;
    case RawAnswer::Then::kClose:
      return false;
    case RawAnswer::Then::kReset: {
      const linger at_once{1, 0};
      setsockopt(socket, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
      return false;
    }
    case RawAnswer::Then::kSilence:
      SleepUntilStopped(kForever);
      return false;
  }
  return false;
}

void RawServer::SleepUntilStopped(Nanos deadline) {
  MutexLock lock(mutex_);
  while (!stop_ && SteadyNow() < deadline) {
    if (deadline == kForever) {
      stopped_.Wait(mutex_);
    } else {
      stopped_.WaitUntil(mutex_, deadline);
    }
  }
}

uint16_t ClosedPort() {
  const int socket = ListenOnLoopback();
  const uint16_t port = PortOf(socket);
  close(socket);
  return port;
}

}  // namespace squall::testing
