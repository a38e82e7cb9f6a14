#include "controller/ledger.h"

#include <utility>

#include <fmt/format.h>

#include "controller/lane_ledger.h"
#include "controller/range_ledger.h"

namespace squall {

absl::Status NotGranted(uint64_t number) {
  return absl::FailedPreconditionError(fmt::format(
      "it reports request {}, which it was not granted or has reported before", number));
}

std::unique_ptr<Ledger> MakeLedger(const v1::Phase& phase, uint64_t seed,
                                   const std::vector<LedgerAgent>& agents) {
  if (phase.has_arrivals()) {
    std::vector<uint32_t> weights;
    for (const LedgerAgent& agent : agents) weights.push_back(agent.cores);
    return std::make_unique<LaneLedger>(phase, seed, std::move(weights));
  }
  auto ledger = std::make_unique<RangeLedger>(phase.requests());
  for (const LedgerAgent& agent : agents) ledger->AddAgent(agent.concurrency);
  return ledger;
}

}  // namespace squall
