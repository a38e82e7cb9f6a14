// How parallel a run really was: what its agents had in flight, put together on one clock.
//
// Pure; one owner. Times in nanoseconds since the beginning of the measured phase, on the
// controller's clock.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "common/clock.h"
#include "common/flight.h"
#include "controller/flight_series.h"

namespace squall {

struct ParallelismPoint {
  Nanos at = 0;  // where it begins
  double mean = 0;
  // At every instant at least and at most so many: sums over agents whose instants differ.
  uint64_t least = 0;
  uint64_t most = 0;
};

struct AgentParallelism {
  std::string name;
  uint32_t asked = 0;  // its share at the end; 0: none, as there is a rate
  double mean = 0;     // they sum up to the fleet's
  // At every instant at least, in its steady state if it had one, and at most so many.
  uint32_t least = 0;
  uint32_t most = 0;
};

// What the server itself counted. With other clients, it counts them as well.
struct ServerParallelism {
  bool target = false;  // a squall target; otherwise where the user said
  // Between two times since the beginning of the phase; nothing: it does not tell.
  std::optional<double> mean = {};
  Nanos from = 0;
  Nanos to = 0;
  // At once: in the phase, and since it began to count, perhaps long before.
  std::optional<uint64_t> most = {};
  std::optional<uint64_t> peak = {};
};

struct Parallelism {
  uint64_t asked = 0;  // requests in flight; 0: there was a rate
  double mean = 0;     // over the whole time
  double error = 0;    // by which it may be wrong: clocks, and lost agents' last words
  // Least and most of the points' means in the steady state, or at all if there was none; the mean
  // where there is no whole point.
  double min = 0;
  double max = 0;
  // Of a closed loop in which as many as were asked for were in flight at some time.
  struct Steady {
    double mean = 0;
    double share = 0;  // of the time
    Nanos ramp_up = 0;
    Nanos tail = 0;
  };
  std::optional<Steady> steady;
  // By which the integral differs from the sum of all service times (which are the same by Little's
  // law), as a share; of the agents that told all. Nothing: nobody did.
  std::optional<double> littles_law_error;
  std::vector<AgentParallelism> agents;
  Nanos point_length = 0;
  std::vector<ParallelismPoint> series;
  std::optional<ServerParallelism> server;  // nothing: it tells none, or several do
};

// Beyond this the books do not balance: a fault in the measurement.
inline constexpr double kMostLittlesLawError = 0.01;

class ParallelismRecord {
 public:
  // `slot`: how long a point of the series is, to begin with.
  explicit ParallelismRecord(Nanos slot) : series_(slot) {}

  // What agent `agent` (0, 1, 2, …) had in flight; its clock shows `zero` at the beginning of the
  // measured phase. `measured`: in that phase.
  void Add(size_t agent, const Flight& flight, Nanos zero, bool measured);
  // And the sum of the service times that it recorded, of all phases.
  void AddService(size_t agent, double sum);

  struct Agent {
    std::string name;
    uint32_t asked = 0;
    Nanos clock_error = 0;
    bool told_all = true;
    Nanos fence = 0;  // if not: from when on it certainly sent nothing
  };
  // `agents` by their numbers; `elapsed` is the length of the phase.
  Parallelism Finish(uint64_t asked, Nanos elapsed, const std::vector<Agent>& agents) const;

  // Of all agents, in the measured phase.
  Flight Sum() const;

 private:
  struct OfAgent {
    Flight flight;  // of the measured phase
    Nanos zero = 0;
    bool told = false;    // anything
    double all_area = 0;  // of all phases
    double all_service = 0;
  };

  OfAgent& Of(size_t agent);
  void FindSteady(Nanos elapsed, Parallelism& result) const;
  static void FindBounds(Nanos elapsed, Parallelism& result);

  FlightSeries series_;
  std::vector<OfAgent> agents_;
};

}  // namespace squall
