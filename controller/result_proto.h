// The result of a run as a message (result.proto), and as the bytes of a file.
//
// Whoever adds a field to RunResult adds it to the message, to HeadOf() and to ReadHead() in the
// .cc; fields of agents go to ToProto() and ReadAgent() there. Pure.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "controller/result.h"
#include "squall/v1/result.pb.h"

namespace squall {

// One after the other, so that of thousands of agents only one at a time is spread out. Without
// what would be a secret: see WithoutSecrets().
std::string EncodeResult(const RunResult& result);

// INVALID_ARGUMENT, in words that follow a file's name, if EncodeResult() did not make these bytes.
absl::StatusOr<RunResult> DecodeResult(std::string_view bytes);

// All but the checksum: INVALID_ARGUMENT if no run comes to this, so that reports can be made of
// whatever is accepted.
absl::StatusOr<RunResult> FromProto(const v1::RunResult& proto);

}  // namespace squall
