// A reconciliation for people, and as JSON (docs/measurement.md lists its keys).
#pragma once

#include <string>
#include <vector>

#include "controller/reconcile.h"
#include "controller/reconcile_conclusion.h"
#include "controller/run_facts.h"
#include "controller/terminal.h"

namespace squall {

// A line that could not be read.
struct UnreadableLine {
  std::string log;
  uint64_t number = 0;  // in it, from 1
  std::string text;     // its beginning; foreign
};

struct ReconcileReport {
  std::string result;             // where the facts are from
  std::vector<std::string> logs;  // as named
  RunFacts facts;
  Reconciliation found;
  Conclusion conclusion;
  std::vector<UnreadableLine> unreadable;  // the first one, if there is any
};

// "LOG: line 17: the line": one line that is harmless in a terminal.
std::string ToText(const UnreadableLine& line, bool utf8);

std::string ReconcileText(const ReconcileReport& report, const TextStyle& style);
std::string ReconcileJson(const ReconcileReport& report);

}  // namespace squall
