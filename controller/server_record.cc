#include "controller/server_record.h"

#include <algorithm>

#include "common/protocol.h"

namespace squall {
namespace {

constexpr size_t kMaxTextBytes = 1024;
// Agents' clocks and ours do not agree better, nor do a look and what it is to see.
constexpr Nanos kSlack = 10 * kMillisecond;
constexpr double kMostInFlight = 1e9;

bool HasTold(const v1::ServerCounts& counts) {
  return counts.to_ns() != 0 || counts.has_most() || counts.has_peak();
}

double MeanOf(const v1::ServerCounts& counts, Nanos time) {
  return static_cast<double>(counts.area()) / static_cast<double>(time);
}

}  // namespace

bool AreServerCounts(const v1::ServerCounts& counts) {
  const Nanos length = counts.to_ns() - counts.from_ns();
  return counts.from_ns() >= 0 && length >= 0 && length <= 2 * kMaxDurationNs &&
         (length == 0 ? counts.area() == 0 : MeanOf(counts, length) <= kMostInFlight) &&
         counts.id().size() <= kMaxTextBytes && counts.failure().size() <= kMaxTextBytes;
}

void ServerRecord::Add(size_t agent, const v1::ServerCounts& counts, Nanos zero) {
  if (agent >= agents_.size()) agents_.resize(agent + 1);
  agents_[agent] = Told{counts, zero};
}

std::string ServerRecord::failure() const {
  std::string last;
  for (const auto& told : agents_) {
    if (told && !told->counts.failure().empty()) last = told->counts.failure();
  }
  return last;
}

std::optional<ServerParallelism> ServerRecord::Finish(Nanos elapsed, size_t addresses) const {
  const Told* widest = nullptr;
  ServerParallelism result;
  for (const auto& told : agents_) {
    if (!told || !HasTold(told->counts)) continue;
    const v1::ServerCounts& counts = told->counts;
    if (counts.target() && addresses > 1) return std::nullopt;
    if (widest != nullptr && widest->counts.id() != counts.id()) return std::nullopt;
    result.target = counts.target();
    if (counts.has_most()) result.most = std::max(result.most.value_or(0), counts.most());
    if (counts.has_peak()) result.peak = std::max(result.peak.value_or(0), counts.peak());
    const auto length = [](const v1::ServerCounts& of) { return of.to_ns() - of.from_ns(); };
    if (widest == nullptr || length(counts) > length(widest->counts)) widest = &*told;
  }
  if (widest == nullptr) return std::nullopt;
  const v1::ServerCounts& counts = widest->counts;
  if (counts.to_ns() <= counts.from_ns() || elapsed <= 0) return result;
  result.from = std::max<Nanos>(counts.from_ns() - widest->zero, 0);
  result.to = std::max(counts.to_ns() - widest->zero, result.from + 1);
  const bool whole = result.from <= kSlack && result.to >= elapsed - kSlack;
  // When nothing is in flight any more, all that there was is in the integral.
  if (whole && counts.has_in_flight() && counts.in_flight() == 0) {
    result.from = 0;
    result.to = elapsed;
  }
  result.mean = MeanOf(counts, result.to - result.from);
  return result;
}

}  // namespace squall
