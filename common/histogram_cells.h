// The buckets of a histogram as they stand in its message (metrics.proto).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "common/check.h"
#include "squall/v1/metrics.pb.h"

namespace squall {

// Counts are at most this.
inline constexpr uint64_t kMaxCellCount = uint64_t{1} << 61;

class CellWriter {
 public:
  explicit CellWriter(v1::Histogram& proto) : bytes_(*proto.mutable_cells()) {}

  // By rising index; `count` in [1, kMaxCellCount].
  void Add(uint64_t index, uint64_t count) {
    SQUALL_CHECK(count >= 1 && count <= kMaxCellCount);
    const uint64_t skipped = index - next_;
    Append((count - 1) << 3 | (skipped < 7 ? skipped : 7));
    if (skipped >= 7) Append(skipped - 7);
    next_ = index + 1;
  }

 private:
  void Append(uint64_t number) {
    for (; number >= 0x80; number >>= 7) bytes_ += static_cast<char>(number | 0x80);
    bytes_ += static_cast<char>(number);
  }

  std::string& bytes_;
  uint64_t next_ = 0;
};

class CellReader {
 public:
  explicit CellReader(std::string_view cells)
      : at_(cells.data()), end_(cells.data() + cells.size()) {}

  // Calls `each` with index and count of every bucket, by rising index, until it returns false.
  // False then, if the last is not whole, if an index would be 2^32 or more, or if CellWriter would
  // have written it in another way.
  template <typename Each>
  bool ForEach(Each each) {
    uint64_t next = 0;
    uint64_t word = 0;
    while (at_ != end_) {
      if (!Read(word)) return false;
      const uint64_t count = (word >> 3) + 1;
      uint64_t skipped = word & 7;
      if (skipped == 7) {
        if (!Read(word) || word > UINT32_MAX) return false;
        skipped += word;
      }
      next += skipped;
      if (next > UINT32_MAX || !each(next, count)) return false;
      ++next;
    }
    return true;
  }

 private:
  bool Read(uint64_t& number) {
    if (at_ != end_ && static_cast<unsigned char>(*at_) < 0x80) [[likely]] {
      number = static_cast<unsigned char>(*at_++);
      return true;
    }
    return ReadLong(number);
  }

  bool ReadLong(uint64_t& number) {
    number = 0;
    for (int shift = 0; at_ != end_ && shift < 64; shift += 7) {
      const uint64_t bits = static_cast<unsigned char>(*at_) & 0x7f;
      const bool last = bits == static_cast<unsigned char>(*at_++);
      if (shift == 63 && bits > 1) return false;
      number |= bits << shift;
      if (last) return bits != 0;
    }
    return false;
  }

  const char* at_;
  const char* const end_;
};

}  // namespace squall
