// A place in a JSON text, and what may be expected there.
//
// Pure. Errors are INVALID_ARGUMENT; their message begins with the text, says at which character
// (counted from 1) it is wrong, and what to write instead.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "absl/status/statusor.h"
#include "squall/v1/plan.pb.h"

namespace squall {

// From the root downwards: a member's name, or an element's index counted from 0.
using JsonPath = std::vector<std::variant<std::string, uint64_t>>;

// Longer paths are refused.
inline constexpr size_t kMaxJsonSteps = 32;

// null, true and false, whole numbers, other numbers, texts.
using JsonScalar = std::variant<std::monostate, bool, int64_t, uint64_t, double, std::string>;

// "$.items[0].id", "$['a name'][2]", "$".
absl::StatusOr<JsonPath> ParseJsonPath(std::string_view text);

// "7", "\"text\"", "null": JSON, but neither an object nor an array.
absl::StatusOr<JsonScalar> ParseJsonScalar(std::string_view text);

// The same value, whatever the numbers are written as: 7 is 7.0.
bool AreSame(const JsonScalar& a, const JsonScalar& b);

// "PATH", or "PATH == VALUE".
absl::StatusOr<v1::JsonCheck> ParseJsonCheck(std::string_view text);

// What is parsed to the same again.
std::string ToText(const v1::JsonCheck& check);

}  // namespace squall
