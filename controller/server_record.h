// What the server itself counted of a run, put together from what agents have heard of it.
//
// Pure; one owner. Nanoseconds since the beginning of the measured phase, on the controller's
// clock.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "common/clock.h"
#include "controller/parallelism.h"
#include "squall/v1/metrics.pb.h"

namespace squall {

// False for what no agent tells: it has checked what it was told itself.
bool AreServerCounts(const v1::ServerCounts& counts);

class ServerRecord {
 public:
  // So many agents ask, the first ones of a run: a server is not to be kept busy by them, and if
  // one is lost there are others.
  static constexpr size_t kAskers = 3;

  // What agent `agent` has heard by now; its clock shows `zero` at the beginning of the phase.
  void Add(size_t agent, const v1::ServerCounts& counts, Nanos zero);

  // Of a phase of that length. Nothing: there is no count that is the whole fleet's. That is so
  // with a target if answers came from `addresses` of which there are several, or agents have heard
  // different servers: each would have counted a part.
  std::optional<ServerParallelism> Finish(Nanos elapsed, size_t addresses) const;

  // Why the server could not be asked, as the last agent has it that failed to.
  std::string failure() const;

 private:
  struct Told {
    v1::ServerCounts counts;
    Nanos zero = 0;
  };
  std::vector<std::optional<Told>> agents_;
};

}  // namespace squall
