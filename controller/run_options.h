// From the flags of `squall run` to a plan: every check that needs no agent.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include <spdlog/common.h>

#include "absl/status/statusor.h"
#include "controller/fleet_flags.h"
#include "controller/list_file.h"
#include "controller/run_flags.h"
#include "squall/v1/plan.pb.h"

namespace squall {

struct RunOptions {
  // Its concurrency is 0 if none was given: known once the agents have told their cores.
  v1::Plan plan;
  FleetOptions fleet;
  // That of plan.urls, checked; null if there is no list.
  std::shared_ptr<ListFile> list;
  // The text of plan.feeder; empty if there is none.
  std::string feeder_text;
  // What the script has printed when it was tried, by line.
  std::vector<std::string> script_said;
  // Where the JSON result goes: empty: nowhere; "-": standard output.
  std::string json_path;
  // The folder that the run is kept in, new or empty; empty: none.
  std::string save_path;
  // Where the entries of the list go that were not requested; empty: nowhere.
  std::string coverage_path;
  bool quiet = false;
  spdlog::level::level_enum log_level = spdlog::level::warn;
};

// Reads the files that the flags name and sends nothing. Any error is the user's to mend: its
// message says which flag, file or line is wrong and what to do.
absl::StatusOr<RunOptions> ResolveRunOptions(const RunFlags& flags);

}  // namespace squall
