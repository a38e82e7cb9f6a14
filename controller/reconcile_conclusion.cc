#include "controller/reconcile_conclusion.h"

#include <algorithm>
#include <string_view>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "controller/units.h"

namespace squall {
namespace {

uint64_t Beyond(uint64_t count, uint64_t allowed) { return count > allowed ? count - allowed : 0; }

std::string Lines(uint64_t count) {
  return fmt::format("{} line{}", FormatCount(count), count == 1 ? "" : "s");
}

std::string Requests(uint64_t count) {
  return fmt::format("{} request{}", FormatCount(count), count == 1 ? "" : "s");
}

std::string_view Are(uint64_t count) { return count == 1 ? "is" : "are"; }

// At least so many: every answer that the result has no room for, but for those of requests whose
// answer it does not know or that were sent more often.
uint64_t OtherStatus(const RunFacts& facts, const Reconciliation& found) {
  if (facts.follows) return 0;
  uint64_t surplus = 0;
  for (const auto& [status, counts] : found.statuses) {
    surplus += Beyond(counts.first, counts.recorded);
  }
  return Beyond(surplus, facts.without_response + facts.resent + facts.possibly_repeated);
}

std::string AllOf(const RunFacts& facts, const Reconciliation& found) {
  if (found.never == 0 && found.not_recorded == 0 && found.repeated == 0) {
    return fmt::format("all {} are in the log, each once", Requests(facts.recorded));
  }
  std::vector<std::string> parts;
  if (found.never == 0) {
    parts.push_back(fmt::format("all {} are in the log", Requests(facts.recorded)));
  } else {
    parts.push_back(
        fmt::format("{} of {} are in the log, and the other {} can be those that failed without a "
                    "response ({})",
                    FormatCount(facts.recorded - found.never), Requests(facts.recorded),
                    FormatCount(found.never), FormatCount(facts.without_response)));
  }
  if (found.repeated != 0) {
    parts.push_back(fmt::format(
        "{} more than once, as {}", FormatCount(found.repeated),
        facts.follows ? "redirects were followed" : "resent or possibly repeated requests may be"));
  }
  if (found.not_recorded != 0) {
    parts.push_back(fmt::format("{} that {} not recorded can be of lost agents",
                                FormatCount(found.not_recorded), Are(found.not_recorded)));
  }
  return fmt::format("{}", fmt::join(parts, "; "));
}

Conclusion JudgeNumbers(const RunFacts& facts, const Reconciliation& found) {
  Conclusion conclusion;
  conclusion.other_status = OtherStatus(facts, found);
  const uint64_t missing = Beyond(found.never, facts.without_response);
  const uint64_t strangers = Beyond(found.not_recorded, facts.possibly_repeated);
  const uint64_t may_repeat = facts.resent + Beyond(facts.possibly_repeated, found.not_recorded);
  const uint64_t repeated = facts.follows ? 0 : Beyond(found.repeated_lines, may_repeat);
  std::vector<std::string> parts;
  if (missing != 0) {
    parts.push_back(fmt::format("{} of {} {} not in the log", FormatCount(found.never),
                                Requests(facts.recorded), Are(found.never)));
  }
  if (strangers != 0) {
    parts.push_back(fmt::format("{} in the log {} not recorded", FormatCount(found.not_recorded),
                                Are(found.not_recorded)));
  }
  if (repeated != 0) {
    parts.push_back(fmt::format("{} {} there more than once", FormatCount(found.repeated),
                                Are(found.repeated)));
  }
  if (conclusion.other_status != 0) {
    parts.push_back(fmt::format("at least {} {} there with another status",
                                FormatCount(conclusion.other_status),
                                Are(conclusion.other_status)));
  }
  conclusion.agrees = parts.empty();
  conclusion.sentence = conclusion.agrees
                            ? AllOf(facts, found)
                            : fmt::format("log and result differ: {}", fmt::join(parts, "; "));
  if (missing != 0 && facts.without_response != 0) {
    conclusion.notes.push_back(fmt::format(
        "{} failed without a response (timeouts, refused connections and the like) and may be in "
        "the log or not: at least {} of those that are missing were answered",
        Requests(facts.without_response), FormatCount(missing)));
  }
  if (!facts.runs) {
    conclusion.notes.push_back(
        "the result does not tell which numbers were recorded (tag.recorded_runs): where requests "
        "are missing and others are too many, only the difference shows");
  }
  return conclusion;
}

// Without tags a request cannot be told from another, nor from another client's.
Conclusion JudgeCounts(const RunFacts& facts, const Reconciliation& found) {
  const uint64_t sent = facts.recorded + facts.warm_up;
  const uint64_t again = facts.resent + facts.possibly_repeated;
  uint64_t missing = 0;
  for (const auto& [status, counts] : found.statuses) {
    missing += Beyond(counts.recorded, counts.lines);
  }
  const uint64_t more = facts.follows ? 0 : Beyond(found.untagged, sent + again);
  Conclusion conclusion;
  conclusion.agrees = missing == 0 && more == 0;
  const std::string has =
      fmt::format("the log has {}, and the run sent {}{}", Lines(found.untagged), Requests(sent),
                  again == 0 ? "" : fmt::format(" to {}", FormatCount(sent + again)));
  if (conclusion.agrees) {
    conclusion.sentence = has + ": the counts agree";
  } else if (missing != 0) {
    conclusion.sentence =
        fmt::format("{}: of the answers recorded, {} {} missing in the log, counted by status", has,
                    FormatCount(missing), Are(missing));
  } else {
    conclusion.sentence = fmt::format("{}: {} {} not from it", has, Lines(more), Are(more));
  }
  conclusion.notes.push_back(
      facts.tagged
          ? "no line has the run's headers, so lines are only counted: log Squall-Run and "
            "Squall-Request to see which requests they are (docs/reconcile.md)"
          : "the run was not tagged, so lines are only counted, other clients' with them: squall "
            "run --tag, and a log with its headers, tell which requests they are "
            "(docs/reconcile.md)");
  if (facts.warm_up != 0) {
    conclusion.notes.push_back(
        fmt::format("{} of the warm-up are among those sent", Requests(facts.warm_up)));
  }
  return conclusion;
}

}  // namespace

Conclusion Judge(const RunFacts& facts, const Reconciliation& found) {
  Conclusion conclusion = found.by_number ? JudgeNumbers(facts, found) : JudgeCounts(facts, found);
  if (facts.follows) {
    conclusion.notes.push_back(
        "redirects were followed: a request may have several lines, and their statuses are not "
        "compared");
  }
  if (found.unreadable != 0) {
    conclusion.notes.push_back(
        fmt::format("{} could not be read, and may be of the run", Lines(found.unreadable)));
  }
  if (facts.state != "complete") {
    conclusion.notes.push_back(
        "the run did not come to its end: what was in flight then may be in "
        "the log and not in the result");
  }
  return conclusion;
}

}  // namespace squall
