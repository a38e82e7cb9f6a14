// The flags of `squall run` that say what counts as a success.
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "controller/flag_values.h"
#include "squall/v1/plan.pb.h"

namespace CLI {
class App;
}

namespace squall {

// As typed.
struct CheckFlags {
  Text status;
  std::vector<std::string> headers;
  std::vector<std::string> bodies;
  std::vector<std::string> json;
  Text size;
  Text fail_fast;
};

// Declares the flags, in a group of their own of the help text; parsing fills `flags`.
void AddCheckFlags(CLI::App& command, CheckFlags& flags);
// Those alone that are about one answer.
void AddExpectFlags(CLI::App& command, CheckFlags& flags);

// Fills the plan, whose request is there already. Errors name the flag and say what to do.
absl::Status ResolveChecks(const CheckFlags& flags, v1::Plan& plan);

}  // namespace squall
