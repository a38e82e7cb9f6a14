// The buckets of a histogram as they stand in its message (metrics.proto).
#pragma once

#include <cstdint>

#include "common/check.h"
#include "squall/v1/metrics.pb.h"

namespace squall {

// Counts are at most this.
inline constexpr uint64_t kMaxCellCount = uint64_t{1} << 61;

class CellWriter {
 public:
  explicit CellWriter(v1::Histogram& proto) : proto_(proto) {}

  // By rising index; `count` in [1, kMaxCellCount].
  void Add(uint64_t index, uint64_t count) {
    SQUALL_CHECK(count >= 1 && count <= kMaxCellCount);
    const uint64_t skipped = index - next_;
    proto_.add_cells((count - 1) << 3 | (skipped < 7 ? skipped : 7));
    if (skipped >= 7) proto_.add_cells(skipped - 7);
    next_ = index + 1;
  }

 private:
  v1::Histogram& proto_;
  uint64_t next_ = 0;
};

// Calls `each` with index and count of every bucket, by rising index, until it returns false.
// False then, if the last is not whole, or if an index would be 2^32 or more.
template <typename Each>
bool ReadCells(const v1::Histogram& proto, Each each) {
  uint64_t next = 0;
  for (auto cell = proto.cells().begin(); cell != proto.cells().end(); ++cell) {
    const uint64_t count = (*cell >> 3) + 1;
    uint64_t skipped = *cell & 7;
    if (skipped == 7) {
      if (++cell == proto.cells().end() || *cell > UINT32_MAX) return false;
      skipped += *cell;
    }
    next += skipped;
    if (next > UINT32_MAX || !each(next, count)) return false;
    ++next;
  }
  return true;
}

}  // namespace squall
