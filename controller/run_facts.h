// What a run's JSON result (controller/report_json) says that a server's log can be held against.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "common/span.h"

namespace squall {

// No number is above 2^62, and none contradicts another.
struct RunFacts {
  std::string id;
  std::string state;
  bool tagged = false;   // requests named themselves
  bool follows = false;  // redirects: one request may be several to the server
  uint64_t planned = 0;
  uint64_t recorded = 0;
  std::map<uint32_t, uint64_t> statuses;  // of the recorded ones, whole responses
  uint64_t without_response = 0;          // the others
  uint64_t resent = 0;
  uint64_t possibly_repeated = 0;
  uint64_t warm_up = 0;  // recorded before the measured phase
  // Of a tagged run: the numbers with a result. Nothing: not known.
  std::optional<std::vector<NumberRun>> runs;
};

// INVALID_ARGUMENT says what is missing or wrong, in one line; for what is no JSON, in which line.
absl::StatusOr<RunFacts> ReadRunFacts(std::string_view text);

}  // namespace squall
