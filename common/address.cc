#include "common/address.h"

#include <filesystem>

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>

#include "absl/strings/ascii.h"
#include "common/host_syntax.h"
#include "common/values.h"

namespace squall {
namespace {

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
  const std::string normal = std::filesystem::path(path).lexically_normal().string();
  if (absl::Status status = CheckSocketPath(normal); !status.ok()) {
    return Invalid(text, std::string(status.message()));
  }
  return Address{.display = fmt::format("unix:{}", normal),
                 .target = fmt::format("unix:{}", PercentEncoded(normal))};
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
    if (absl::Status status = CheckHostName(host); !status.ok()) {
      return Invalid(text, std::string(status.message()));
    }
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

bool IsOfThisMachine(const Address& address) {
  if (address.display.starts_with("unix:")) return true;
  const std::string host = address.display.substr(0, address.display.rfind(':'));
  if (host == "localhost" || host == "[::1]") return true;
  const std::string number = host.starts_with("[::ffff:") ? host.substr(8, host.size() - 9) : host;
  in_addr ipv4{};
  if (inet_pton(AF_INET, number.c_str(), &ipv4) != 1) return false;
  return ntohl(ipv4.s_addr) >> 24 == IN_LOOPBACKNET;
}

}  // namespace squall
