// What a report says of the plan's checks.
#pragma once

#include <string>

#include "squall/v1/plan.pb.h"

namespace squall {

// "status 200-299 or 304, header X-Id, 1-20 bytes, body HELLO, JSON $.id"; empty: there are none.
// Not made safe for a terminal.
std::string ChecksText(const v1::Checks& checks);
// The same of a plan, whose requests may have different ones.
std::string ChecksText(const v1::Plan& plan);

}  // namespace squall
