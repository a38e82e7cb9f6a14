// The script of a plan, as the workers of one agent have it: a state each, and one more in which
// setup() is called for all of them.
//
// Made by the session's thread; a worker's state is its thread's from Start() to its end.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/script.h"
#include "squall/v1/control.pb.h"

namespace squall {

class RunScripts {
 public:
  // Loads it, and calls setup() and init(), for so many workers; nothing where the plan has none.
  // What they print is logged. INVALID_ARGUMENT if an error is raised, or there is no request.
  // `feeder`: its text, where users have the rows.
  static absl::StatusOr<RunScripts> Make(const v1::Prepare& prepare, uint32_t workers,
                                         std::string feeder);

  bool empty() const { return scripts_.empty(); }
  // Of a worker; null: the plan has none.
  Script* Of(uint32_t worker) const { return empty() ? nullptr : scripts_[worker].get(); }

  // What is told at the end, when no worker is at work any more.
  void Tell(v1::Done& done) const;

 private:
  std::vector<std::unique_ptr<Script>> scripts_;
};

}  // namespace squall
