// The text of a list in pieces, as agents are sent it.
//
// Owned and used by the coordinator's thread.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <utility>

#include "absl/status/statusor.h"
#include "common/address.h"
#include "controller/list_file.h"
#include "squall/v1/control.pb.h"

namespace squall {

// Whether compressing costs more time than it saves: on this machine.
bool IsNear(const Address& address);

class ListChunks {
 public:
  // `list` may be null: nothing is asked for then.
  explicit ListChunks(std::shared_ptr<ListFile> list) : list_(std::move(list)) {}

  struct Piece {
    v1::DataChunk chunk;
    uint64_t end = 0;  // the first byte behind it
  };
  // Begins at byte `from` and ends at `until` at the latest. Errors are the file's.
  absl::StatusOr<Piece> At(uint64_t from, uint64_t until, bool compressed);

 private:
  const std::shared_ptr<ListFile> list_;
  // Compressed once for agents that are at the same place: by where they begin, the newest last.
  std::deque<std::pair<uint64_t, Piece>> recent_;
};

}  // namespace squall
