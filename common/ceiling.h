// The ceiling of an agent (v1::Ceiling): what agents and files may say of it, and its form as a
// file: protobuf's text format, https://protobuf.dev/reference/protobuf/textformat-spec/.
//
// Pure.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "squall/v1/control.pb.h"

namespace squall {

// Whether a machine could have it: every field is there and of a possible size.
bool IsPlausible(const v1::Ceiling& ceiling);

// Lines, the last one whole.
std::string CeilingToText(const v1::Ceiling& ceiling);
// INVALID_ARGUMENT for anything else than such lines with a plausible ceiling.
absl::StatusOr<v1::Ceiling> CeilingFromText(std::string_view text);

}  // namespace squall
