// When request n of a phase is due under an arrival rate (open loop).
//
// A pure function of (arrivals, seed, n), or of what a list says of n, in integers alone: the same
// on every machine, with no error that adds up. Times are in nanoseconds from the beginning of the
// phase and rise with n; one past kForever is kForever. Defined for every n and every time.
//
// Not thread-safe: under Poisson arrivals it keeps the block asked for last, as nanoseconds (8 kB),
// so each owner has a copy of its own. A call takes some 10 ns, 10 µs when it needs another block
// than the one before. Never allocates.
#pragma once

#include <array>
#include <cstdint>

#include "absl/numeric/int128.h"
#include "common/clock.h"
#include "common/list_times.h"
#include "squall/v1/plan.pb.h"

namespace squall {

class Schedule {
 public:
  // `arrivals` as CheckPlan() lets it pass. `listed`, which outlives it, are the times of the list
  // that ARRIVAL_PROCESS_LISTED is about; it is not asked otherwise.
  Schedule(const v1::Arrivals& arrivals, uint64_t seed, const ListedTimes* listed = nullptr);

  Nanos TimeOf(uint64_t n);

  // How many n have TimeOf(n) < t; so the first that is due at t or later. Where a list's times are
  // known roughly, at least as many.
  uint64_t CountBefore(Nanos t);

 private:
  // Numbers of a Poisson block, which lasts kBlock / rate. Its arrivals are as many uniform draws,
  // sorted: that is how arrivals of a Poisson process lie in a stretch of which their number is
  // known. So a block can be had without the ones before, and the rate is kept in each.
  static constexpr uint64_t kBlock = 1024;
  static constexpr uint64_t kNone = UINT64_MAX;

  absl::uint128 EvenTimeOf(absl::uint128 n) const;
  uint64_t EvenCountBefore(Nanos t) const;
  uint64_t ListedCountBefore(Nanos t);
  void Load(uint64_t block);

  v1::ArrivalProcess process_;
  uint64_t rate_nano_;
  uint64_t key_;
  const ListedTimes* listed_;
  uint64_t speed_nano_;
  uint64_t listed_near_ = 0;           // what was counted last of these
  uint64_t block_ = kNone;             // the one that times_ is of
  std::array<Nanos, kBlock> times_{};  // rising
};

}  // namespace squall
