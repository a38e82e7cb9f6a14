#include "controller/shares.h"

#include <algorithm>
#include <numeric>

#include "absl/numeric/int128.h"

namespace squall {

std::vector<uint32_t> SharesByWeight(uint32_t total, const std::vector<uint32_t>& weights) {
  const size_t count = weights.size();
  std::vector<uint32_t> shares(count, 0);
  if (total < count) {
    std::fill_n(shares.begin(), total, 1u);
    return shares;
  }
  // Largest remainder over what is left when everyone has been given 1.
  const uint64_t spare = total - count;
  const uint64_t sum = std::accumulate(weights.begin(), weights.end(), uint64_t{0});
  // The exact share minus the 1 that is given already; never below 0.
  std::vector<double> rest(count);
  double rest_sum = 0;
  for (size_t i = 0; i < count; ++i) {
    const double exact = static_cast<double>(total) * weights[i] / static_cast<double>(sum);
    rest[i] = std::max(0.0, exact - 1.0);
    rest_sum += rest[i];
  }
  uint64_t given = 0;
  for (size_t i = 0; i < count; ++i) {
    const double exact = rest_sum > 0 ? static_cast<double>(spare) * rest[i] / rest_sum : 0.0;
    const auto whole = static_cast<uint64_t>(exact);
    shares[i] = 1 + static_cast<uint32_t>(whole);
    rest[i] = exact - static_cast<double>(whole);
    given += whole;
  }
  std::vector<size_t> order(count);
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&rest](size_t a, size_t b) { return rest[a] > rest[b]; });
  for (size_t i = 0; given < spare; ++i, ++given) ++shares[order[i % count]];
  return shares;
}

std::vector<uint64_t> ProportionalShares(uint64_t total, const std::vector<uint32_t>& weights) {
  const absl::uint128 sum = std::accumulate(weights.begin(), weights.end(), uint64_t{0});
  std::vector<uint64_t> shares;
  absl::uint128 weight = 0;  // of all so far
  uint64_t given = 0;
  for (const uint32_t own : weights) {
    weight += own;
    const auto until = static_cast<uint64_t>(absl::uint128(total) * weight / sum);
    shares.push_back(until - given);
    given = until;
  }
  return shares;
}

}  // namespace squall
