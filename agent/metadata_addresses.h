// Where clouds tell the machines in them their secrets: whoever can make an agent ask there has its
// keys. Denied by every policy, also without a file (docs/security.md has the list).
//
// Pure.
#pragma once

#include <optional>
#include <string_view>

#include "agent/ip_range.h"

namespace squall {

// The denied range that an address is in.
std::optional<IpRange> MetadataRangeOf(const IpAddress& address);

// Whether it is a name of such a service. In the form of NormalHost().
bool IsMetadataName(std::string_view host);

}  // namespace squall
