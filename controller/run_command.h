// `squall run`: from flags to report.
#pragma once

#include "controller/run_flags.h"

namespace CLI {
class App;
}

namespace squall {

// Carries out a run and prints its report. `command` has been parsed, into `flags`. The process's
// exit code: 0 done, 2 usage or plan error and nothing was sent, 3 not completed as asked or not
// one response came, 130 interrupted.
int RunRun(CLI::App& command, RunFlags& flags);

}  // namespace squall
