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
    while (at_ != end_) {
      uint64_t index = 0;
      uint64_t count = 0;
      if (!Next(index, count) || !each(index, count)) return false;
    }
    return true;
  }

  // Whether there is another bucket, right or wrong.
  bool more() const { return at_ != end_; }
  // The next one. False as above; then nothing else may be asked.
  bool Next(uint64_t& index, uint64_t& count) {
    uint64_t word = 0;
    if (!Read(word)) return false;
    count = (word >> 3) + 1;
    uint64_t skipped = word & 7;
    if (skipped == 7) {
      if (!Read(word) || word > UINT32_MAX) return false;
      skipped += word;
    }
    index = next_ + skipped;
    next_ = index + 1;
    return index <= UINT32_MAX;
  }

  // As many of the next ones as are below `limit` and written in the shortest way, which most are:
  // a byte, or two with more than 6 buckets skipped. Calls `each` with index and count, at most 16,
  // of each.
  template <typename Each>
  void ForEachShort(uint64_t limit, Each each) {
    const char* at = at_;
    uint64_t next = next_;
    while (end_ - at >= 2) {
      const uint32_t word = static_cast<unsigned char>(at[0]);
      const uint32_t is_far = (word & 7) == 7 ? 1 : 0;
      const uint32_t further = is_far * static_cast<unsigned char>(at[1]);
      const uint64_t index = next + (word & 7) + further;
      if (((word | further) & 0x80) != 0 || index >= limit) break;
      each(index, (word >> 3) + 1);
      next = index + 1;
      at += 1 + is_far;
    }
    at_ = at;
    next_ = next;
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
  uint64_t next_ = 0;
};

}  // namespace squall
