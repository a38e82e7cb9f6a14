// From the flags about a list to the plan's list: its format, its order, what its lines send, and
// when.
#pragma once

#include "absl/status/status.h"
#include "controller/run_flags.h"
#include "controller/run_options.h"
#include "controller/template_flags.h"

namespace squall {

// What contradicts itself or stands alone, before any file is read.
absl::Status CheckListFlags(const RunFlags& flags);

// --replay-speed: the schedule is the list's own. The phases are there; how many requests they have
// is known with the list.
absl::Status ResolveReplay(const RunFlags& flags, v1::Plan& plan);

// Reads the list. All else of the plan's request is there.
absl::Status ResolveList(const RunFlags& flags, TemplateFlags& templates, RunOptions& options);

}  // namespace squall
