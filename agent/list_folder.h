// What is in a folder of lists (agent/list_cache.h), and making room there.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace squall {

struct KeptList {
  std::string name;     // the hash, in hexadecimal digits
  uint64_t bytes = 0;   // on the disk, with its index
  int64_t used_ns = 0;  // last, since the epoch
  bool whole = false;   // not only a part of it
  bool in_use = false;  // by an agent
  std::vector<std::string> paths;
};

// The one used last first. Other files do not count. Empty: there is no such folder.
absl::StatusOr<std::vector<KeptList>> ListsIn(const std::string& folder);

// False: it is in use, or cannot be removed.
bool Remove(const KeptList& list);

// Removes the ones used longest ago until `bytes` more keep the folder below `most` bytes and 1,000
// lists (0: the usual bound). RESOURCE_EXHAUSTED, in words for the user: there is no room for them.
absl::Status MakeRoomIn(const std::string& folder, uint64_t bytes, uint64_t most);

// "1.5 GiB".
std::string SizeText(uint64_t bytes);

}  // namespace squall
