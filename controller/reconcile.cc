#include "controller/reconcile.h"

#include <algorithm>

#include <fmt/format.h>

#include "controller/units.h"

namespace squall {
namespace {

// Blocks of numbers: as many as the requests that are known of fill, and 64 MiB for others.
size_t MostBlocks(const RunFacts& facts) {
  constexpr uint64_t kBlock = 4096;
  constexpr size_t kOthers = 65'536;
  return (facts.recorded + facts.planned + facts.possibly_repeated) / kBlock + kOthers;
}

}  // namespace

Reconciler::Reconciler(const RunFacts& facts) : facts_(facts), numbers_(MostBlocks(facts)) {
  for (const auto& [status, count] : facts.statuses) found_.statuses[status].recorded = count;
}

absl::Status Reconciler::Add(const AccessLine& line) {
  ++found_.lines;
  if (line.run.empty()) {
    ++found_.untagged;
    ++untagged_[line.status];
    return absl::OkStatus();
  }
  if (line.run != facts_.id) {
    ++found_.other_runs;
    if (found_.other_run.empty()) found_.other_run = line.run;
    return absl::OkStatus();
  }
  if (line.warm_up) {
    ++found_.warm_up;
    return absl::OkStatus();
  }
  return AddNumber(line);
}

void Reconciler::AddUnreadable() {
  ++found_.lines;
  ++found_.unreadable;
}

// Where the runs are not known, every number counts as recorded for now.
bool Reconciler::IsRecorded(uint64_t number) {
  if (!facts_.runs) return true;
  const std::vector<NumberRun>& runs = *facts_.runs;
  const auto holds = [&](size_t i) {
    return i < runs.size() && number >= runs[i].first && number - runs[i].first < runs[i].count;
  };
  if (holds(newest_run_)) return true;
  const auto above =
      std::upper_bound(runs.begin(), runs.end(), number,
                       [](uint64_t wanted, const NumberRun& run) { return wanted < run.first; });
  if (above == runs.begin()) return false;
  newest_run_ = static_cast<size_t>(above - runs.begin()) - 1;
  return holds(newest_run_);
}

absl::Status Reconciler::AddNumber(const AccessLine& line) {
  const bool recorded = IsRecorded(line.number);
  StatusCounts& status = found_.statuses[line.status];
  ++status.lines;
  switch (numbers_.Add(line.number)) {
    case LoggedNumbers::Before::kNever:
      if (recorded) {
        ++status.first;
      } else {
        ++status.not_recorded;
        ++found_.not_recorded;
        not_recorded_.Tell(line.number, 1);
      }
      return absl::OkStatus();
    case LoggedNumbers::Before::kOnce:
      repeated_.Tell(line.number, 2);
      break;
    case LoggedNumbers::Before::kMoreOften:
      repeated_.Again(line.number);
      break;
    case LoggedNumbers::Before::kNoRoom:
      return absl::InvalidArgumentError(
          "numbers of requests that this run cannot have had, more than can be kept: the log is "
          "damaged, or the result is of another run");
  }
  ++status.again;
  ++found_.repeated_lines;
  return absl::OkStatus();
}

absl::StatusOr<Reconciliation> Reconciler::Finish() {
  if (found_.lines == 0) {
    return absl::InvalidArgumentError(
        "no line in the log: is it the right file, and has the server written what it holds back?");
  }
  if (found_.unreadable > found_.lines / 2) {
    return absl::InvalidArgumentError(fmt::format(
        "{} of {} lines are of another form than \"common\" or \"combined\" of nginx and Apache",
        FormatCount(found_.unreadable), FormatCount(found_.lines)));
  }
  found_.by_number = numbers_.distinct() + found_.warm_up > 0;
  if (facts_.tagged && !found_.by_number && found_.other_runs > 0) {
    return absl::InvalidArgumentError(fmt::format(
        "no line is of run {}, but {} of other runs, e.g. {}: name the result of that run, or the "
        "log of this one",
        facts_.id, FormatCount(found_.other_runs), found_.other_run));
  }
  if (found_.by_number) {
    CountNumbers();
  } else {
    for (const auto& [status, count] : untagged_) found_.statuses[status].lines = count;
  }
  return std::move(found_);
}

void Reconciler::CountNumbers() {
  found_.repeated = numbers_.repeated();
  found_.first_repeated = repeated_.times();
  if (!facts_.runs) return CountWithoutRuns();
  LoggedNumbers::Census census = numbers_.Of(*facts_.runs);
  found_.once = census.once;
  found_.more_often = census.more_often;
  found_.never = census.never;
  found_.first_never = std::move(census.first_never);
  for (const auto& [number, times] : not_recorded_.times()) {
    found_.first_not_recorded.push_back(number);
  }
}

// How many are missing or too many is known then, but neither which, nor where both are so.
void Reconciler::CountWithoutRuns() {
  const uint64_t distinct = numbers_.distinct();
  found_.more_often = std::min(found_.repeated, facts_.recorded);
  found_.once = std::min(distinct, facts_.recorded) - found_.more_often;
  found_.never = facts_.recorded - std::min(distinct, facts_.recorded);
  found_.not_recorded = distinct - std::min(distinct, facts_.recorded);
}

}  // namespace squall
