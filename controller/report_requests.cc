#include "controller/report_requests.h"

#include <array>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "controller/summary.h"
#include "controller/text_table.h"
#include "controller/units.h"

namespace squall {
namespace {

using Align = TextTable::Align;
using Cell = TextTable::Cell;

constexpr std::array kFew = {kPercentiles[0], kPercentiles[2], kPercentiles[4]};
static_assert(kFew[0].name == "p50" && kFew[1].name == "p90" && kFew[2].name == "p99");

Cell Dim(std::string_view text) { return {std::string(text), Colour::kDim}; }

void AddRow(const std::string& name, const Metrics& metrics, Nanos elapsed, const TextStyle& style,
            TextTable& table) {
  const Colour failed = metrics.failed > 0 ? Colour::kRed : Colour::kNone;
  std::vector<Cell> row = {Printable(name, style.utf8), FormatCount(metrics.recorded()),
                           FormatRate(PerSecond(metrics.recorded(), elapsed)),
                           Cell(FormatCount(metrics.failed), failed)};
  const Histogram& times = metrics.open_loop() ? metrics.success_response : metrics.success_service;
  for (const Percentile& percentile : kFew) {
    if (times.count() == 0) {
      row.push_back(Dim("-"));
    } else {
      row.emplace_back(
          FormatDuration(static_cast<double>(times.Quantile(percentile.fraction())), style.utf8));
    }
  }
  table.AddRow(std::move(row));
}

}  // namespace

std::string RequestsText(const v1::Plan& plan) {
  std::vector<std::string> names;
  for (const v1::NamedRequest& named : plan.mix()) {
    names.push_back(fmt::format("{} {}", named.name(), FormatCount(named.weight())));
  }
  return fmt::format("{} request{} by weight: {}", names.size(), names.size() == 1 ? "" : "s",
                     fmt::join(names, ", "));
}

std::string RequestsSection(const RunResult& result, const TextStyle& style) {
  const bool users = result.plan.users();
  if (users ? result.steps.empty() : result.requests.empty() || result.fleet.recorded() == 0) {
    return "";
  }
  TextTable table({Align::kLeft, Align::kRight, Align::kRight, Align::kRight, Align::kRight,
                   Align::kRight, Align::kRight});
  table.AddRow({"", Dim("requests"), Dim("a second"), Dim("failed"), Dim(kFew[0].name),
                Dim(kFew[1].name), Dim(kFew[2].name)});
  for (size_t i = 0; i < result.requests.size(); ++i) {
    AddRow(result.plan.mix(static_cast<int>(i)).name(), result.requests[i], result.elapsed, style,
           table);
  }
  for (const auto& [name, metrics] : result.steps.all()) {
    AddRow(name, metrics, result.elapsed, style, table);
  }
  return Heading(fmt::format("By {} ({} of successes)", users ? "step" : "request",
                             result.fleet.open_loop() && !users ? "response time" : "service time"),
                 style) +
         table.ToString(style, 2);
}

}  // namespace squall
