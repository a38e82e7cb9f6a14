#include "common/ares_lookup.h"

#include <ares.h>
#include <array>
#include <charconv>
#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <poll.h>
#include <string>
#include <string_view>

#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/time.h>

namespace squall {
namespace {

struct Entry : addrinfo {
  sockaddr_storage storage{};
};

using List = std::unique_ptr<addrinfo, decltype([](addrinfo* list) { FreeAresAddresses(list); })>;
using Channel = std::unique_ptr<ares_channeldata,
                                decltype([](ares_channel channel) { ares_destroy(channel); })>;
using AresAddresses =
    std::unique_ptr<ares_addrinfo,
                    decltype([](ares_addrinfo* found) { ares_freeaddrinfo(found); })>;

// Nothing stands for port 0.
std::optional<uint16_t> ParsePort(const char* service) {
  uint16_t port = 0;
  if (service == nullptr) return port;
  const char* end = service + std::strlen(service);
  const auto [stop, error] = std::from_chars(service, end, port);
  if (error != std::errc() || stop != end) return std::nullopt;
  return port;
}

// What the caller asks for, and a list of addresses that fit.
class Answer {
 public:
  Answer(const addrinfo& hints, uint16_t port) : hints_(hints), port_(port) {}

  void Add(const sockaddr* address, size_t size) {
    auto entry = std::make_unique<Entry>();
    if (size > sizeof(entry->storage) ||
        (hints_.ai_family != AF_UNSPEC && hints_.ai_family != address->sa_family)) {
      return;
    }
    std::memcpy(&entry->storage, address, size);
    const uint16_t port = htons(port_);
    if (address->sa_family == AF_INET) {
      reinterpret_cast<sockaddr_in&>(entry->storage).sin_port = port;
    } else {
      reinterpret_cast<sockaddr_in6&>(entry->storage).sin6_port = port;
    }
    entry->ai_family = address->sa_family;
    entry->ai_socktype = hints_.ai_socktype != 0 ? hints_.ai_socktype : SOCK_STREAM;
    entry->ai_protocol = hints_.ai_protocol;
    entry->ai_addrlen = static_cast<socklen_t>(size);
    entry->ai_addr = reinterpret_cast<sockaddr*>(&entry->storage);
    addrinfo* added = entry.release();
    if (last_ == nullptr) {
      first_.reset(added);
    } else {
      last_->ai_next = added;
    }
    last_ = added;
  }

  void Add(const in_addr& address) {
    sockaddr_in whole{};
    whole.sin_family = AF_INET;
    whole.sin_addr = address;
    Add(reinterpret_cast<const sockaddr*>(&whole), sizeof(whole));
  }

  void Add(const in6_addr& address, uint32_t scope) {
    sockaddr_in6 whole{};
    whole.sin6_family = AF_INET6;
    whole.sin6_addr = address;
    whole.sin6_scope_id = scope;
    Add(reinterpret_cast<const sockaddr*>(&whole), sizeof(whole));
  }

  const addrinfo& hints() const { return hints_; }

  // What there is, or `otherwise` if that is nothing.
  int Give(addrinfo** found, int otherwise) {
    if (first_ == nullptr) return otherwise;
    *found = first_.release();
    return 0;
  }

 private:
  const addrinfo& hints_;
  const uint16_t port_;
  List first_;
  addrinfo* last_ = nullptr;
};

// "eth0" or a number. 0: there is no such interface.
uint32_t ScopeOf(const std::string& name) {
  if (const uint32_t known = if_nametoindex(name.c_str())) return known;
  uint32_t number = 0;
  const char* end = name.data() + name.size();
  const auto [stop, error] = std::from_chars(name.data(), end, number);
  return error == std::errc() && stop == end ? number : 0;
}

// False: it is a name.
bool AddNumeric(std::string_view host, Answer& answer) {
  in_addr ipv4;
  in6_addr ipv6;
  const size_t percent = host.find('%');
  const std::string address(host.substr(0, percent));
  if (percent == host.npos && inet_pton(AF_INET, address.c_str(), &ipv4) == 1) {
    answer.Add(ipv4);
    return true;
  }
  if (inet_pton(AF_INET6, address.c_str(), &ipv6) != 1) return false;
  const uint32_t scope = percent == host.npos ? 0 : ScopeOf(std::string(host.substr(percent + 1)));
  if (percent == host.npos || scope != 0) answer.Add(ipv6, scope);
  return true;
}

// No host: to listen at all addresses of this machine, or to reach it.
void AddOwn(Answer& answer) {
  const bool any = (answer.hints().ai_flags & AI_PASSIVE) != 0;
  answer.Add(in_addr{htonl(any ? INADDR_ANY : INADDR_LOOPBACK)});
  answer.Add(any ? in6addr_any : in6addr_loopback, 0);
}

struct Reply {
  bool come = false;
  int status = ARES_EDESTRUCTION;
  AresAddresses found;
};

void OnReply(void* argument, int status, int, ares_addrinfo* found) noexcept {
  auto& reply = *static_cast<Reply*>(argument);
  reply.come = true;
  reply.status = status;
  reply.found.reset(found);
}

// Lets c-ares go on when one of its sockets is ready, or its time is over.
void Turn(ares_channel channel) {
  std::array<ares_socket_t, ARES_GETSOCK_MAXNUM> sockets{};
  const int wanted = ares_getsock(channel, sockets.data(), ARES_GETSOCK_MAXNUM);
  std::array<pollfd, ARES_GETSOCK_MAXNUM> polled{};
  nfds_t count = 0;
  for (unsigned i = 0; i < sockets.size(); ++i) {
    const bool reads = ARES_GETSOCK_READABLE(static_cast<unsigned>(wanted), i) != 0;
    const bool writes = ARES_GETSOCK_WRITABLE(static_cast<unsigned>(wanted), i) != 0;
    if (!reads && !writes) continue;
    polled[count].fd = sockets[i];
    polled[count++].events = static_cast<short>((reads ? POLLIN : 0) | (writes ? POLLOUT : 0));
  }
  timeval limit{.tv_sec = 1, .tv_usec = 0};
  timeval left{};
  const timeval* wait = ares_timeout(channel, &limit, &left);
  const auto milliseconds = static_cast<int>(wait->tv_sec * 1000 + (wait->tv_usec + 999) / 1000);
  if (poll(polled.data(), count, milliseconds) <= 0) {
    return ares_process_fd(channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
  }
  for (nfds_t i = 0; i < count; ++i) {
    const short events = polled[i].revents;
    if (events == 0) continue;
    const bool failed = (events & (POLLERR | POLLHUP | POLLNVAL)) != 0;
    ares_process_fd(channel, failed || (events & POLLIN) ? polled[i].fd : ARES_SOCKET_BAD,
                    failed || (events & POLLOUT) ? polled[i].fd : ARES_SOCKET_BAD);
  }
}

int FromAres(int status) {
  switch (status) {
    case ARES_SUCCESS:
    case ARES_ENODATA:
    case ARES_ENOTFOUND:
    case ARES_EBADNAME:
      return EAI_NONAME;
    case ARES_ETIMEOUT:
    case ARES_ECONNREFUSED:
    case ARES_ESERVFAIL:
      return EAI_AGAIN;
    case ARES_ENOMEM:
      return EAI_MEMORY;
    default:
      return EAI_FAIL;
  }
}

// `otherwise`, if there are none, is why.
void AddNamed(const char* host, Answer& answer, int& otherwise) {
  static const int ready = ares_library_init(ARES_LIB_INIT_ALL);
  ares_channel made = nullptr;
  int status = ready == ARES_SUCCESS ? ares_init(&made) : ready;
  if (status == ARES_SUCCESS) {
    const Channel channel(made);
    Reply reply;
    ares_addrinfo_hints hints{};
    hints.ai_family = answer.hints().ai_family;
    hints.ai_socktype = SOCK_STREAM;
    ares_getaddrinfo(made, host, nullptr, &hints, &OnReply, &reply);
    while (!reply.come) Turn(made);
    status = reply.status;
    if (status == ARES_SUCCESS) {
      for (const auto* node = reply.found->nodes; node != nullptr; node = node->ai_next) {
        answer.Add(node->ai_addr, node->ai_addrlen);
      }
    }
  }
  otherwise = FromAres(status);
}

}  // namespace

int LookUpByAres(const char* host, const char* service, const addrinfo* hints, addrinfo** found) {
  *found = nullptr;
  const addrinfo any{};
  const addrinfo& wanted = hints != nullptr ? *hints : any;
  const int family = wanted.ai_family;
  if ((wanted.ai_flags & AI_CANONNAME) != 0) return EAI_BADFLAGS;
  if (family != AF_UNSPEC && family != AF_INET && family != AF_INET6) return EAI_FAMILY;
  if (host == nullptr && service == nullptr) return EAI_NONAME;
  const std::optional<uint16_t> port = ParsePort(service);
  if (!port) return EAI_SERVICE;

  Answer answer(wanted, *port);
  int otherwise = EAI_NONAME;
  if (host == nullptr) {
    AddOwn(answer);
  } else if (!AddNumeric(host, answer) && (wanted.ai_flags & AI_NUMERICHOST) == 0) {
    AddNamed(host, answer, otherwise);
  }
  return answer.Give(found, otherwise);
}

void FreeAresAddresses(addrinfo* list) {
  while (list != nullptr) {
    const std::unique_ptr<Entry> entry(static_cast<Entry*>(list));
    list = entry->ai_next;
  }
}

}  // namespace squall
