#include "controller/flight_series.h"

#include <algorithm>

namespace squall {

void FlightSeries::Add(size_t agent, Nanos begin, Nanos end, double area, uint32_t least,
                       uint32_t most) {
  const Nanos length = end - begin;
  if (length <= 0 || end <= 0) return;
  while (static_cast<size_t>((end - 1) / width_) >= kMostSlots) Halve();
  if (agent >= newest_.size()) newest_.resize(agent + 1);
  Newest& newest = newest_[agent];
  const auto first = static_cast<size_t>(std::max<Nanos>(begin, 0) / width_);
  const auto last = static_cast<size_t>((end - 1) / width_);
  if (last >= slots_.size()) slots_.resize(last + 1);
  for (size_t i = first; i <= last; ++i) {
    Slot& slot = slots_[i];
    const Nanos from = std::max(begin, static_cast<Nanos>(i) * width_);
    const Nanos to = std::min(end, static_cast<Nanos>(i + 1) * width_);
    slot.area += area * static_cast<double>(to - from) / static_cast<double>(length);
    if (newest.slot != i) {
      slot.least += least;
      slot.most += most;
      newest = {i, least, most};
      continue;
    }
    if (least < newest.least) slot.least -= std::min<uint64_t>(slot.least, newest.least - least);
    if (most > newest.most) slot.most += most - newest.most;
    newest.least = std::min(newest.least, least);
    newest.most = std::max(newest.most, most);
  }
}

void FlightSeries::Halve() {
  for (size_t i = 0; i < slots_.size(); i += 2) {
    Slot slot = slots_[i];
    if (i + 1 < slots_.size()) {
      const Slot& next = slots_[i + 1];
      slot.area += next.area;
      slot.least = std::min(slot.least, next.least);
      slot.most = std::max(slot.most, next.most);
    }
    slots_[i / 2] = slot;
  }
  slots_.resize((slots_.size() + 1) / 2);
  width_ *= 2;
  for (Newest& newest : newest_) {
    if (newest.slot != SIZE_MAX) newest.slot /= 2;
  }
}

}  // namespace squall
