// What every plan must hold to, whoever made it: the controller checks before it sends one, the
// agent before it believes one.
#pragma once

#include <string_view>

#include "absl/status/status.h"
#include "squall/v1/plan.pb.h"

namespace squall {

// Why a plan needs libcurl ("HTTP/2", "a proxy", …); empty if http1 can carry it out.
std::string_view WhatNeedsCurl(const v1::Plan& plan);

// Whether results may be told by this name; the message begins with it.
absl::Status CheckRequestName(std::string_view name);

// INVALID_ARGUMENT with the field and what is wrong with it.
absl::Status CheckPlan(const v1::Plan& plan);

}  // namespace squall
