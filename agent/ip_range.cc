#include "agent/ip_range.h"

#include <algorithm>
#include <cstring>

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>

#include "common/values.h"

namespace squall {
namespace {

using Bytes = std::array<uint8_t, 16>;

constexpr uint32_t kWrapped = 96;  // bits in front of an IPv4 address inside IPv6
constexpr std::array<uint8_t, 12> kMapped = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
constexpr std::array<uint8_t, 12> kNat64 = {0, 0x64, 0xff, 0x9b};

uint32_t BitsOf(const IpAddress& address) { return address.ipv6 ? 128 : 32; }

bool BeginsWith(const Bytes& bytes, const std::array<uint8_t, 12>& prefix) {
  return std::equal(prefix.begin(), prefix.end(), bytes.begin());
}

IpAddress Ipv4(const void* bytes) {
  IpAddress address;
  std::memcpy(address.bytes.data(), bytes, 4);
  return address;
}

IpAddress Unwrapped(const Bytes& bytes) {
  if (BeginsWith(bytes, kMapped) || BeginsWith(bytes, kNat64)) return Ipv4(&bytes[12]);
  return {.ipv6 = true, .bytes = bytes};
}

IpAddress Ipv6(const void* bytes) {
  Bytes copy;
  std::memcpy(copy.data(), bytes, copy.size());
  return Unwrapped(copy);
}

// Where the system connects to.
IpAddress Reached(IpAddress address) {
  if (address.bytes != Bytes{}) return address;
  if (address.ipv6) {
    address.bytes[15] = 1;
  } else {
    address.bytes = {127, 0, 0, 1};
  }
  return address;
}

// The first address with the same leading bits.
IpAddress Masked(IpAddress address, uint32_t prefix) {
  for (uint32_t i = 0; i < address.bytes.size(); ++i) {
    const uint32_t kept = std::clamp<uint32_t>(prefix, 8 * i, 8 * i + 8) - 8 * i;
    address.bytes[i] &= static_cast<uint8_t>(0xff00 >> kept);
  }
  return address;
}

std::optional<IpAddress> StrictIp(std::string_view text, bool& wrapped) {
  const std::string written(text);
  if (written.find('\0') != std::string::npos) return std::nullopt;  // would end it
  in_addr ipv4;
  if (inet_pton(AF_INET, written.c_str(), &ipv4) == 1) return Ipv4(&ipv4);
  in6_addr ipv6;
  if (inet_pton(AF_INET6, written.c_str(), &ipv6) != 1) return std::nullopt;
  const IpAddress address = Ipv6(&ipv6);
  wrapped = !address.ipv6;
  return address;
}

}  // namespace

std::optional<IpAddress> IpOf(const Endpoint& endpoint) {
  if (endpoint.family() == AF_INET) {
    return Reached(Ipv4(&reinterpret_cast<const sockaddr_in&>(endpoint.address).sin_addr));
  }
  if (endpoint.family() != AF_INET6) return std::nullopt;
  return Reached(Ipv6(&reinterpret_cast<const sockaddr_in6&>(endpoint.address).sin6_addr));
}

std::optional<IpAddress> LooseIp(std::string_view host) {
  host = host.substr(0, host.find('%'));
  while (host.ends_with('.')) host.remove_suffix(1);
  bool wrapped = false;
  if (const auto address = StrictIp(host, wrapped)) return Reached(*address);
  // It stops at a blank, and would take what is in front of it.
  const bool printable =
      std::all_of(host.begin(), host.end(), [](char c) { return c > ' ' && c < 0x7f; });
  in_addr ipv4;
  if (host.empty() || !printable || inet_aton(std::string(host).c_str(), &ipv4) != 1) {
    return std::nullopt;
  }
  return Reached(Ipv4(&ipv4));
}

bool IpRange::Contains(const IpAddress& address) const {
  return address.ipv6 == first.ipv6 && Masked(address, prefix) == first;
}

bool IpRange::IsWithin(const IpRange& other) const {
  return prefix >= other.prefix && other.Contains(first);
}

absl::StatusOr<IpRange> ParseIpRange(std::string_view text) {
  const size_t slash = text.find('/');
  bool wrapped = false;
  const std::optional<IpAddress> address = StrictIp(text.substr(0, slash), wrapped);
  if (!address) return absl::InvalidArgumentError("neither an IPv4 nor an IPv6 address");
  const uint32_t bits = BitsOf(*address);
  if (slash == std::string_view::npos) return IpRange{Reached(*address), bits};

  const uint32_t in_front = wrapped ? kWrapped : 0;
  const auto prefix = ParseWholeNumber(text.substr(slash + 1), in_front, bits + in_front);
  if (!prefix.ok()) {
    return absl::InvalidArgumentError(fmt::format(
        "the length of its prefix is not between {} and {}", in_front, bits + in_front));
  }
  const IpRange range{Masked(*address, static_cast<uint32_t>(*prefix) - in_front),
                      static_cast<uint32_t>(*prefix) - in_front};
  if (range.first != *address) {
    return absl::InvalidArgumentError(
        fmt::format("it begins in the middle of a range: did you mean {}?", ToText(range)));
  }
  return range.prefix == bits ? IpRange{Reached(range.first), bits} : range;
}

std::string ToText(const IpAddress& address) {
  std::array<char, INET6_ADDRSTRLEN> written{};
  inet_ntop(address.ipv6 ? AF_INET6 : AF_INET, address.bytes.data(), written.data(),
            written.size());
  return written.data();
}

std::string ToText(const IpRange& range) {
  if (range.prefix == BitsOf(range.first)) return ToText(range.first);
  return fmt::format("{}/{}", ToText(range.first), range.prefix);
}

}  // namespace squall
