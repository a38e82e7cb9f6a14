#include "controller/report_coverage.h"

#include <algorithm>
#include <string>

#include <fmt/format.h>

#include "controller/terminal.h"
#include "controller/units.h"

namespace squall {
namespace {

constexpr size_t kMostPasses = 3;

// "each 2 to 3 times", as far as it is known.
std::string Times(const CoverageResult& coverage) {
  const auto times = [](uint64_t count) {
    return count == 1 ? "once" : FormatCount(count) + " times";
  };
  const auto& least = coverage.times_least;
  const auto& most = coverage.times_most;
  if (!least) return most ? fmt::format(", each at most {}", times(*most)) : "";
  // Which ones were not requested at all is told by itself.
  if (*least == 0)
    return most && *most != 0 ? fmt::format(", none more than {}", times(*most)) : "";
  if (!most) return fmt::format(", each at least {}", times(*least));
  if (*least == *most) return ", each " + times(*least);
  return fmt::format(", each {} to {}", FormatCount(*least), times(*most));
}

// "2 whole passes, pass 3 to 50.0 %".
std::string Passes(const CoverageResult& coverage) {
  if (!coverage.whole_passes) return "";
  std::string text;
  const auto add = [&text](const std::string& part) { text += (text.empty() ? "" : ", ") + part; };
  if (const uint64_t whole = *coverage.whole_passes; whole != 0) {
    add(fmt::format("{} whole pass{}", FormatCount(whole), whole == 1 ? "" : "es"));
  }
  const auto& open = coverage.open_passes;
  const size_t shown = std::min(open.size(), kMostPasses);
  uint64_t more = coverage.more_open_passes;
  for (size_t i = 0; i < open.size(); ++i) {
    const auto& [pass, passes, held] = open[i];
    if (i >= shown) {
      more += passes;
      continue;
    }
    const std::string which = passes == 1 ? "pass " + FormatCount(pass + 1)
                                          : fmt::format("passes {} to {}", FormatCount(pass + 1),
                                                        FormatCount(pass + passes));
    add(fmt::format("{}: {}", which, FormatShare(held, passes * coverage.listed)));
  }
  if (more != 0) add(fmt::format("{} more not whole", FormatCount(more)));
  return text.empty() ? "" : " (" + text + ")";
}

}  // namespace

void AddCoverage(const RunResult& result, TextTable& table) {
  if (!result.coverage) return;
  const CoverageResult& coverage = *result.coverage;
  table.AddRow({"Coverage", FormatCount(coverage.distinct),
                fmt::format("of {} URL{}{}{}", FormatCount(coverage.listed),
                            coverage.listed == 1 ? "" : "s", Times(coverage), Passes(coverage))});
  if (coverage.missed() != 0) {
    table.AddRow({"  missed", TextTable::Cell(FormatCount(coverage.missed()), Colour::kYellow),
                  "not requested; --coverage FILE names them"});
  }
}

}  // namespace squall
