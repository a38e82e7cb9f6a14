#include "controller/report_fleet.h"

#include <algorithm>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "controller/headroom.h"
#include "controller/summary.h"
#include "controller/text_table.h"
#include "controller/units.h"

namespace squall {
namespace {

using Align = TextTable::Align;
using Cell = TextTable::Cell;

constexpr size_t kMostAddresses = 20;
constexpr size_t kMostEvents = 40;

std::string Time(uint64_t nanos, const TextStyle& style) {
  return FormatDuration(static_cast<double>(nanos), style.utf8);
}

// Where there is one only, it is no news.
std::string Addresses(const Metrics& fleet, const TextStyle& style) {
  if (fleet.addresses.size() < 2) return "";
  std::vector<std::pair<std::string, AddressCounts>> rows(fleet.addresses.begin(),
                                                          fleet.addresses.end());
  std::stable_sort(rows.begin(), rows.end(), [](const auto& a, const auto& b) {
    return a.second.requests > b.second.requests;
  });
  TextTable table({Align::kLeft, Align::kRight, Align::kRight});
  table.AddRow({"", Cell("connections", Colour::kDim), Cell("responses", Colour::kDim)});
  const auto add = [&](std::string name, const AddressCounts& counts) {
    table.AddRow({std::move(name), FormatCount(counts.connections), FormatCount(counts.requests)});
  };
  AddressCounts more;
  for (size_t i = 0; i < rows.size(); ++i) {
    if (i < kMostAddresses) {
      add(Printable(rows[i].first, style.utf8), rows[i].second);
    } else {
      more += rows[i].second;
    }
  }
  if (rows.size() > kMostAddresses) add(fmt::format("{} more", rows.size() - kMostAddresses), more);
  return Heading("Addresses", style) + table.ToString(style, 2);
}

std::string Agents(const RunResult& result, const TextStyle& style) {
  if (result.agents.empty()) return "";
  TextTable table({Align::kLeft, Align::kLeft, Align::kRight, Align::kRight, Align::kRight,
                   Align::kRight, Align::kRight, Align::kRight, Align::kRight});
  std::vector<Cell> names;
  const char* rate = result.plan.users() ? "flows/s" : "req/s";
  for (const char* name :
       {"name", "address", "cores", "c", "recorded", "failed", rate, "p50", "p99"}) {
    names.emplace_back(name, Colour::kDim);
  }
  table.AddRow(std::move(names));
  for (const AgentResult& agent : result.agents) {
    const Metrics metrics = agent.metrics.Expand();
    const auto quantile = [&](double fraction) {
      if (metrics.success_service.count() == 0) return std::string("-");
      return Time(metrics.success_service.Quantile(fraction), style);
    };
    std::vector<Cell> row = {Printable(agent.name, style.utf8),
                             Printable(agent.address, style.utf8), FormatCount(agent.host.cores())};
    if (agent.concurrency == 0) {
      row.insert(row.end(), {"-", "not used"});
    } else {
      row.insert(row.end(), {FormatCount(agent.concurrency), FormatCount(metrics.recorded()),
                             Cell(FormatCount(metrics.failed),
                                  metrics.failed > 0 ? Colour::kRed : Colour::kNone),
                             FormatRate(PerSecond(metrics.recorded(), result.elapsed)),
                             quantile(0.5), quantile(0.99)});
    }
    table.AddRow(std::move(row));
  }
  return Heading("Agents, and the service time of their successes", style) +
         table.ToString(style, 2);
}

std::string StartSpreadLine(const RunResult& result, const TextStyle& style) {
  if (!result.start_spread) return "";
  const auto time = [&style](Nanos nanos) { return Time(static_cast<uint64_t>(nanos), style); };
  const auto count = std::count_if(result.agents.begin(), result.agents.end(),
                                   [](const AgentResult& agent) { return agent.clock; });
  return fmt::format("\nStart spread {} {} {} over {} agents\n", time(result.start_spread->spread),
                     style.utf8 ? "±" : "+-", time(result.start_spread->error), count);
}

std::string Events(const RunResult& result, const TextStyle& style) {
  if (result.events.empty()) return "";
  TextTable table({Align::kRight, Align::kLeft, Align::kLeft, Align::kLeft});
  for (size_t i = 0; i < std::min(result.events.size(), kMostEvents); ++i) {
    const RunEvent& event = result.events[i];
    const Colour colour = event.kind == RunEvent::Kind::kLost ? Colour::kRed : Colour::kNone;
    table.AddRow({Time(static_cast<uint64_t>(std::max<Nanos>(event.at, 0)), style),
                  Cell(std::string(EventName(event.kind)), colour),
                  Printable(event.agent, style.utf8), Printable(event.detail, style.utf8)});
  }
  if (result.events.size() > kMostEvents) {
    table.AddRow({"", fmt::format("{} more", result.events.size() - kMostEvents)});
  }
  return Heading("Events", style) + table.ToString(style, 2);
}

}  // namespace

std::string FleetSections(const RunResult& result, const TextStyle& style) {
  return Addresses(result.fleet, style) + Agents(result, style) + HeadroomLine(result, style) +
         StartSpreadLine(result, style) + Events(result, style);
}

}  // namespace squall
