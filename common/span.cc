#include "common/span.h"

#include <algorithm>
#include <bit>
#include <cstddef>
#include <optional>
#include <tuple>

#include <fmt/format.h>

#include "absl/status/status.h"

namespace squall {
namespace {

constexpr uint64_t kEnd = uint64_t{1} << 63;  // one after the largest number

// Numbers put in order by what they leave modulo the stride, so that those of a run are neighbours.
// A number's key is residue * size + quotient; it is below 2^64, as stride * size <=
// largest + stride.
class ByResidue {
 public:
  ByResidue(uint64_t stride, uint64_t largest) : stride_(stride), size_(largest / stride + 1) {}

  uint64_t KeyOf(uint64_t number) const {
    return stride_ == 1 ? number : number % stride_ * size_ + number / stride_;
  }
  uint64_t NumberOf(uint64_t key) const { return key / size_ + key % size_ * stride_; }
  // One after the last key of the same residue.
  uint64_t EndOf(uint64_t key) const { return key - key % size_ + size_; }

 private:
  uint64_t stride_;
  uint64_t size_;  // how many numbers of each residue there can be
};

// Puts them in order, unless one is there twice: that one. Close together, as the numbers of a
// snapshot mostly are, they are bits of a map, which costs less than comparing them.
std::optional<uint64_t> SortDistinct(std::vector<uint64_t>& keys) {
  const auto [least, most] = std::minmax_element(keys.begin(), keys.end());
  const uint64_t base = *least;
  const uint64_t words = (*most - base) / 64 + 1;
  if (words > keys.size()) {
    std::sort(keys.begin(), keys.end());
    const auto twice = std::adjacent_find(keys.begin(), keys.end());
    return twice == keys.end() ? std::nullopt : std::optional(*twice);
  }
  std::vector<uint64_t> map(words);
  for (const uint64_t key : keys) {
    uint64_t& word = map[(key - base) / 64];
    const uint64_t bit = uint64_t{1} << (key - base) % 64;
    if ((word & bit) != 0) return key;
    word |= bit;
  }
  size_t i = 0;
  for (uint64_t word = 0; word < words; ++word) {
    for (uint64_t bits = map[word]; bits != 0; bits &= bits - 1) {
      keys[i++] = base + word * 64 + static_cast<uint64_t>(std::countr_zero(bits));
    }
  }
  return std::nullopt;
}

void SortByFirst(std::vector<Span>& runs) {
  std::sort(runs.begin(), runs.end(),
            [](const Span& a, const Span& b) { return a.first < b.first; });
}

uint64_t EndOf(const Span& run) { return run.first + run.count * run.stride; }

// Those of the same numbers modulo the stride one after the other, each of these rising.
std::vector<Span> SortedByResidue(const std::vector<Span>& runs, uint64_t stride) {
  struct Place {
    uint64_t residue;
    uint64_t first;
    size_t index;
  };
  std::vector<Place> places;
  places.reserve(runs.size());
  for (size_t i = 0; i < runs.size(); ++i) {
    places.push_back({runs[i].first % stride, runs[i].first, i});
  }
  std::sort(places.begin(), places.end(), [](const Place& a, const Place& b) {
    return std::tie(a.residue, a.first) < std::tie(b.residue, b.first);
  });
  std::vector<Span> sorted;
  sorted.reserve(runs.size());
  for (const Place& place : places) sorted.push_back(runs[place.index]);
  return sorted;
}

bool SameResidue(const Span& a, const Span& b) { return (b.first - a.first) % a.stride == 0; }

absl::Status CheckApart(const std::vector<Span>& runs) {
  if (runs.empty()) return absl::OkStatus();
  const std::vector<Span> sorted = SortedByResidue(runs, runs.front().stride);
  for (size_t i = 1; i < sorted.size(); ++i) {
    const Span& before = sorted[i - 1];
    const Span& run = sorted[i];
    if (run.first < before.first || !SameResidue(before, run)) continue;
    if (run.first < EndOf(before)) {
      return absl::InvalidArgumentError(fmt::format("runs: number {} is there twice", run.first));
    }
    if (run.first == EndOf(before)) return absl::InvalidArgumentError("runs: touching runs");
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::vector<Span>> ToRuns(std::vector<uint64_t>& numbers, uint64_t stride) {
  std::vector<Span> runs;
  if (numbers.empty()) return runs;
  const ByResidue order(stride, *std::max_element(numbers.begin(), numbers.end()));
  for (uint64_t& number : numbers) number = order.KeyOf(number);
  if (const std::optional<uint64_t> twice = SortDistinct(numbers)) {
    return absl::InvalidArgumentError(
        fmt::format("number {} is there twice", order.NumberOf(*twice)));
  }
  uint64_t next = 0;  // the key that would go on with the run
  uint64_t end = 0;   // one after the last that could
  for (const uint64_t key : numbers) {
    if (key == next && key < end) {
      ++runs.back().count;
    } else {
      runs.push_back({order.NumberOf(key), stride, 1});
      end = order.EndOf(key);
    }
    next = key + 1;
  }
  SortByFirst(runs);
  return runs;
}

v1::Runs RunsToProto(const std::vector<Span>& runs) {
  v1::Runs proto;
  if (runs.empty()) return proto;
  proto.set_stride(runs.front().stride);
  uint64_t before = 0;
  for (const Span& run : runs) {
    proto.add_gaps(run.first - before);
    proto.add_counts(run.count);
    before = run.first;
  }
  return proto;
}

absl::StatusOr<std::vector<Span>> RunsFromProto(const v1::Runs& proto) {
  if (proto.gaps_size() != proto.counts_size()) {
    return absl::InvalidArgumentError("runs: gaps and counts differ in length");
  }
  const uint64_t stride = proto.stride();
  if ((stride == 0) != proto.gaps().empty() || stride >= kEnd) {
    return absl::InvalidArgumentError(
        fmt::format("runs: stride {} of {} runs", stride, proto.gaps_size()));
  }
  std::vector<Span> runs;
  runs.reserve(static_cast<size_t>(proto.gaps_size()));
  uint64_t first = 0;
  for (int i = 0; i < proto.gaps_size(); ++i) {
    const uint64_t gap = proto.gaps(i);
    const uint64_t count = proto.counts(i);
    if (count == 0) return absl::InvalidArgumentError("runs: empty run");
    if (gap == 0 && i > 0) return absl::InvalidArgumentError("runs: number is there twice");
    if (gap >= kEnd - first || count - 1 > (kEnd - 1 - first - gap) / stride) {
      return absl::InvalidArgumentError("runs: number of 2^63 or more");
    }
    first += gap;
    runs.push_back({first, stride, count});
  }
  if (absl::Status status = CheckApart(runs); !status.ok()) return status;
  return runs;
}

}  // namespace squall
