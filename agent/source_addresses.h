// Which addresses connections can be made from on this machine.
//
// Belongs to no thread; asks the system.
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "squall/v1/plan.pb.h"

namespace squall {

// Leaves of the plan's source addresses those that are this machine's. INVALID_ARGUMENT if it names
// some and none is.
absl::Status KeepLocalSources(v1::Transport& transport);

}  // namespace squall
