// Which of a plan's named requests each number is.
//
// Numbers are dealt out in cycles of W, the sum of the weights (divided by what they have in
// common): each cycle has every request as often as its weight says. In which order, the seed and
// the number of the cycle decide. So the k-th use of a request has a number that anybody can
// compute, and W numbers that follow each other are never far from the weights.
//
// Immutable; many threads may ask. A call takes a few nanoseconds: orders are drawn when it is
// made, some of 10,000 numbers, hundreds of a few (docs/adr/0012-orders-of-a-cycle.md).
#pragma once

#include <cstdint>
#include <vector>

#include "common/draw.h"
#include "squall/v1/plan.pb.h"

namespace squall {

struct RequestUse {
  uint32_t request = 0;  // an index in the plan's requests
  uint64_t use = 0;      // how often it has come before
};

class RequestMix {
 public:
  // Of a plan that has named requests and that CheckPlan() lets pass.
  explicit RequestMix(const v1::Plan& plan);

  uint32_t cycle() const { return cycle_; }  // W

  RequestUse Of(uint64_t n) const {
    const uint64_t pass = n / cycle_;
    const uint64_t drawn = Draw(key_, pass);
    const uint64_t order = (drawn >> 32) * orders_ >> 32;
    // An order begins anywhere, so that one of a few is not the same again.
    uint64_t place = n - pass * cycle_ + ((drawn & 0xffffffff) * cycle_ >> 32);
    if (place >= cycle_) place -= cycle_;
    const Share& share = shares_[order * cycle_ + place];
    return {share.request, pass * weights_[share.request] + share.rank};
  }

 private:
  struct Share {
    uint16_t request = 0;
    uint16_t rank = 0;  // among those of its request in a cycle
  };

  uint64_t key_;
  uint32_t cycle_ = 0;
  uint32_t orders_;
  std::vector<uint32_t> weights_;  // divided by what they have in common
  std::vector<Share> shares_;      // of each order, the cycle's
};

// How long the cycle of these weights is, which are not 0: their sum, divided by what they have in
// common.
uint64_t CycleOf(const std::vector<uint32_t>& weights);

}  // namespace squall
