// When the entries of a list are due that has times of its own, in microseconds after its first.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "squall/v1/list.pb.h"

namespace squall {

// Of the n-th entry; what agents read from the list itself (agent/entry_times.h), and controllers
// know roughly. Immutable: many threads may ask.
class ListedTimes {
 public:
  virtual ~ListedTimes() = default;

  // Rising with n. At or behind the end: UINT64_MAX.
  virtual uint64_t At(uint64_t n) const = 0;
  // How many entries are due before `us`. `near` is the answer to a question like it, where a
  // search may begin.
  virtual uint64_t CountBefore(uint64_t us, uint64_t near) const = 0;
};

// Most stretches of time that are told apart: they get longer where a list lasts longer.
inline constexpr size_t kMostListStretches = size_t{1} << 18;

// The next entry is due at `us`, not before the last one.
void AddListTime(uint64_t us, v1::ListTimes& times);

// Whether what is kept of so many entries can be true.
bool AreListTimes(const v1::ListTimes& times, uint64_t entries);

// By stretches: entries are due at the beginning of theirs, so that none is thought to be due
// later than it is.
class RoughTimes final : public ListedTimes {
 public:
  explicit RoughTimes(const v1::ListTimes& times);

  uint64_t At(uint64_t n) const override;
  uint64_t CountBefore(uint64_t us, uint64_t near) const override;

 private:
  const uint64_t width_us_;
  std::vector<uint64_t> until_;  // how many are due in a stretch or before
};

}  // namespace squall
