// What a reconciliation comes to, in words: do the log and the result agree?
//
// They do if what differs is no more than the result itself says may differ: requests that failed
// without a response may be in the log or not, those that were resent or possibly repeated may be
// there more than once. Pure.
#pragma once

#include <string>
#include <vector>

#include "controller/reconcile.h"
#include "controller/run_facts.h"

namespace squall {

struct Conclusion {
  bool agrees = false;
  std::string sentence;            // one sentence
  std::vector<std::string> notes;  // what cannot be said, and why
  // Requests that certainly have another status in the log than in the result.
  uint64_t other_status = 0;
};

Conclusion Judge(const RunFacts& facts, const Reconciliation& found);

}  // namespace squall
