// What the steps of users came to, by name: a bounded number of them, and the others together.
//
// Merging is exact; where there are more names than have room, which ones are among the others
// depends on who came first. Not thread-safe.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "common/metrics.h"
#include "common/protocol.h"

namespace squall {

class StepMetrics {
 public:
  using Map = std::map<std::string, Metrics, std::less<>>;

  // Of a step, or of the others.
  Metrics& Of(std::string_view name) {
    auto found = by_name_.find(name);
    if (found != by_name_.end()) return found->second;
    if (by_name_.size() >= kMaxSteps) name = kOtherSteps;
    return by_name_.try_emplace(std::string(name)).first->second;
  }

  void Merge(const StepMetrics& other) {
    for (const auto& [name, metrics] : other.by_name_) {
      if (metrics.recorded() != 0) Of(name).Merge(metrics);
    }
  }
  // Keeps memory.
  void Clear() {
    for (auto& [name, metrics] : by_name_) metrics.Clear();
  }

  // Of all of them together.
  Metrics Sum() const {
    Metrics sum;
    for (const auto& [name, metrics] : by_name_) sum.Merge(metrics);
    return sum;
  }
  // By rising name; some may be empty after Clear().
  const Map& all() const { return by_name_; }
  bool empty() const {
    for (const auto& [name, metrics] : by_name_) {
      if (metrics.recorded() != 0) return false;
    }
    return true;
  }

 private:
  Map by_name_;
};

}  // namespace squall
