// The rows of a plan's feeder as its users have them: user n one, in the feeder's order.
//
// Immutable: many threads may read.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "common/feeder.h"
#include "common/sequence.h"
#include "squall/v1/plan.pb.h"

namespace squall {

class UserRows {
 public:
  using Ptr = std::shared_ptr<const UserRows>;

  // `text` is that of the plan's feeder. Null: it has none. INVALID_ARGUMENT: it is no feeder, or
  // another one.
  static absl::StatusOr<Ptr> Make(const v1::Plan& plan, std::string text);

  const Feeder& feeder() const { return feeder_; }
  FeederRow RowOf(uint64_t n) const { return feeder_.Row(order_.Index(n)); }

 private:
  UserRows(Feeder feeder, const v1::Plan& plan);

  const Feeder feeder_;
  const Sequence order_;
};

}  // namespace squall
