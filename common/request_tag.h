// What a tagged request (`squall run --tag`) says of itself in two headers, so that a server's log
// can be held against what the run recorded:
//
//     Squall-Run: 20261124T023500Z-1a2b      requests of a warm-up: 20261124T023500Z-1a2b/warmup
//     Squall-Request: 17                     its number; each phase counts anew
#pragma once

#include <cstdint>
#include <string_view>

#include "squall/v1/plan.pb.h"

namespace squall {

inline constexpr std::string_view kRunHeader = "Squall-Run";
inline constexpr std::string_view kRequestHeader = "Squall-Request";
inline constexpr std::string_view kWarmUpSuffix = "/warmup";

// The values of both, and which of the plan's requests it is.
struct RequestTag {
  std::string_view run;
  uint64_t number = 0;
  uint32_t request = 0;
};

// The name of the first header given by the user that a tagged request has for itself; empty: there
// is none.
std::string_view TagHeaderOf(const v1::Request& request);

}  // namespace squall
