#include "agent/target_rule.h"

#include <algorithm>
#include <filesystem>

#include <fmt/format.h>

#include "absl/strings/ascii.h"
#include "common/host_syntax.h"
#include "common/values.h"

namespace squall {
namespace {

constexpr std::string_view kUnix = "unix:";

unsigned char Byte(char c) { return static_cast<unsigned char>(c); }

absl::Status Invalid(std::string_view text, std::string_view reason) {
  return absl::InvalidArgumentError(fmt::format("{}: {}", Quoted(text), reason));
}

absl::StatusOr<TargetRule> ParseSocket(std::string_view text) {
  const std::string_view path = text.substr(kUnix.size());
  TargetRule rule{.kind = TargetRule::Kind::kAnySocket, .text = std::string(text)};
  if (path == "*") return rule;
  rule.kind = TargetRule::Kind::kSocket;
  rule.name = std::filesystem::path(path).lexically_normal().string();
  const bool printable =
      std::none_of(path.begin(), path.end(), [](char c) { return absl::ascii_iscntrl(Byte(c)); });
  if (!path.starts_with('/') || !printable || path.find('*') != std::string_view::npos) {
    return Invalid(text, "write unix:/PATH with the whole path of one socket, or unix:*");
  }
  return rule;
}

// Splits "host:ports", "[v6]:ports" and hosts alone. False: loose brackets.
bool SplitPorts(std::string_view text, std::string_view& host, std::string_view& ports,
                bool& has_ports) {
  host = text;
  has_ports = false;
  if (text.starts_with('[')) {
    const size_t bracket = text.find(']');
    if (bracket == std::string_view::npos) return false;
    host = text.substr(1, bracket - 1);
    const std::string_view rest = text.substr(bracket + 1);
    if (!rest.empty() && !rest.starts_with(':')) return false;
    has_ports = !rest.empty();
    ports = has_ports ? rest.substr(1) : "";
    return host.find(':') != std::string_view::npos;
  }
  const size_t colon = text.find(':');
  if (colon == std::string_view::npos || text.find(':', colon + 1) != std::string_view::npos) {
    return true;  // no port, or IPv6 without brackets
  }
  host = text.substr(0, colon);
  ports = text.substr(colon + 1);
  has_ports = true;
  return true;
}

bool ReadPorts(std::string_view text, TargetRule& rule) {
  const size_t dash = text.find('-');
  const auto first = ParseWholeNumber(text.substr(0, dash), 1, UINT16_MAX);
  const auto last = dash == std::string_view::npos
                        ? first
                        : ParseWholeNumber(text.substr(dash + 1), 1, UINT16_MAX);
  if (!first.ok() || !last.ok() || *last < *first) return false;
  rule.first_port = static_cast<uint16_t>(*first);
  rule.last_port = static_cast<uint16_t>(*last);
  return true;
}

absl::Status ReadName(std::string_view text, std::string_view host, TargetRule& rule) {
  std::string_view name = host;
  rule.kind = TargetRule::Kind::kName;
  if (host.starts_with("*.")) {
    rule.kind = TargetRule::Kind::kDomain;
    name = host.substr(2);
  }
  if (name.find('*') != std::string_view::npos) {
    return Invalid(text, "a * stands alone or in front of a domain: write *.example.test");
  }
  rule.name = NormalHost(name);
  if (absl::Status status = CheckHostName(rule.name); !status.ok()) {
    return Invalid(text, std::string(status.message()));
  }
  // The system would take it for an address: 2130706433, 0x7f.1.
  if (LooseIp(rule.name)) return Invalid(text, "write an IPv4 address as four decimal numbers");
  return absl::OkStatus();
}

absl::Status ReadHost(std::string_view text, std::string_view host, TargetRule& rule) {
  if (host == "*") return absl::OkStatus();
  const bool range = host.find('/') != std::string_view::npos;
  const bool numeric = range || !NormalIp(host).empty();
  if (!numeric && host.find(':') == std::string_view::npos) return ReadName(text, host, rule);
  if (host.find('%') != std::string_view::npos) return Invalid(text, "write it without its zone");
  const absl::StatusOr<IpRange> addresses = ParseIpRange(host);
  if (!addresses.ok()) return Invalid(text, std::string(addresses.status().message()));
  rule.kind = TargetRule::Kind::kAddresses;
  rule.addresses = *addresses;
  return absl::OkStatus();
}

}  // namespace

bool TargetRule::MatchesName(std::string_view host, uint16_t port) const {
  if (!HasPort(port)) return false;
  switch (kind) {
    case Kind::kAny:
      return true;
    case Kind::kName:
      return host == name;
    case Kind::kDomain:
      return host.size() > name.size() + 1 && host.ends_with(name) &&
             host[host.size() - name.size() - 1] == '.';
    case Kind::kAddresses:
    case Kind::kSocket:
    case Kind::kAnySocket:
      return false;
  }
  return false;
}

bool TargetRule::MatchesAddress(const IpAddress& address, uint16_t port) const {
  if (!HasPort(port)) return false;
  return kind == Kind::kAny || (kind == Kind::kAddresses && addresses.Contains(address));
}

bool TargetRule::MatchesSocket(std::string_view path) const {
  return kind == Kind::kAnySocket || (kind == Kind::kSocket && path == name);
}

absl::StatusOr<TargetRule> ParseTargetRule(std::string_view text) {
  if (text.find("://") != std::string_view::npos) {
    return Invalid(text, "write host or host:port, without a scheme");
  }
  if (text.starts_with(kUnix)) return ParseSocket(text);
  TargetRule rule{.text = std::string(text)};
  std::string_view host;
  std::string_view ports;
  bool has_ports = false;
  if (!SplitPorts(text, host, ports, has_ports)) {
    return Invalid(text, "write [address] or [address]:port");
  }
  if (has_ports && !ReadPorts(ports, rule)) {
    return Invalid(
        text, fmt::format("{} is neither a port nor a range of ports as 8000-8999", Quoted(ports)));
  }
  if (absl::Status status = ReadHost(text, host, rule); !status.ok()) return status;
  return rule;
}

std::string NormalHost(std::string_view host) {
  while (host.ends_with('.')) host.remove_suffix(1);
  return absl::AsciiStrToLower(absl::string_view(host.data(), host.size()));
}

}  // namespace squall
