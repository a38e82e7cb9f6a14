#include "controller/dns_agents.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <memory>
#include <netdb.h>
#include <utility>

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <spdlog/spdlog.h>
#include <sys/socket.h>

#include "common/values.h"

namespace squall {
namespace {

constexpr std::string_view kScheme = "dns://";

absl::Status Invalid(std::string_view text, std::string_view reason) {
  return absl::InvalidArgumentError(fmt::format("{}: {}", Quoted(text), reason));
}

bool IsIpv6(const std::string& address) { return address.find(':') != std::string::npos; }

// By number, so that .9 comes before .10; one with a zone goes by its text.
std::string Key(const std::string& address) {
  std::string bytes(sizeof(in6_addr), '\0');
  const int family = IsIpv6(address) ? AF_INET6 : AF_INET;
  return inet_pton(family, address.c_str(), bytes.data()) == 1 ? bytes : address;
}

// Not by getnameinfo(): a static program would load plug-ins for that.
std::string Text(const sockaddr& address) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (address.sa_family == AF_INET) {
    const auto& ipv4 = reinterpret_cast<const sockaddr_in&>(address);
    inet_ntop(AF_INET, &ipv4.sin_addr, text.data(), text.size());
  } else if (address.sa_family == AF_INET6) {
    const auto& ipv6 = reinterpret_cast<const sockaddr_in6&>(address);
    inet_ntop(AF_INET6, &ipv6.sin6_addr, text.data(), text.size());
    if (ipv6.sin6_scope_id != 0) return fmt::format("{}%{}", text.data(), ipv6.sin6_scope_id);
  }
  return text.data();
}

}  // namespace

absl::StatusOr<std::vector<std::string>> LookUpName(const std::string& host) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;  // otherwise each address comes once for each type
  addrinfo* found = nullptr;
  if (const int error = getaddrinfo(host.c_str(), nullptr, &hints, &found)) {
    return absl::NotFoundError(error == EAI_SYSTEM ? std::strerror(errno) : gai_strerror(error));
  }
  const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> owner(found, &freeaddrinfo);
  std::vector<std::string> addresses;
  for (const addrinfo* entry = found; entry != nullptr; entry = entry->ai_next) {
    if (std::string text = Text(*entry->ai_addr); !text.empty()) {
      addresses.push_back(std::move(text));
    }
  }
  return addresses;
}

bool IsDnsName(std::string_view text) { return text.starts_with(kScheme); }

absl::StatusOr<std::vector<Address>> AgentsBehind(std::string_view text, const NameLookup& lookup) {
  std::string_view name = text.substr(kScheme.size());
  if (!name.starts_with('/') || name.size() == 1) {
    return Invalid(text, "write dns:///NAME or dns:///NAME:PORT, with three slashes");
  }
  const absl::StatusOr<Address> parsed = ParseAddress(name.substr(1));
  if (!parsed.ok()) return parsed.status();
  const std::string_view display = parsed->display;
  if (display.starts_with("unix:")) return Invalid(text, "a socket has no name: write unix:PATH");
  const size_t colon = display.rfind(':');
  std::string_view host = display.substr(0, colon);
  if (host.starts_with('[')) host = host.substr(1, host.size() - 2);

  absl::StatusOr<std::vector<std::string>> found = lookup(std::string(host));
  if (!found.ok() || found->empty()) {
    return absl::NotFoundError(
        fmt::format("{}: there is no agent, as {} has no address ({})", Quoted(text), host,
                    found.ok() ? "the answer is empty" : std::string(found.status().message())));
  }
  std::sort(found->begin(), found->end(), [](const std::string& a, const std::string& b) {
    return std::pair(IsIpv6(a), Key(a)) < std::pair(IsIpv6(b), Key(b));
  });
  found->erase(std::unique(found->begin(), found->end()), found->end());
  const auto ipv6 = std::find_if(found->begin(), found->end(), &IsIpv6);
  if (ipv6 != found->begin() && ipv6 != found->end()) {
    spdlog::info("event=ipv6_left_out name={} addresses={}", host, found->end() - ipv6);
    found->erase(ipv6, found->end());
  }
  std::vector<Address> agents;
  for (const std::string& address : *found) {
    const std::string_view form = IsIpv6(address) ? "[{}]{}" : "{}{}";
    absl::StatusOr<Address> agent =
        ParseAddress(fmt::format(fmt::runtime(form), address, display.substr(colon)));
    if (!agent.ok()) return agent.status();
    agents.push_back(*std::move(agent));
  }
  return agents;
}

}  // namespace squall
