// The parts of a request that people write: methods and headers (RFC 9110, 5.5, 5.6.2, 9.1).
//
// Pure. Errors are INVALID_ARGUMENT; their message begins with what was given and says what to do.
#pragma once

#include <cstddef>
#include <string_view>

#include "absl/status/statusor.h"
#include "squall/v1/plan.pb.h"

namespace squall {

// Where the token (a method, a header's name) that `text` begins with ends.
size_t FirstBeyondToken(std::string_view text);

// A token in upper case. Methods are case-sensitive, so nothing is changed in silence.
absl::Status CheckMethod(std::string_view method);

// A request with this method may be sent again where its answer was lost (RFC 9110, 9.2.2).
bool IsIdempotent(std::string_view method);

// "Name: value"; the value may be empty and loses the blanks around it.
absl::StatusOr<v1::Header> ParseHeader(std::string_view text);

}  // namespace squall
