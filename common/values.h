// Values as people type them in flags: whole numbers, durations, rates, log levels.
//
// Pure. Errors are INVALID_ARGUMENT; their message begins with the value and says what to write
// instead, so that a caller only puts the flag's name in front.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include <spdlog/common.h>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace squall {

// Messages of the protocol carry such text only.
bool IsUtf8(std::string_view text);

// The text in a form that is safe to print: control characters and what is not UTF-8 escaped, cut
// off when long, quotes around nothing.
std::string Quoted(std::string_view text);
// The same, cut off behind so many bytes.
std::string Quoted(std::string_view text, size_t longest);
// The same as a value between double quotes, as a log has them: without any in it, and nothing for
// nothing.
std::string LogValue(std::string_view text);

// A line, or a piece of one, without the blanks and carriage returns around it.
std::string_view TrimBlanks(std::string_view text);

// Decimal digits alone: no sign, exponent or separators. `lowest` ≤ value ≤ `highest`.
absl::StatusOr<uint64_t> ParseWholeNumber(std::string_view text, uint64_t lowest, uint64_t highest);

// "10s", "1m30s", "200ms": every number has its unit. `lowest` ≤ value ≤ `highest`.
absl::StatusOr<absl::Duration> ParseDuration(std::string_view text, absl::Duration lowest,
                                             absl::Duration highest);

// Requests per second, more than 0 and at most 10^9: "10000", "333.3". Decimal digits, at most 9 of
// them after the point; no sign or exponent. In units of 1e-9 a second.
absl::StatusOr<uint64_t> ParseRate(std::string_view text);

// trace, debug, info, warn, error, off.
absl::StatusOr<spdlog::level::level_enum> ParseLogLevel(std::string_view text);

}  // namespace squall
