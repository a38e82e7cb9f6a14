#include "common/address.h"

#include <algorithm>
#include <array>
#include <filesystem>

#include <arpa/inet.h>
#include <fmt/format.h>
#include <sys/un.h>

#include "absl/strings/ascii.h"
#include "common/values.h"

namespace squall {
namespace {

// The null byte at its end is counted in.
constexpr size_t kMaxUnixPath = sizeof(sockaddr_un::sun_path) - 1;
constexpr size_t kMaxHostName = 253;

absl::Status Invalid(std::string_view text, std::string_view reason) {
  return absl::InvalidArgumentError(fmt::format("{}: {}", Quoted(text), reason));
}

// gRPC takes targets as URIs.
std::string PercentEncoded(std::string_view text) {
  std::string encoded;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (absl::ascii_isalnum(byte) || std::string_view("-._~/:").find(c) != std::string_view::npos) {
      encoded += c;
    } else {
      encoded += fmt::format("%{:02X}", byte);
    }
  }
  return encoded;
}

absl::StatusOr<Address> ParseUnix(std::string_view text, std::string_view path) {
  if (path.empty()) return Invalid(text, "no path: write unix:PATH");
  if (path.find('\0') != std::string_view::npos) return Invalid(text, "not a path");
  const std::string normal = std::filesystem::path(path).lexically_normal().string();
  if (normal.size() > kMaxUnixPath) {
    return Invalid(text, fmt::format("a socket's path has at most {} bytes", kMaxUnixPath));
  }
  return Address{.display = fmt::format("unix:{}", normal),
                 .target = fmt::format("unix:{}", PercentEncoded(normal))};
}

bool IsHostCharacter(char c) {
  return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '-' || c == '.' || c == '_';
}

// The one written form of an IPv6 address, or nothing if it isn't one. A zone (%eth0) is kept.
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

absl::Status CheckHostName(std::string_view text, std::string_view host) {
  if (host.empty()) return Invalid(text, "no host: write host or host:port");
  if (!std::all_of(host.begin(), host.end(), IsHostCharacter) || host.size() > kMaxHostName) {
    return Invalid(text, fmt::format("\"{}\" is not a host name", Quoted(host)));
  }
  // No top-level domain consists of digits, so such a name is meant as an IPv4 address.
  const std::string_view last = host.substr(host.rfind('.') + 1);
  in_addr address;
  if (std::all_of(last.begin(), last.end(),
                  [](char c) { return absl::ascii_isdigit(static_cast<unsigned char>(c)); }) &&
      !last.empty() && inet_pton(AF_INET, std::string(host).c_str(), &address) != 1) {
    return Invalid(text, fmt::format("{} is not an IPv4 address", host));
  }
  return absl::OkStatus();
}

absl::StatusOr<Address> Parse(std::string_view text, uint64_t lowest_port) {
  if (text.empty()) return Invalid(text, "no address: write host or host:port");
  if (text.starts_with("unix:")) return ParseUnix(text, text.substr(5));
  if (const size_t scheme = text.find("://"); scheme != std::string_view::npos) {
    return Invalid(text, "write host or host:port, without a scheme");
  }

  std::string_view host = text;
  std::string_view port;
  bool has_port = false;
  bool is_ipv6 = false;
  if (text.starts_with('[')) {
    const size_t bracket = text.find(']');
    if (bracket == std::string_view::npos) return Invalid(text, "the closing ] is missing");
    host = text.substr(1, bracket - 1);
    const std::string_view rest = text.substr(bracket + 1);
    if (!rest.empty() && !rest.starts_with(':')) return Invalid(text, "write [address]:port");
    has_port = !rest.empty();
    port = has_port ? rest.substr(1) : "";
    is_ipv6 = true;
  } else if (const size_t colon = text.find(':'); colon != std::string_view::npos) {
    is_ipv6 = text.find(':', colon + 1) != std::string_view::npos;
    if (!is_ipv6) {
      host = text.substr(0, colon);
      port = text.substr(colon + 1);
      has_port = true;
    }
  }

  uint64_t port_number = kDefaultAgentPort;
  if (has_port) {
    const absl::StatusOr<uint64_t> number = ParseWholeNumber(port, lowest_port, 65535);
    if (!number.ok()) {
      return Invalid(text,
                     fmt::format("port {} is not between {} and 65535", Quoted(port), lowest_port));
    }
    port_number = *number;
  }
  std::string normal;
  if (is_ipv6) {
    const std::string address = NormalIpv6(host);
    if (address.empty()) {
      return Invalid(text, fmt::format("\"{}\" is not an IPv6 address", Quoted(host)));
    }
    normal = fmt::format("[{}]", address);
  } else {
    if (absl::Status status = CheckHostName(text, host); !status.ok()) return status;
    normal = absl::AsciiStrToLower(absl::string_view(host.data(), host.size()));
    // Its display would be that of a socket.
    if (normal == "unix") {
      return Invalid(text, "would be taken for a socket: write unix:PATH, or the host's full name");
    }
  }
  // With the scheme written out, no host name is ever taken for one.
  return Address{.display = fmt::format("{}:{}", normal, port_number),
                 .target = fmt::format("dns:///{}:{}", PercentEncoded(normal), port_number)};
}

}  // namespace

absl::StatusOr<Address> ParseAddress(std::string_view text) { return Parse(text, 1); }

absl::StatusOr<Address> ParseListenAddress(std::string_view text) { return Parse(text, 0); }

}  // namespace squall
