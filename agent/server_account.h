// What the answers of a server that was asked again and again come to: what it had in flight in the
// measured phase, on this agent's clock.
//
// Pure; one owner.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "agent/server_counts.h"
#include "common/clock.h"
#include "squall/v1/metrics.pb.h"

namespace squall {

class ServerAccount {
 public:
  // The measured phase begins at `begin`. `target`: it is asked as a squall target.
  ServerAccount(Nanos begin, bool target) : begin_(begin) { told_.set_target(target); }

  // An answer; the question was sent at `asked`, and all of the answer was there at `answered`.
  void Add(const ServerCounts& counts, Nanos asked, Nanos answered);
  // It could not be asked, or told nothing that can be understood.
  void Fail(std::string_view why);

  // All so far.
  const v1::ServerCounts& told() const { return told_; }
  // It has told something.
  bool any() const { return told_.has_peak() || told_.has_most() || told_.to_ns() != 0; }

 private:
  // How the server's clock stands to ours: what we think it shows is its time minus `offset`.
  struct ServerClock {
    Nanos offset = 0;
    Nanos error = kForever;
    Nanos at = 0;  // of ours
  };

  void SetClock(Nanos server, Nanos asked, Nanos answered);
  Nanos Here(Nanos server) const { return server - clock_.offset; }
  bool IsAnother(const ServerCounts& counts) const;
  bool HasJumped(const ServerCounts& counts, Nanos asked, Nanos answered) const;
  void StartAnew(const ServerCounts& counts);
  void FindBegin(const ServerCounts& counts);
  void From(Nanos at, const ServerCounts::Point& point);
  void Extend(const ServerCounts::Point& now);
  void FindMost(const ServerCounts& counts);

  const Nanos begin_;
  v1::ServerCounts told_;
  ServerClock clock_;
  std::optional<uint64_t> area_at_from_;
  std::optional<uint64_t> last_area_;
  std::optional<uint64_t> first_peak_;  // by its first answer in the measured phase
};

}  // namespace squall
