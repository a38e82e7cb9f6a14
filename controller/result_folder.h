// The folder of `squall run --save`: what is in it, and its result.
//
// docs/measurement.md lists the files. Errors carry the path.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "controller/result.h"

namespace squall {

// Of a folder, the paths of its files.
std::string ResultPath(const std::string& folder);  // what squall report reads
std::string JsonPath(const std::string& folder);
std::string SeriesPath(const std::string& folder);
std::string LatencyLogPath(const std::string& folder);   // service times
std::string ResponseLogPath(const std::string& folder);  // under a rate

// Whether a run may be saved there: it does not exist and can be made, or it is empty. Changes
// nothing.
absl::Status CheckNewFolder(const std::string& folder);

// The result in both forms, each whole or not at all; the one that is read again, last.
absl::Status WriteResult(const std::string& folder, const RunResult& result);

absl::StatusOr<RunResult> ReadResult(const std::string& folder);

}  // namespace squall
