// How a whole number is split over agents.
#pragma once

#include <cstdint>
#include <vector>

namespace squall {

// Splits `total` in proportion to `weights` (each at least 1): the shares add up to `total`, and
// differ from the exact proportion by less than 1 except where that would leave someone with
// nothing. If `total` is at least the number of weights, every share is at least 1; otherwise the
// first `total` of them get 1.
std::vector<uint32_t> SharesByWeight(uint32_t total, const std::vector<uint32_t>& weights);

// Splits `total` in proportion to `weights` (their sum is at least 1), someone may get nothing: the
// shares add up to `total` and differ from the exact proportion by less than 1.
std::vector<uint64_t> ProportionalShares(uint64_t total, const std::vector<uint32_t>& weights);

}  // namespace squall
