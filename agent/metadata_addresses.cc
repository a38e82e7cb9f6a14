#include "agent/metadata_addresses.h"

#include <algorithm>
#include <array>
#include <vector>

namespace squall {
namespace {

constexpr std::array<std::string_view, 8> kRanges = {
    "169.254.0.0/16",   // IPv4's link-local: 169.254.169.254 nearly everywhere, and its kin
    "100.100.100.200",  // Alibaba
    "168.63.129.16",    // Azure's host
    "192.0.0.192",      // Oracle
    "fd00:ec2::/32",    // Amazon
    "fd20:ce::254",     // Google
    "fd00:42::42",      // Scaleway
    "fe80::a9fe:a9fe",  // OpenStack
};

constexpr std::array<std::string_view, 6> kNames = {
    "metadata.google.internal",   "metadata.goog",
    "metadata.tencentyun.com",    "metadata.platformequinix.com",
    "instance-data.ec2.internal", "instance-data",
};

std::vector<IpRange> ParsedRanges() {
  std::vector<IpRange> ranges;
  for (const std::string_view text : kRanges) ranges.push_back(ParseIpRange(text).value());
  return ranges;
}

}  // namespace

std::optional<IpRange> MetadataRangeOf(const IpAddress& address) {
  static const std::vector<IpRange> ranges = ParsedRanges();
  const auto found = std::find_if(ranges.begin(), ranges.end(),
                                  [&](const IpRange& range) { return range.Contains(address); });
  return found == ranges.end() ? std::nullopt : std::optional(*found);
}

bool IsMetadataName(std::string_view host) {
  return std::find(kNames.begin(), kNames.end(), host) != kNames.end();
}

}  // namespace squall
