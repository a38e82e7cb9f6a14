// Where connections go and come from, as people write it in flags.
//
// Pure. Errors are INVALID_ARGUMENT; their message begins with the text (of a check: the field) and
// says what to write instead. What is accepted is in one form: names in lower case, addresses as
// inet_ntop writes them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "squall/v1/plan.pb.h"

namespace squall {

// Names are not asked for again more often than this, in nanoseconds.
inline constexpr int64_t kMinDnsRefreshNs = 1'000'000'000;

// "HOST:PORT:ADDRESS[,ADDRESS…]". A host that is an IPv6 address stands in brackets; among the
// addresses they may be left out.
absl::StatusOr<v1::Resolution> ParseResolution(std::string_view text);

// "HOST1:PORT1:HOST2:PORT2". Each part may be empty; IPv6 addresses stand in brackets.
absl::StatusOr<v1::Diversion> ParseDiversion(std::string_view text);

// "ADDRESS[,ADDRESS…]", none of them twice.
absl::StatusOr<std::vector<std::string>> ParseSourceAddresses(std::string_view text);

// What is parsed to the same again.
std::string ToText(const v1::Resolution& resolution);
std::string ToText(const v1::Diversion& diversion);

// All of that in a plan's transport, as those who do not trust the plan need it: each in its one
// form, none twice, and nothing that would have no effect.
absl::Status CheckNetworkOptions(const v1::Transport& transport);

}  // namespace squall
