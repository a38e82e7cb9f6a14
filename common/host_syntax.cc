#include "common/host_syntax.h"

#include <algorithm>
#include <array>

#include <arpa/inet.h>
#include <fmt/format.h>
#include <sys/un.h>

#include "absl/strings/ascii.h"
#include "common/values.h"

namespace squall {
namespace {

// The null byte at its end is counted in.
constexpr size_t kMaxSocketPath = sizeof(sockaddr_un::sun_path) - 1;
constexpr size_t kMaxHostName = 253;

bool IsHostCharacter(char c) {
  return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '-' || c == '.' || c == '_';
}

bool IsDigit(char c) { return absl::ascii_isdigit(static_cast<unsigned char>(c)); }

// A null byte would end it for inet_pton.
bool IsIpv4(std::string_view host) {
  in_addr address;
  return host.find('\0') == std::string_view::npos &&
         inet_pton(AF_INET, std::string(host).c_str(), &address) == 1;
}

}  // namespace

std::string NormalIpv6(std::string_view host) {
  const size_t percent = host.find('%');
  const std::string_view zone = percent == std::string_view::npos ? "" : host.substr(percent);
  if (zone.size() == 1 ||
      (!zone.empty() && !std::all_of(zone.begin() + 1, zone.end(), IsHostCharacter))) {
    return {};
  }
  if (host.find('\0') != std::string_view::npos) return {};  // would end it for inet_pton
  in6_addr address;
  if (inet_pton(AF_INET6, std::string(host.substr(0, percent)).c_str(), &address) != 1) return {};
  std::array<char, INET6_ADDRSTRLEN> written{};
  inet_ntop(AF_INET6, &address, written.data(), written.size());
  return fmt::format("{}{}", written.data(), zone);
}

std::string NormalIp(std::string_view host) {
  return IsIpv4(host) ? std::string(host) : NormalIpv6(host);
}

absl::Status CheckHostName(std::string_view host) {
  if (host.empty()) return absl::InvalidArgumentError("no host: write host or host:port");
  if (!std::all_of(host.begin(), host.end(), IsHostCharacter) || host.size() > kMaxHostName) {
    return absl::InvalidArgumentError(fmt::format("\"{}\" is not a host name", Quoted(host)));
  }
  // No top-level domain consists of digits, so such a name is meant as an IPv4 address.
  const std::string_view last = host.substr(host.rfind('.') + 1);
  if (!last.empty() && std::all_of(last.begin(), last.end(), IsDigit) && !IsIpv4(host)) {
    return absl::InvalidArgumentError(fmt::format("{} is not an IPv4 address", host));
  }
  return absl::OkStatus();
}

absl::Status CheckSocketPath(std::string_view path) {
  if (path.empty() || path.find('\0') != std::string_view::npos) {
    return absl::InvalidArgumentError("not a path");
  }
  if (path.size() > kMaxSocketPath) {
    return absl::InvalidArgumentError(
        fmt::format("a socket's path has at most {} bytes", kMaxSocketPath));
  }
  return absl::OkStatus();
}

}  // namespace squall
