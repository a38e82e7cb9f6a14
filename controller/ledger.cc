#include "controller/ledger.h"

#include <fmt/format.h>

#include "controller/lane_ledger.h"
#include "controller/range_ledger.h"

namespace squall {

absl::Status NotGranted(uint64_t number) {
  return absl::FailedPreconditionError(fmt::format(
      "it reports request {}, which it was not granted or has reported before", number));
}

std::unique_ptr<Ledger> MakeLedger(const v1::Phase& phase, uint64_t seed, Nanos hold,
                                   const ListedTimes* listed) {
  if (phase.has_arrivals()) return std::make_unique<LaneLedger>(phase, seed, hold, listed);
  return std::make_unique<RangeLedger>(phase.requests(), hold);
}

}  // namespace squall
