// Compressing a body, once for a whole run.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace squall {

// In gzip's format (RFC 1952), without a time: the same bytes give the same. RESOURCE_EXHAUSTED if
// there is no memory for it.
absl::StatusOr<std::string> Gzip(std::string_view bytes);

}  // namespace squall
