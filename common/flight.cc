#include "common/flight.h"

#include <cmath>

#include "common/protocol.h"

namespace squall {
namespace {

// By which an area may be more than it can be, as threads do not look at the clock together.
constexpr Nanos kSlack = kSecond;

// Somebody who lies makes no overflow.
void AddTo(int64_t& sum, int64_t value) {
  if (__builtin_add_overflow(sum, value, &sum)) sum = value < 0 ? INT64_MIN : INT64_MAX;
}

uint32_t SumOfKnown(uint32_t one, uint32_t other) {
  return one == UINT32_MAX || other == UINT32_MAX ? UINT32_MAX : one + other;
}

}  // namespace

void Flight::AddSums(const Flight& other) {
  AddTo(area, other.area);
  AddTo(steady_area, other.steady_area);
  AddTo(steady_asked, other.steady_asked);
  AddTo(ramp_area, other.ramp_area);
  light += other.light;
  AddTo(light_time, other.light_time);
}

void Flight::Join(const Flight& other) {
  if (other.begin == 0) return;
  if (begin == 0) {
    *this = other;
    return;
  }
  joined += other.joined;
  begin += (other.begin - begin) * other.joined / joined;
  end += (other.end - end) * other.joined / joined;
  least += other.least;
  most += other.most;
  steady_least = SumOfKnown(steady_least, other.steady_least);
  const bool all_full = full_since != 0 && other.full_since != 0;
  full_since = all_full ? std::max(full_since, other.full_since) : 0;
  full_until = all_full ? std::min(full_until, other.full_until) : 0;
  AddSums(other);
}

void Flight::Follow(const Flight& later) {
  if (later.begin == 0) return;
  if (begin == 0) {
    *this = later;
    return;
  }
  end = later.end;
  least = std::min(least, later.least);
  most = std::max(most, later.most);
  steady_least = std::min(steady_least, later.steady_least);
  full_since = later.full_since;
  full_until = later.full_until;
  AddSums(later);
}

v1::Flight Flight::ToProto() const {
  v1::Flight proto;
  proto.set_begin_ns(begin);
  proto.set_end_ns(end);
  proto.set_area(area);
  proto.set_least(least);
  proto.set_most(most);
  proto.set_steady_area(steady_area);
  proto.set_steady_asked(steady_asked);
  proto.set_ramp_area(ramp_area);
  if (steady_least != UINT32_MAX) proto.set_steady_least(steady_least);
  proto.set_light(light);
  proto.set_light_ns(light_time);
  proto.set_full_since_ns(full_since);
  proto.set_full_until_ns(full_until);
  return proto;
}

absl::StatusOr<Flight> Flight::FromProto(const v1::Flight& proto, uint32_t most_asked) {
  const auto wrong = [] {
    return absl::InvalidArgumentError("it says that it had in flight what nobody can have");
  };
  const Nanos begin = proto.begin_ns();
  const Nanos end = proto.end_ns();
  if (begin < 0 || end < begin || end - begin > kMaxDurationNs) return wrong();
  // Only the area is of this time alone.
  const double most = static_cast<double>(end - begin + kSlack) * std::max(most_asked, 1u);
  if (std::abs(static_cast<double>(proto.area())) > most) return wrong();
  if (proto.least() > proto.most() || proto.most() > most_asked) return wrong();
  if (proto.light() > kMaxRequests || proto.light_ns() < 0) return wrong();
  for (const Nanos full : {proto.full_since_ns(), proto.full_until_ns()}) {
    if (full < 0 || full - kSlack > end) return wrong();
  }
  Flight flight;
  flight.begin = begin;
  flight.end = end;
  flight.area = proto.area();
  flight.least = proto.least();
  flight.most = proto.most();
  flight.steady_area = proto.steady_area();
  flight.steady_asked = proto.steady_asked();
  flight.ramp_area = proto.ramp_area();
  if (proto.has_steady_least()) flight.steady_least = proto.steady_least();
  flight.light = proto.light();
  flight.light_time = proto.light_ns();
  flight.full_since = proto.full_since_ns();
  flight.full_until = proto.full_until_ns();
  return flight;
}

}  // namespace squall
