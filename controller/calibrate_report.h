// What agents were found to be able to do, as text and as JSON.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "controller/terminal.h"
#include "squall/v1/control.pb.h"

namespace squall {

// What became of an agent's calibration.
struct CalibratedAgent {
  std::string address;                 // as the user named it
  std::string name;                    // as it calls itself; empty: it did not answer
  std::optional<v1::Ceiling> ceiling;  // nothing: it was not measured
  std::string detail;  // why it was not, or is not kept; for people. Empty: nothing is amiss
};

// Both end with a line feed.
std::string CalibrateText(const std::vector<CalibratedAgent>& agents, const TextStyle& style);
// docs/fleet.md has the keys.
std::string CalibrateJson(const std::vector<CalibratedAgent>& agents);

}  // namespace squall
