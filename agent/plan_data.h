// The texts that follow a plan: of its list and of its feeder, as they arrive.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "squall/v1/plan.pb.h"

namespace squall {

struct PlanData {
  std::string list;
  std::string feeder;

  // Makes room for those of `plan`.
  void Expect(const v1::Plan& plan) {
    list.reserve(plan.urls().size_bytes());
    feeder.reserve(plan.feeder().size_bytes());
  }

  // The next bytes: the list's first. False: they are more than what it, or the feeder behind it,
  // still lacks.
  bool Add(const v1::Plan& plan, std::string_view bytes) {
    const bool of_list = list.size() < plan.urls().size_bytes();
    std::string& text = of_list ? list : feeder;
    const uint64_t size = of_list ? plan.urls().size_bytes() : plan.feeder().size_bytes();
    if (bytes.size() > size - text.size()) return false;
    text += bytes;
    return true;
  }

  bool IsWhole(const v1::Plan& plan) const {
    return list.size() == plan.urls().size_bytes() && feeder.size() == plan.feeder().size_bytes();
  }
};

}  // namespace squall
