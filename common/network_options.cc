#include "common/network_options.h"

#include <algorithm>
#include <array>
#include <set>
#include <span>
#include <utility>

#include <fmt/format.h>

#include "absl/strings/ascii.h"
#include "common/host_syntax.h"
#include "common/protocol.h"
#include "common/values.h"

namespace squall {
namespace {

absl::Status Invalid(std::string_view text, std::string_view reason) {
  return absl::InvalidArgumentError(fmt::format("{}: {}", Quoted(text), reason));
}

absl::Status Invalid(std::string_view text, const absl::Status& reason) {
  return Invalid(text, std::string(reason.message()));
}

// Splits at colons into as many parts as there are; the last one is all that remains. Brackets
// around a part shield the colons in it, and are taken off. False: fewer parts, or loose brackets.
bool SplitAtColons(std::string_view text, std::span<std::string_view> parts) {
  for (std::string_view& part : parts.first(parts.size() - 1)) {
    size_t end = text.find(':');
    part = text.substr(0, end);
    if (text.starts_with('[')) {
      const size_t bracket = text.find(']');
      if (bracket == std::string_view::npos || bracket == 1) return false;
      part = text.substr(1, bracket - 1);
      end = bracket + 1;
    }
    if (end >= text.size() || text[end] != ':') return false;
    text.remove_prefix(end + 1);
  }
  parts.back() = text;
  return true;
}

// Reads a host into `to`, if there is one. The error is what is wrong alone, as in those below.
absl::Status ReadHost(std::string_view text, std::string& to) {
  if (text.empty()) return absl::OkStatus();
  to = NormalIp(text);
  if (!to.empty()) return absl::OkStatus();
  if (text.find(':') != std::string_view::npos) {
    return absl::InvalidArgumentError(fmt::format("\"{}\" is not an IPv6 address", Quoted(text)));
  }
  to = absl::AsciiStrToLower(absl::string_view(text.data(), text.size()));
  return CheckHostName(text);
}

absl::StatusOr<uint32_t> ReadPort(std::string_view text) {
  const absl::StatusOr<uint64_t> port = ParseWholeNumber(text, 1, 65535);
  if (port.ok()) return static_cast<uint32_t>(*port);
  return absl::InvalidArgumentError(
      fmt::format("port {} is not between 1 and 65535", Quoted(text)));
}

absl::StatusOr<uint32_t> ReadPortOrNone(std::string_view text) {
  if (text.empty()) return 0;
  return ReadPort(text);
}

absl::StatusOr<std::vector<std::string>> ReadAddresses(std::string_view text) {
  std::vector<std::string> addresses;
  while (true) {
    const size_t comma = text.find(',');
    std::string_view one = TrimBlanks(text.substr(0, comma));
    const bool bracketed = one.size() > 2 && one.starts_with('[') && one.ends_with(']');
    std::string address = bracketed ? NormalIpv6(one.substr(1, one.size() - 2)) : NormalIp(one);
    if (address.empty()) {
      return absl::InvalidArgumentError(
          fmt::format("{} is neither an IPv4 nor an IPv6 address", Quoted(one)));
    }
    if (std::find(addresses.begin(), addresses.end(), address) != addresses.end()) {
      return absl::InvalidArgumentError(fmt::format("{} is named twice", address));
    }
    addresses.push_back(std::move(address));
    if (comma == std::string_view::npos) return addresses;
    text.remove_prefix(comma + 1);
  }
}

// As it stands before a colon.
std::string Bracketed(const std::string& host) {
  return host.find(':') == std::string::npos ? host : fmt::format("[{}]", host);
}

std::string PortOrNothing(uint32_t port) { return port == 0 ? "" : std::to_string(port); }

absl::Status Wrong(std::string_view field, std::string_view what) {
  return absl::InvalidArgumentError(fmt::format("{}: {}", field, what));
}

absl::Status CheckResolutions(const v1::Transport& transport) {
  std::set<std::pair<std::string, uint32_t>> seen;
  for (const v1::Resolution& resolution : transport.resolutions()) {
    const std::string text = ToText(resolution);
    const absl::StatusOr<v1::Resolution> read = ParseResolution(text);
    if (!read.ok()) return Wrong("resolutions", std::string(read.status().message()));
    if (ToText(*read) != text) return Wrong("resolutions", "not in the one form");
    if (!seen.emplace(read->host(), read->port()).second) {
      return Wrong("resolutions", "one host and port twice");
    }
  }
  return absl::OkStatus();
}

absl::Status CheckDiversions(const v1::Transport& transport) {
  for (const v1::Diversion& diversion : transport.diversions()) {
    const std::string text = ToText(diversion);
    const absl::StatusOr<v1::Diversion> read = ParseDiversion(text);
    if (!read.ok()) return Wrong("diversions", std::string(read.status().message()));
    if (ToText(*read) != text) return Wrong("diversions", "not in the one form");
  }
  return absl::OkStatus();
}

absl::Status CheckSources(const v1::Transport& transport) {
  if (transport.source_addresses().empty()) return absl::OkStatus();
  const std::string text = fmt::format("{}", fmt::join(transport.source_addresses(), ","));
  const absl::StatusOr<std::vector<std::string>> read = ParseSourceAddresses(text);
  if (!read.ok()) return Wrong("source_addresses", std::string(read.status().message()));
  if (!std::equal(read->begin(), read->end(), transport.source_addresses().begin(),
                  transport.source_addresses().end())) {
    return Wrong("source_addresses", "not in the one form");
  }
  return absl::OkStatus();
}

absl::Status CheckTogether(const v1::Transport& transport) {
  const bool names = !transport.resolutions().empty() || !transport.diversions().empty() ||
                     transport.dns_refresh_ns() != 0;
  if (!transport.proxy().empty() && names) return Wrong("proxy", "it looks names up by itself");
  if (transport.unix_socket().empty()) return absl::OkStatus();
  if (names || !transport.proxy().empty() || !transport.source_addresses().empty()) {
    return Wrong("unix_socket", "all connections go there: no other place has an effect");
  }
  if (absl::Status status = CheckSocketPath(transport.unix_socket()); !status.ok()) {
    return Wrong("unix_socket", std::string(status.message()));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<v1::Resolution> ParseResolution(std::string_view text) {
  std::array<std::string_view, 3> parts;
  if (!SplitAtColons(text, parts) || parts[0].empty()) {
    return Invalid(text, "write HOST:PORT:ADDRESS[,ADDRESS…], an IPv6 host in brackets");
  }
  v1::Resolution resolution;
  if (absl::Status status = ReadHost(parts[0], *resolution.mutable_host()); !status.ok()) {
    return Invalid(text, status);
  }
  const absl::StatusOr<uint32_t> port = ReadPort(parts[1]);
  if (!port.ok()) return Invalid(text, port.status());
  resolution.set_port(*port);
  const absl::StatusOr<std::vector<std::string>> addresses = ReadAddresses(parts[2]);
  if (!addresses.ok()) return Invalid(text, addresses.status());
  for (const std::string& address : *addresses) resolution.add_addresses(address);
  return resolution;
}

absl::StatusOr<v1::Diversion> ParseDiversion(std::string_view text) {
  std::array<std::string_view, 4> parts;
  if (!SplitAtColons(text, parts)) {
    return Invalid(text,
                   "write HOST1:PORT1:HOST2:PORT2, an IPv6 address in brackets; each part may be "
                   "empty");
  }
  v1::Diversion diversion;
  absl::Status status = ReadHost(parts[0], *diversion.mutable_host());
  status.Update(ReadHost(parts[2], *diversion.mutable_to_host()));
  const absl::StatusOr<uint32_t> port = ReadPortOrNone(parts[1]);
  const absl::StatusOr<uint32_t> to_port = ReadPortOrNone(parts[3]);
  status.Update(port.status());
  status.Update(to_port.status());
  if (!status.ok()) return Invalid(text, status);
  diversion.set_port(*port);
  diversion.set_to_port(*to_port);
  return diversion;
}

absl::StatusOr<std::vector<std::string>> ParseSourceAddresses(std::string_view text) {
  absl::StatusOr<std::vector<std::string>> addresses = ReadAddresses(text);
  if (!addresses.ok()) return Invalid(text, addresses.status());
  for (const std::string& address : *addresses) {
    if (address == "0.0.0.0" || address == "::") {
      return Invalid(text, fmt::format("{} stands for any address: name one", address));
    }
  }
  return addresses;
}

std::string ToText(const v1::Resolution& resolution) {
  return fmt::format("{}:{}:{}", Bracketed(resolution.host()), resolution.port(),
                     fmt::join(resolution.addresses(), ","));
}

std::string ToText(const v1::Diversion& diversion) {
  return fmt::format("{}:{}:{}:{}", Bracketed(diversion.host()), PortOrNothing(diversion.port()),
                     Bracketed(diversion.to_host()), PortOrNothing(diversion.to_port()));
}

absl::Status CheckNetworkOptions(const v1::Transport& transport) {
  const int64_t refresh = transport.dns_refresh_ns();
  if (refresh != 0 && (refresh < kMinDnsRefreshNs || refresh > kMaxDurationNs)) {
    return Wrong("dns_refresh_ns", "neither 0 nor between 1 s and 10,000 hours");
  }
  absl::Status status = CheckResolutions(transport);
  if (status.ok()) status = CheckDiversions(transport);
  if (status.ok()) status = CheckSources(transport);
  if (status.ok()) status = CheckTogether(transport);
  return status;
}

}  // namespace squall
