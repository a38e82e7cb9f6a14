#include "controller/parallelism.h"

#include <algorithm>
#include <cmath>

namespace squall {

ParallelismRecord::OfAgent& ParallelismRecord::Of(size_t agent) {
  if (agent >= agents_.size()) agents_.resize(agent + 1);
  return agents_[agent];
}

void ParallelismRecord::Add(size_t agent, const Flight& flight, Nanos zero, bool measured) {
  OfAgent& of = Of(agent);
  of.told = of.told || flight.begin != 0;
  of.all_area += static_cast<double>(flight.area);
  if (!measured) return;
  of.zero = zero;
  of.flight.Follow(flight);
  const uint32_t least = std::min(flight.steady_least, flight.least);
  const bool steady = flight.steady_least != UINT32_MAX;
  series_.Add(agent, flight.begin - zero, flight.end - zero, static_cast<double>(flight.area),
              steady ? flight.steady_least : least, flight.most);
}

void ParallelismRecord::AddService(size_t agent, double sum) { Of(agent).all_service += sum; }

Flight ParallelismRecord::Sum() const {
  Flight sum;
  for (const OfAgent& of : agents_) {
    Flight flight = of.flight;
    if (flight.begin != 0) flight.begin = std::max<Nanos>(flight.begin - of.zero, 1);
    flight.end -= of.zero;
    if (flight.full_since != 0) {
      flight.full_since = std::max<Nanos>(flight.full_since - of.zero, 1);
      flight.full_until = std::max<Nanos>(flight.full_until - of.zero, 1);
    }
    sum.Join(flight);
  }
  return sum;
}

// From when the last one was full to when the first one was for the last time.
void ParallelismRecord::FindSteady(Nanos elapsed, Parallelism& result) const {
  const Flight sum = Sum();
  if (result.asked == 0 || sum.full_since == 0 || sum.steady_asked <= 0) return;
  Parallelism::Steady steady;
  const Nanos since = std::clamp<Nanos>(sum.full_since, 0, elapsed);
  const Nanos until = std::clamp<Nanos>(sum.full_until, since, elapsed);
  steady.mean = static_cast<double>(result.asked) * static_cast<double>(sum.steady_area) /
                static_cast<double>(sum.steady_asked);
  steady.share = static_cast<double>(until - since) / static_cast<double>(elapsed);
  steady.ramp_up = since;
  steady.tail = elapsed - until;
  result.steady = steady;
}

void ParallelismRecord::FindBounds(Nanos elapsed, Parallelism& result) {
  const Nanos from = result.steady ? result.steady->ramp_up : 0;
  const Nanos to = result.steady ? elapsed - result.steady->tail : elapsed;
  result.min = result.max = result.steady ? result.steady->mean : result.mean;
  bool any = false;
  for (const ParallelismPoint& point : result.series) {
    if (point.at < from || point.at + result.point_length > to) continue;
    result.min = any ? std::min(result.min, point.mean) : point.mean;
    result.max = any ? std::max(result.max, point.mean) : point.mean;
    any = true;
  }
}

Parallelism ParallelismRecord::Finish(uint64_t asked, Nanos elapsed,
                                      const std::vector<Agent>& agents) const {
  Parallelism result;
  result.asked = asked;
  if (elapsed <= 0) return result;
  const auto length = static_cast<double>(elapsed);
  double area = 0;
  double service = 0;
  for (size_t i = 0; i < agents.size(); ++i) {
    const Agent& agent = agents[i];
    const OfAgent of = i < agents_.size() ? agents_[i] : OfAgent();
    AgentParallelism& found = result.agents.emplace_back();
    found.name = agent.name;
    found.asked = asked == 0 ? 0 : agent.asked;
    found.mean = static_cast<double>(of.flight.area) / length;
    const bool steady = of.flight.steady_least != UINT32_MAX;
    found.least = steady ? of.flight.steady_least : of.flight.least;
    found.most = of.flight.most;
    result.mean += found.mean;
    result.error += found.most * 2.0 * static_cast<double>(agent.clock_error) / length;
    if (!of.told) continue;
    if (agent.told_all) {
      area += of.all_area;
      service += of.all_service;
    } else {
      const Nanos silent = std::min(agent.fence, elapsed) - (of.flight.end - of.zero);
      result.error += found.most * static_cast<double>(std::max<Nanos>(silent, 0)) / length;
    }
  }
  if (service > 0) result.littles_law_error = std::abs(area - service) / service;

  result.point_length = series_.width();
  const auto width = static_cast<double>(series_.width());
  Nanos at = 0;
  for (const FlightSeries::Slot& slot : series_.slots()) {
    if (at >= elapsed) break;
    const double time = std::min(width, static_cast<double>(elapsed - at));
    result.series.push_back({at, slot.area / time, slot.least, slot.most});
    at += series_.width();
  }
  FindSteady(elapsed, result);
  FindBounds(elapsed, result);
  return result;
}

}  // namespace squall
