#include "common/user_rows.h"

#include <utility>

#include <fmt/format.h>

#include "common/draw.h"
#include "common/values.h"

namespace squall {
namespace {

// What a plan's seed is changed by for the order of rows.
constexpr uint64_t kSeed = 0x7573657273;

}  // namespace

UserRows::UserRows(Feeder feeder, const v1::Plan& plan)
    : feeder_(std::move(feeder)),
      order_(plan.feeder().order(), Mix(plan.seed() ^ kSeed), feeder_.size()) {}

absl::StatusOr<UserRows::Ptr> UserRows::Make(const v1::Plan& plan, std::string text) {
  if (!plan.has_feeder()) return Ptr();
  const std::string name = Quoted(plan.feeder().name());
  absl::StatusOr<Feeder> feeder = Feeder::Parse(std::move(text), name);
  if (!feeder.ok()) return feeder.status();
  if (feeder->size() != plan.feeder().rows()) {
    return absl::InvalidArgumentError(
        fmt::format("{}: {} rows arrived where the plan says {}; are controller and agent of the "
                    "same version?",
                    name, feeder->size(), plan.feeder().rows()));
  }
  return Ptr(new UserRows(*std::move(feeder), plan));
}

}  // namespace squall
