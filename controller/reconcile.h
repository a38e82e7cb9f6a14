// A run's result held against a server's log, line by line.
//
// Where the log has the headers of a tag (common/request_tag.h), each request is found by its
// number; otherwise lines are only counted. Pure; one thread's.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "controller/access_log.h"
#include "controller/logged_numbers.h"
#include "controller/run_facts.h"

namespace squall {

// Lines with one status. What is below `lines` is of the run's tagged requests alone.
struct StatusCounts {
  uint64_t recorded = 0;      // by the result
  uint64_t lines = 0;         // of the run; where requests are only counted, all but other runs'
  uint64_t first = 0;         // the first of a recorded request
  uint64_t again = 0;         // of a request that an earlier line is of
  uint64_t not_recorded = 0;  // the first of a request that has no result
};

struct Reconciliation {
  // Lines, by what they are.
  uint64_t lines = 0;
  uint64_t unreadable = 0;
  uint64_t untagged = 0;
  uint64_t warm_up = 0;
  uint64_t other_runs = 0;
  std::string other_run;  // one of them

  // Whether requests were found by their numbers. If not, none of the following is known.
  bool by_number = false;
  // Recorded requests.
  uint64_t once = 0;
  uint64_t more_often = 0;
  uint64_t never = 0;
  std::vector<uint64_t> first_never;
  // Requests in the log, recorded or not.
  uint64_t not_recorded = 0;
  std::vector<uint64_t> first_not_recorded;
  uint64_t repeated = 0;                        // requests that more than one line is of
  uint64_t repeated_lines = 0;                  // beyond the first of each
  std::map<uint64_t, uint64_t> first_repeated;  // how many lines are of them

  std::map<uint32_t, StatusCounts> statuses;
};

class Reconciler {
 public:
  // `facts` outlive it.
  explicit Reconciler(const RunFacts& facts);

  // INVALID_ARGUMENT: the log cannot be of this run.
  absl::Status Add(const AccessLine& line);
  void AddUnreadable();

  // At the end of the log. INVALID_ARGUMENT says why it cannot be held against this result.
  absl::StatusOr<Reconciliation> Finish();

 private:
  bool IsRecorded(uint64_t number);
  absl::Status AddNumber(const AccessLine& line);
  void CountNumbers();
  void CountWithoutRuns();

  const RunFacts& facts_;
  LoggedNumbers numbers_;
  SmallestNumbers not_recorded_;
  SmallestNumbers repeated_;
  size_t newest_run_ = 0;  // where the newest number was looked for
  std::map<uint32_t, uint64_t> untagged_;
  Reconciliation found_;
};

}  // namespace squall
