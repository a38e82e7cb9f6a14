// How much of what its agents can do a run has used: their rates held against their ceilings.
//
// Pure. docs/measurement.md says what it means.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "controller/result.h"
#include "controller/terminal.h"

namespace squall {

struct Headroom {
  struct Agent {
    std::string name;
    std::optional<v1::Ceiling> ceiling;  // nothing: none is known
    std::optional<double> used;          // 1: all of it
  };
  std::vector<Agent> agents;   // that took part
  std::optional<double> used;  // of all ceilings together; nothing: not all are known
};

Headroom HeadroomOf(const RunResult& result);

// The agent's ceiling, if it tells one that can be.
std::optional<v1::Ceiling> CeilingOf(const v1::Host& host);

// RFC 3339, UTC.
std::string MeasuredAt(const v1::Ceiling& ceiling);

// A sentence for the text report, with a line feed; empty if no agent has a ceiling.
std::string HeadroomLine(const RunResult& result, const TextStyle& style);

}  // namespace squall
