// What requests that nobody sent would have come to.
//
// Service times are log-normal around 5 ms, nearly all of them until the first byte; under a rate
// each is late by some 50 µs. Drawing them costs more than a controller takes to merge them, so
// there are a few drawings of each count, dealt out in turns. One owner.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <random>
#include <utility>
#include <vector>

#include "common/clock.h"
#include "common/metrics.h"
#include "squall/v1/metrics.pb.h"

namespace squall {

class SimMetrics {
 public:
  // The median of service times.
  static constexpr Nanos kService = 5 * kMillisecond;

  // Of so many successes, over connections that were open before. Valid until the next call.
  const v1::Metrics& Of(uint64_t count, bool open_loop);

 private:
  struct Drawings {
    std::vector<v1::Metrics> made;
    size_t next = 0;
  };

  Nanos Draw(Nanos median, double sigma);
  v1::Metrics Make(uint64_t count, bool open_loop);

  std::mt19937_64 random_;
  std::map<std::pair<uint64_t, bool>, Drawings> drawings_;
  Metrics metrics_;  // empty but for its memory
};

}  // namespace squall
