// What this agent's ceiling was measured to be: kept as a file, so that it outlives the process.
//
// Owned and used by one thread (the session's). Agents of one folder have one ceiling: the one
// measured last.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "squall/v1/control.pb.h"

namespace squall {

class CeilingStore {
 public:
  // Reads the file, if there is one; says in the log if it is damaged. Without a folder there is
  // only memory.
  explicit CeilingStore(const std::string& folder);

  // Null if there is none, or it is stale: of another version of squall, or of other cores or
  // threads than these.
  const v1::Ceiling* Current(uint32_t cores, uint32_t threads) const;

  // From now on it is this one, and the file has it. An error says why only memory has it.
  absl::Status Keep(const v1::Ceiling& ceiling);

 private:
  const std::string folder_;
  std::optional<v1::Ceiling> ceiling_;
};

}  // namespace squall
