#include "common/gate_sockets.h"

#include <cerrno>
#include <cstring>
#include <memory>
#include <netdb.h>
#include <unistd.h>
#include <utility>

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "common/quiet_socket.h"

namespace squall {
namespace {

constexpr std::string_view kUnix = "unix:";
constexpr int kBacklog = 1024;
// What is sent and not confirmed for so long ends the connection.
[[maybe_unused]] constexpr unsigned kUnconfirmedMilliseconds = 30'000;
// Where nothing is said, TCP asks whether the other end is there; nothing of it for as long as
// above ends the connection too.
constexpr int kAskAfterSeconds = 10;
constexpr int kAskAgainSeconds = 5;
constexpr int kMostQuestions = 4;

using AddressList = std::unique_ptr<addrinfo, decltype([](addrinfo* list) { freeaddrinfo(list); })>;

void Set(int fd, int level, int option, int value) {
  setsockopt(fd, level, option, &value, sizeof value);
}

absl::Status CannotListen(const Address& address, const char* who, const std::string& why) {
  return absl::UnavailableError(
      fmt::format("{}: cannot listen there: is another {} running, or is the address not this "
                  "machine's? ({})",
                  address.display, who, why));
}

// A listening socket, or -1 and errno.
int ListenOn(int family, const sockaddr* name, socklen_t size) {
  const int fd = socket(family, SOCK_STREAM, 0);
  if (fd < 0) return -1;
  MakeQuiet(fd);
  if (family != AF_UNIX) {
    Set(fd, SOL_SOCKET, SO_REUSEADDR, 1);
    Set(fd, IPPROTO_TCP, TCP_NODELAY, 1);
  }
  if (family == AF_INET6) Set(fd, IPPROTO_IPV6, IPV6_V6ONLY, 0);  // [::] is every address
  if (bind(fd, name, size) == 0 && listen(fd, kBacklog) == 0) return fd;
  const int error = errno;
  close(fd);
  errno = error;
  return -1;
}

uint16_t PortOf(int fd) {
  sockaddr_storage name{};
  socklen_t size = sizeof name;
  getsockname(fd, reinterpret_cast<sockaddr*>(&name), &size);
  return ntohs(name.ss_family == AF_INET6 ? reinterpret_cast<sockaddr_in6&>(name).sin6_port
                                          : reinterpret_cast<sockaddr_in&>(name).sin_port);
}

void SetPort(sockaddr* name, uint16_t port) {
  if (name->sa_family == AF_INET6) reinterpret_cast<sockaddr_in6*>(name)->sin6_port = htons(port);
  if (name->sa_family == AF_INET) reinterpret_cast<sockaddr_in*>(name)->sin_port = htons(port);
}

// One that nobody listens on any more is taken over; anything else is somebody's.
bool IsSocket(const std::string& path) {
  struct stat info {};
  return lstat(path.c_str(), &info) == 0 && S_ISSOCK(info.st_mode);
}

// It would be taken from its owner without a word.
bool SomebodyListens(const sockaddr_un& name) {
  const int probe = socket(AF_UNIX, SOCK_STREAM, 0);
  if (probe < 0) return false;
  const bool answered = connect(probe, reinterpret_cast<const sockaddr*>(&name), sizeof name) == 0;
  close(probe);
  return answered;
}

absl::StatusOr<int> ListenUnix(const Address& address, const std::string& path, const char* who) {
  sockaddr_un name{};
  name.sun_family = AF_UNIX;
  if (path.size() >= sizeof name.sun_path) {
    return CannotListen(address, who, std::strerror(ENAMETOOLONG));
  }
  path.copy(name.sun_path, path.size());
  if (SomebodyListens(name)) {
    return absl::UnavailableError(
        fmt::format("{}: another {} listens there", address.display, who));
  }
  if (IsSocket(path)) unlink(path.c_str());
  const int fd = ListenOn(AF_UNIX, reinterpret_cast<const sockaddr*>(&name), sizeof name);
  if (fd < 0) return CannotListen(address, who, std::strerror(errno));
  return fd;
}

// 0: it is no socket, or of a system that does not number them.
uint64_t InodeOf(int fd) {
  struct stat info {};
  return fstat(fd, &info) == 0 && S_ISSOCK(info.st_mode) ? info.st_ino : 0;
}

// "10.0.0.7", "::1", "fe80::1%eth0"; addresses of version 4 are written as such.
void NamePeer(const sockaddr_storage& name, Peer& peer) {
  char text[INET6_ADDRSTRLEN + 64] = "";
  char port[8] = "";
  sockaddr_storage plain = name;
  if (name.ss_family == AF_INET6) {
    const auto& address = reinterpret_cast<const sockaddr_in6&>(name);
    if (IN6_IS_ADDR_V4MAPPED(&address.sin6_addr)) {
      plain = {};
      auto& ipv4 = reinterpret_cast<sockaddr_in&>(plain);
      ipv4.sin_family = AF_INET;
      ipv4.sin_port = address.sin6_port;
      std::memcpy(&ipv4.sin_addr, &address.sin6_addr.s6_addr[12], sizeof ipv4.sin_addr);
    }
  }
  const bool ipv6 = plain.ss_family == AF_INET6;
  const auto size = static_cast<socklen_t>(ipv6 ? sizeof(sockaddr_in6) : sizeof(sockaddr_in));
  getnameinfo(reinterpret_cast<const sockaddr*>(&plain), size, text, sizeof text, port, sizeof port,
              NI_NUMERICHOST | NI_NUMERICSERV);
  peer.host = text;
  peer.name = ipv6 ? fmt::format("[{}]:{}", text, port) : fmt::format("{}:{}", text, port);
}

}  // namespace

absl::StatusOr<Listeners> Listeners::Open(const Address& address, const char* who) {
  Listeners listeners;
  if (address.display.starts_with(kUnix)) {
    const std::string path = address.display.substr(kUnix.size());
    const absl::StatusOr<int> fd = ListenUnix(address, path, who);
    if (!fd.ok()) return fd.status();
    listeners.fds_.push_back(*fd);
    listeners.address_ = address.display;
    listeners.path_ = path;
    return listeners;
  }
  const size_t colon = address.display.rfind(':');
  const std::string shown = address.display.substr(0, colon);
  const std::string host = shown.starts_with('[') ? shown.substr(1, shown.size() - 2) : shown;
  addrinfo hints{};
  hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int result =
      getaddrinfo(host.c_str(), address.display.substr(colon + 1).c_str(), &hints, &found);
  if (result != 0) return CannotListen(address, who, gai_strerror(result));
  const AddressList list(found);
  std::string why;
  uint16_t port = 0;  // all have the one that the first got
  for (addrinfo* entry = found; entry != nullptr; entry = entry->ai_next) {
    if (port != 0) SetPort(entry->ai_addr, port);
    const int fd = ListenOn(entry->ai_family, entry->ai_addr, entry->ai_addrlen);
    if (fd < 0) {
      why = std::strerror(errno);
      continue;
    }
    listeners.fds_.push_back(fd);
    port = PortOf(fd);
  }
  if (listeners.fds_.empty()) return CannotListen(address, who, why);
  listeners.address_ = fmt::format("{}:{}", shown, port);
  return listeners;
}

Listeners::Listeners(Listeners&& other) noexcept
    : fds_(std::exchange(other.fds_, {})),
      address_(std::move(other.address_)),
      path_(std::exchange(other.path_, {})) {}

Listeners::~Listeners() {
  if (!path_.empty()) unlink(path_.c_str());
  for (const int fd : fds_) close(fd);
}

int AcceptOn(int listener, Peer& peer) {
  sockaddr_storage name{};
  socklen_t size = sizeof name;
  const int fd = AcceptQuietly(listener, reinterpret_cast<sockaddr*>(&name), &size);
  if (fd < 0) return -1;
  peer.is_local = name.ss_family == AF_UNIX;
  if (peer.is_local) {
    peer.name = peer.host = kUnix;
    return fd;
  }
  Set(fd, IPPROTO_TCP, TCP_NODELAY, 1);
#ifdef TCP_USER_TIMEOUT
  Set(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, kUnconfirmedMilliseconds);
#endif
  Set(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
#ifdef TCP_KEEPIDLE
  Set(fd, IPPROTO_TCP, TCP_KEEPIDLE, kAskAfterSeconds);
#else
  Set(fd, IPPROTO_TCP, TCP_KEEPALIVE, kAskAfterSeconds);
#endif
  Set(fd, IPPROTO_TCP, TCP_KEEPINTVL, kAskAgainSeconds);
  Set(fd, IPPROTO_TCP, TCP_KEEPCNT, kMostQuestions);
  NamePeer(name, peer);
  return fd;
}

int WaitingBytes(int fd) {
  int bytes = 0;
  return ioctl(fd, FIONREAD, &bytes) == 0 ? bytes : 0;
}

HeldSocket::HeldSocket(int fd) : fd_(fd), inode_(InodeOf(fd)) {}

bool HeldSocket::IsHeld() const { return inode_ != 0 && InodeOf(fd_) == inode_; }

void AwaitBytes(int fd, int bytes) { Set(fd, SOL_SOCKET, SO_RCVLOWAT, bytes); }

WakePipe::~WakePipe() {
  for (const int end : ends_) {
    if (end >= 0) close(end);
  }
}

absl::Status WakePipe::Open() {
  if (pipe(ends_) != 0) return absl::ErrnoToStatus(errno, "cannot make a pipe");
  for (const int end : ends_) MakeQuiet(end);
  return absl::OkStatus();
}

void WakePipe::Wake() const { [[maybe_unused]] const ssize_t written = write(ends_[1], "", 1); }

}  // namespace squall
