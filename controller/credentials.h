// Whom requests say they are of: the values of headers that are secrets.
//
// A secret comes from a file or the environment, or is typed; no message has any of it, nor what
// might be it.
#pragma once

#include <string>

#include "absl/status/statusor.h"

namespace squall {

// The environment's variable that has the password where --user gives none.
inline constexpr char kPasswordVariable[] = "SQUALL_PASSWORD";

// Basic authentication (RFC 7617) for "NAME:PASSWORD", "NAME:@FILE" or "NAME". Errors name --user.
absl::StatusOr<std::string> BasicCredentials(const std::string& user);

// A bearer token (RFC 6750) from a file, or a variable of the environment. Errors name the flag.
absl::StatusOr<std::string> BearerFromFile(const std::string& path);
absl::StatusOr<std::string> BearerFromEnvironment(const std::string& name);

}  // namespace squall
