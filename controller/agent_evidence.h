// What one agent's vitals came to over a whole run.
//
// Pure; one owner. Does not grow with the run. Nanoseconds since the beginning of the measured
// phase.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "common/clock.h"
#include "controller/vitals_signs.h"
#include "squall/v1/metrics.pb.h"

namespace squall {

// When an agent, or its way to the server, was the limit.
struct TaintedInterval {
  Nanos from = 0;
  Nanos to = 0;
  std::array<bool, kSigns> signs{};
};

class AgentEvidence {
 public:
  static constexpr size_t kMostTainted = 100;

  // The next interval, [begin, end). True if it is tainted: by any sign.
  bool Add(Nanos begin, Nanos end, const v1::Vitals& vitals, const IntervalLoad& load);

  struct OfSign {
    Nanos time = 0;     // that it was there
    double figure = 0;  // mean over that time
    Nanos first = 0;    // when it was there first
  };
  const OfSign& operator[](Sign sign) const { return signs_[static_cast<size_t>(sign)]; }
  // The part of the time for which the sign was there.
  double ShareOf(Sign sign) const;

  Nanos time() const { return time_; }  // of all intervals
  const std::vector<TaintedInterval>& tainted() const { return tainted_; }
  Nanos tainted_time() const { return tainted_time_; }

  // Bytes a second through its interface while a sign of the link was there, and the most in a
  // tenth of a second of all the time.
  double link_rate() const { return link_time_ > 0 ? link_bytes_ * 1e9 / link_time_ : 0; }
  double link_peak() const { return link_peak_; }
  uint64_t link_speed() const { return last_.link_bytes_per_second(); }  // 0: not known
  // Round trips to the server: the median of the last interval with the sign, of handshakes or of
  // connections in use, whichever is longer; and the best of a handshake.
  Nanos path_rtt() const { return path_rtt_; }
  Nanos path_best_rtt() const { return last_.path_best_rtt_ns(); }
  double cpu_used() const { return time_ > 0 ? cpu_ / static_cast<double>(time_) : 0; }  // cores
  uint64_t without_port() const { return without_port_; }
  uint64_t without_file() const { return without_file_; }
  // Of the last interval.
  const v1::Vitals& last() const { return last_; }

 private:
  void Taint(Nanos begin, Nanos end, const Signs& signs);

  std::array<OfSign, kSigns> signs_{};
  Nanos time_ = 0;
  Nanos tainted_time_ = 0;
  std::vector<TaintedInterval> tainted_;
  double link_bytes_ = 0;
  double link_time_ = 0;
  double link_peak_ = 0;
  Nanos path_rtt_ = 0;
  double cpu_ = 0;
  uint64_t without_port_ = 0;
  uint64_t without_file_ = 0;
  v1::Vitals last_;
};

}  // namespace squall
