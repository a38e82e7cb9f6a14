// Whether a file is the one that it was, without reading it.
#pragma once

#include "absl/status/statusor.h"
#include "squall/v1/list.pb.h"

namespace squall {

// Of an open file. The system's error.
absl::StatusOr<v1::FileStamp> StampOf(int fd);

// Both are of one file with the same contents, as far as the system can tell.
bool IsSame(const v1::FileStamp& a, const v1::FileStamp& b);

}  // namespace squall
