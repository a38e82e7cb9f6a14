// `squall plan`: checks and shows plan files, and makes them.
#pragma once

#include "controller/run_flags.h"

namespace CLI {
class App;
}

namespace squall {

struct PlanFlags {
  RunFlags checked;  // squall plan check FILE, and flags as of squall run
  RunFlags shown;    // squall plan show FILE, the same
};

CLI::App* AddPlanCommand(CLI::App& app, PlanFlags& flags);
// The process's exit code.
int RunPlan(CLI::App& command, PlanFlags& flags);

}  // namespace squall
