#include "common/schedule.h"

#include <algorithm>
#include <array>
#include <bit>
#include <numeric>
#include <utility>

#include "common/check.h"
#include "common/draw.h"
#include "common/protocol.h"

namespace squall {
namespace {

// rate_nano is in 1e-9 a second, times are in 1e-9 s.
constexpr uint64_t kScale = 1'000'000'000'000'000'000;
// A list's times are in 1e-6 s, speed_nano is in 1e-9.
constexpr uint64_t kListedScale = 1'000'000'000'000;

// Sets the schedule's draws apart from all others of the same seed. Any number will do.
constexpr uint64_t kPurpose = 0x5c4ed01ea2217a15;

Nanos ToNanos(absl::uint128 time) {
  return static_cast<Nanos>(
      absl::Uint128Low64(std::min(time, absl::uint128(static_cast<uint64_t>(kForever)))));
}

// The first Count draws of a key, rising. They are uniform, so that as many cells of equal width
// hold about one each: put in order by cells they are nearly sorted (four times as fast as
// std::sort, which every agent would pay for every block of the fleet).
template <uint64_t Count>
std::array<uint64_t, Count> SortedDraws(uint64_t key) {
  constexpr int kCellShift = 64 - std::countr_zero(Count);
  static_assert(std::has_single_bit(Count) && Count <= UINT16_MAX);
  std::array<uint16_t, Count + 1> places{};  // where the next draw of each cell goes
  for (uint64_t i = 0; i < Count; ++i) ++places[(Draw(key, i) >> kCellShift) + 1];
  std::partial_sum(places.begin(), places.end(), places.begin());
  std::array<uint64_t, Count> draws;
  for (uint64_t i = 0; i < Count; ++i) {
    const uint64_t draw = Draw(key, i);
    draws[places[draw >> kCellShift]++] = draw;
  }
  for (uint64_t i = 1; i < Count; ++i) {
    for (uint64_t j = i; j > 0 && draws[j] < draws[j - 1]; --j) std::swap(draws[j], draws[j - 1]);
  }
  return draws;
}

}  // namespace

Schedule::Schedule(const v1::Arrivals& arrivals, uint64_t seed, const ListedTimes* listed)
    : process_(arrivals.process()),
      rate_nano_(arrivals.rate_nano()),
      key_(Mix(seed ^ kPurpose)),
      listed_(listed),
      speed_nano_(arrivals.speed_nano()) {
  if (process_ == v1::ARRIVAL_PROCESS_LISTED) {
    SQUALL_CHECK(listed_ != nullptr && speed_nano_ != 0);
    return;
  }
  SQUALL_CHECK(process_ == v1::ARRIVAL_PROCESS_CONSTANT || process_ == v1::ARRIVAL_PROCESS_POISSON);
  SQUALL_CHECK(rate_nano_ >= 1 && rate_nano_ <= kMaxRateNano);
}

Nanos Schedule::TimeOf(uint64_t n) {
  if (process_ == v1::ARRIVAL_PROCESS_CONSTANT) return ToNanos(EvenTimeOf(n));
  if (process_ == v1::ARRIVAL_PROCESS_LISTED) {
    return ToNanos(absl::uint128(listed_->At(n)) * kListedScale / speed_nano_);
  }
  if (n / kBlock != block_) Load(n / kBlock);
  return times_[n % kBlock];
}

uint64_t Schedule::CountBefore(Nanos t) {
  if (process_ == v1::ARRIVAL_PROCESS_LISTED) return ListedCountBefore(t);
  const uint64_t even = EvenCountBefore(t);
  if (process_ == v1::ARRIVAL_PROCESS_CONSTANT || even == 0) return even;
  // The last block that begins before t; those before it have ended by then.
  const uint64_t block = (even - 1) / kBlock;
  if (block != block_) Load(block);
  const auto* const end = std::lower_bound(times_.begin(), times_.end(), t);
  return block * kBlock + static_cast<uint64_t>(end - times_.begin());
}

// n / rate, rounded down. Below 2^124: n < 2^64 and kScale < 2^60.
absl::uint128 Schedule::EvenTimeOf(absl::uint128 n) const { return n * kScale / rate_nano_; }

// n * kScale / rate_nano, rounded down, is less than t just when n is less than
// t * rate_nano / kScale; so that, rounded up, is how many.
uint64_t Schedule::EvenCountBefore(Nanos t) const {
  if (t <= 0) return 0;
  const absl::uint128 product = absl::uint128(static_cast<uint64_t>(t)) * rate_nano_;
  return absl::Uint128Low64((product + (kScale - 1)) / kScale);
}

// us * kListedScale / speed_nano, rounded down, is less than t just when us is less than
// t * speed_nano / kListedScale, rounded up.
uint64_t Schedule::ListedCountBefore(Nanos t) {
  if (t <= 0) return 0;
  const absl::uint128 product = absl::uint128(static_cast<uint64_t>(t)) * speed_nano_;
  const absl::uint128 us = (product + (kListedScale - 1)) / kListedScale;
  const uint64_t bound =
      absl::Uint128High64(us) != 0 ? UINT64_MAX : static_cast<uint64_t>(absl::Uint128Low64(us));
  listed_near_ = listed_->CountBefore(bound, listed_near_);
  return listed_near_;
}

void Schedule::Load(uint64_t block) {
  const std::array<uint64_t, kBlock> draws = SortedDraws<kBlock>(Draw(key_, block));
  const absl::uint128 first = absl::uint128(block) * kBlock;
  const absl::uint128 begin = EvenTimeOf(first);
  const absl::uint128 length = EvenTimeOf(first + kBlock) - begin;
  // The draw as a fraction of 2^64, times the length, which may be longer than 64 bits.
  for (uint64_t i = 0; i < kBlock; ++i) {
    const absl::uint128 high = absl::uint128(draws[i]) * absl::Uint128High64(length);
    const absl::uint128 low = absl::uint128(draws[i]) * absl::Uint128Low64(length);
    times_[i] = ToNanos(begin + high + absl::Uint128High64(low));
  }
  block_ = block;
}

}  // namespace squall
