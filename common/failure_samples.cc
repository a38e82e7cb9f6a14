#include "common/failure_samples.h"

#include <algorithm>
#include <iterator>
#include <tuple>
#include <utility>

namespace squall {

void KeepSample(std::vector<FailureSample>& samples, v1::FailureKind kind, uint32_t status,
                uint64_t number, std::string_view detail) {
  const auto rank = std::count_if(samples.begin(), samples.end(), [&](const FailureSample& sample) {
    return sample.IsOf(kind, status) && sample.number < number;
  });
  if (static_cast<size_t>(rank) >= FailureSample::kMaxOfAKind) return;
  if (samples.size() == FailureSample::kMaxSamples) {
    const FailureSample& last = samples.back();
    const auto last_rank = std::count_if(
        samples.begin(), std::prev(samples.end()),
        [&](const FailureSample& sample) { return sample.IsOf(last.kind, last.status); });
    if (std::tie(rank, number) > std::tie(last_rank, last.number)) return;
  }
  samples.push_back(
      {kind, status, number, std::string(detail.substr(0, FailureSample::kMaxDetailBytes))});
  ArrangeSamples(samples);
}

// A sample that is dropped has enough others before it, and whatever is added later, they or still
// earlier ones will be before it.
void ArrangeSamples(std::vector<FailureSample>& samples) {
  std::sort(samples.begin(), samples.end(), [](const FailureSample& a, const FailureSample& b) {
    return std::tie(a.kind, a.status, a.number, a.detail) <
           std::tie(b.kind, b.status, b.number, b.detail);
  });
  std::vector<std::pair<size_t, FailureSample>> ranked;
  for (FailureSample& sample : samples) {
    const bool next = !ranked.empty() && ranked.back().second.IsOf(sample.kind, sample.status);
    const size_t rank = next ? ranked.back().first + 1 : 0;
    ranked.emplace_back(rank, std::move(sample));
  }
  std::erase_if(ranked,
                [](const auto& entry) { return entry.first >= FailureSample::kMaxOfAKind; });
  std::stable_sort(ranked.begin(), ranked.end(), [](const auto& a, const auto& b) {
    return std::tie(a.first, a.second.number) < std::tie(b.first, b.second.number);
  });
  if (ranked.size() > FailureSample::kMaxSamples) ranked.resize(FailureSample::kMaxSamples);
  samples.clear();
  for (auto& entry : ranked) samples.push_back(std::move(entry.second));
}

}  // namespace squall
