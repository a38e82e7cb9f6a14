// Agents behind one name: dns:///squall-agents:7400 stands for every address that the name has,
// each an agent of its own. Any DNS will do, and /etc/hosts; a headless Service of Kubernetes is
// such a name.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "common/address.h"

namespace squall {

// The addresses of a host, as text without brackets. An error says why there are none.
using NameLookup = std::function<absl::StatusOr<std::vector<std::string>>(const std::string& host)>;

// Asks the system; blocks as long as that takes. NOT_FOUND with its words.
absl::StatusOr<std::vector<std::string>> LookUpName(const std::string& host);

// Whether `text` is meant as such a name.
bool IsDnsName(std::string_view text);

// The agents behind "dns:///NAME[:PORT]", in the order of their addresses, whichever the name
// server gave. Of a name that has addresses of both kinds those of IPv6 are left out, and logged:
// they are taken for the same machines. INVALID_ARGUMENT: what to write instead; NOT_FOUND: why
// there are none.
absl::StatusOr<std::vector<Address>> AgentsBehind(std::string_view text, const NameLookup& lookup);

}  // namespace squall
