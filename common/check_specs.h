// What answers are held against, as people write it in flags.
//
// Pure. Errors are INVALID_ARGUMENT; their message begins with the text (of CheckChecks(): the
// field) and says at which character (counted from 1) it is wrong, and what to write instead.
// JSON's and bodies' have files of their own: json_path.h, body_pattern.h.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "squall/v1/plan.pb.h"

namespace squall {

// Of each sort.
inline constexpr int kMaxChecks = 32;

// "200-299,304": statuses and ranges of them.
absl::StatusOr<std::vector<v1::StatusRange>> ParseStatuses(std::string_view text);

// "NAME", or "NAME: VALUE".
absl::StatusOr<v1::HeaderCheck> ParseHeaderCheck(std::string_view text);

// "MIN-MAX", "MIN-", or "EXACTLY": bytes.
absl::StatusOr<v1::SizeRange> ParseSize(std::string_view text);

// What is parsed to the same again.
std::string ToText(const v1::StatusRange& range);
std::string ToText(const v1::HeaderCheck& check);
std::string ToText(const v1::SizeRange& range);

// All of a plan's checks, as those who do not trust the plan need it.
absl::Status CheckChecks(const v1::Checks& checks);

}  // namespace squall
