// How a run is getting on, while it lasts, on standard error.
//
// Every figure is of an interval that really elapsed: the requests merged since the last one ended,
// over the time since then. Time is passed in. Not thread-safe; one owner.
#pragma once

#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>

#include "common/clock.h"
#include "common/decoded_histogram.h"
#include "common/histogram.h"
#include "controller/terminal.h"
#include "squall/v1/plan.pb.h"

namespace squall {

class Progress {
 public:
  enum class Mode {
    kQuiet,  // nothing at all
    kLines,  // a line every 5 seconds
    kLive,   // one line, rewritten; rates of the last second
  };

  // As fits what `fd` is.
  static Mode ModeFor(int fd, bool quiet);

  // `out` is borrowed and flushed after each write; errors in writing are ignored.
  Progress(std::FILE* out, Mode mode, const TextStyle& style);

  // A phase of the run begins, and is counted from 0. Before the first, there are only messages.
  void Start(Nanos now, const v1::Phase& phase);

  // Adds what was merged of the phase since the last call: the service times of successes, and how
  // many failed. `agents` take part at the moment. Cheap, and may be called as often as the caller
  // likes: with nothing new about once a second, so that a standstill is seen.
  void Update(Nanos now, size_t agents, const DecodedHistogram& successes = {},
              uint64_t failed = 0);

  // Prints a line above the live one. May be text of others.
  void Message(std::string_view line);

  // Clears the live line. Nothing but messages comes after it.
  void Finish();

 private:
  std::string Line(Nanos now) const;
  void Redraw();
  void Write(const std::string& text);

  std::FILE* out_;
  Mode mode_;
  TextStyle style_;

  v1::Phase phase_;
  Nanos start_ = 0;
  uint64_t recorded_ = 0;
  uint64_t failed_ = 0;
  size_t agents_ = 0;

  // The interval going on.
  Nanos interval_start_ = 0;
  uint64_t interval_recorded_ = 0;
  Histogram interval_service_;  // of successes
  // The one before, as text; empty: none has ended.
  std::string last_rate_;
  std::string last_quantiles_;

  Nanos drawn_ = 0;
  std::string line_;  // on the screen now; empty: none
};

}  // namespace squall
