// The script of a run (-s): read, and tried, before anything is sent.
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
struct ScriptFlags {
  Text file;
  std::vector<std::string> arguments;
};

// Declares the flags, in a group of the help text; parsing fills `flags`. After the URL, whose
// place in the line comes first.
void AddScriptFlags(CLI::App& command, ScriptFlags& flags, const std::string& group);

// Fills a plan that has all of its request and transport. Errors name the flag, and the script's
// line. `feeder_text` is that of its feeder. `said` gets the lines that the script has printed when
// it was tried.
absl::Status ResolveScript(const ScriptFlags& flags, v1::Plan& plan, const std::string& feeder_text,
                           std::vector<std::string>& said);

}  // namespace squall
