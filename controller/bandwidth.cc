#include "controller/bandwidth.h"

#include <algorithm>

namespace squall {
namespace {

// As much as an agent sends at once.
constexpr uint32_t kLargest = 16 << 20;
// A piece that takes so long tells enough.
constexpr Nanos kLongEnough = 200 * kMillisecond;
// What the next one aims at.
constexpr auto kAim = static_cast<double>(kLongEnough) * 1.2;
// Nothing is begun after this time.
constexpr Nanos kMostSpent = 400 * kMillisecond;
constexpr double kMostGrowth = 4;

}  // namespace

void Bandwidth::Add(Nanos took, Nanos round_trip) {
  took = std::max<Nanos>(took, 1);
  // At most half: where the round trip is as long as all of it, or longer, nobody knows what is
  // whose.
  const Nanos transfer = std::max<Nanos>(took - std::clamp<Nanos>(round_trip, 0, took / 2), 1);
  bytes_per_second_ = static_cast<double>(next_) / static_cast<double>(transfer) * 1e9;
  spent_ += took;
  if (transfer >= kLongEnough || spent_ >= kMostSpent || next_ == kLargest) {
    next_ = 0;
    return;
  }
  const double growth = std::min(kMostGrowth, kAim / static_cast<double>(transfer));
  next_ = static_cast<uint32_t>(std::min<double>(next_ * growth, kLargest));
}

void Bandwidth::Cut(Nanos after) {
  if (!bytes_per_second_) return;
  const double most = static_cast<double>(next_) / static_cast<double>(std::max<Nanos>(after, 1));
  bytes_per_second_ = std::min(*bytes_per_second_, most * 1e9);
}

}  // namespace squall
