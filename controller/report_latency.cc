#include "controller/report_latency.h"

#include <algorithm>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "controller/latency_picture.h"
#include "controller/summary.h"
#include "controller/text_table.h"
#include "controller/units.h"

namespace squall {
namespace {

using Align = TextTable::Align;
using Cell = TextTable::Cell;

// Where there is room for a few figures only.
constexpr std::array kFew = {kPercentiles[0], kPercentiles[4]};
static_assert(kFew[0].name == "p50" && kFew[1].name == "p99");

template <typename Number>
std::string Time(Number nanos, const TextStyle& style) {
  return FormatDuration(static_cast<double>(nanos), style.utf8);
}

Cell Dim(std::string_view text) { return {std::string(text), Colour::kDim}; }

Cell PercentileCell(const Histogram& histogram, const Percentile& percentile,
                    const TextStyle& style) {
  if (percentile.IsMaximum(histogram.count())) return Dim("= max");
  return Time(histogram.Quantile(percentile.fraction()), style);
}

// One sort of latency, of successes and of failures.
std::string Latencies(std::string_view name, const Histogram& success, const Histogram& failure,
                      const TextStyle& style) {
  const auto for_each = [&](const auto& add) {
    if (success.count() > 0) add("success", success);
    if (failure.count() > 0) add("failure", failure);
  };
  TextTable table(std::vector<Align>(1 + kPercentiles.size(), Align::kRight));
  table.AddRow({"", Dim("min"), Dim("mean"), Dim("stddev"), Dim("max")});
  for_each([&](const char* outcome, const Histogram& histogram) {
    table.AddRow({outcome, Time(histogram.min(), style), Time(histogram.Mean(), style),
                  Time(histogram.StandardDeviation(), style), Time(histogram.max(), style)});
  });
  std::vector<Cell> names = {""};
  for (const Percentile& percentile : kPercentiles) names.push_back(Dim(percentile.name));
  table.AddRow(std::move(names));
  for_each([&](const char* outcome, const Histogram& histogram) {
    std::vector<Cell> row = {outcome};
    for (const Percentile& percentile : kPercentiles) {
      row.push_back(PercentileCell(histogram, percentile, style));
    }
    table.AddRow(std::move(row));
  });
  return Heading(name, style) + table.ToString(style, 2);
}

std::string Picture(std::string_view name, const Histogram& histogram, const TextStyle& style) {
  if (histogram.count() == 0) return "";
  return Heading(fmt::format("{} of successes", name), style) + LatencyPicture(histogram, style, 2);
}

std::string ScheduleLag(const Metrics& fleet, const TextStyle& style) {
  TextTable table({Align::kRight, Align::kRight, Align::kRight});
  table.AddRow({Dim(kFew[0].name), Dim(kFew[1].name), Dim("max")});
  table.AddRow({PercentileCell(fleet.schedule_lag, kFew[0], style),
                PercentileCell(fleet.schedule_lag, kFew[1], style),
                Time(fleet.schedule_lag.max(), style)});
  std::string out = Heading("Schedule lag", style) + table.ToString(style, 2);
  if (fleet.waited > 0) {
    const std::string waited = fmt::format(
        "  {} request{} waited ({}), {} of them while another worker had a free connection",
        FormatCount(fleet.waited), fleet.waited == 1 ? "" : "s",
        FormatShare(fleet.waited, fleet.recorded()), FormatCount(fleet.waited_beside_free));
    out += Wrap(waited, static_cast<size_t>(std::max(style.width, 1)), 2) + "\n";
  }
  return out;
}

std::string Parts(const TimingHistograms& timings, const TextStyle& style) {
  const struct {
    const char* connection;
    const char* part;
    const Histogram& histogram;
  } kRows[] = {
      {"fresh connection", "DNS", timings.resolve},
      {"fresh connection", "connect", timings.connect},
      {"fresh connection", "TLS", timings.tls},
      {"fresh connection", "first byte", timings.first_byte_fresh},
      {"fresh connection", "transfer", timings.transfer_fresh},
      {"reused connection", "first byte", timings.first_byte_reused},
      {"reused connection", "transfer", timings.transfer_reused},
  };
  TextTable table(
      {Align::kLeft, Align::kLeft, Align::kRight, Align::kRight, Align::kRight, Align::kRight});
  table.AddRow({"", "", Dim("responses"), Dim(kFew[0].name), Dim(kFew[1].name), Dim("max")});
  std::string_view before;
  for (const auto& row : kRows) {
    const Histogram& histogram = row.histogram;
    if (histogram.count() == 0) continue;
    table.AddRow({row.connection == before ? "" : row.connection, row.part,
                  FormatCount(histogram.count()), PercentileCell(histogram, kFew[0], style),
                  PercentileCell(histogram, kFew[1], style), Time(histogram.max(), style)});
    before = row.connection;
  }
  if (before.empty()) return "";
  return Heading("Where the time went", style) + table.ToString(style, 2);
}

}  // namespace

std::string LatencySections(const Metrics& fleet, const TextStyle& style, bool of_flows) {
  if (fleet.recorded() == 0) return "";
  std::string out;
  if (fleet.open_loop()) {
    out += Latencies("Response time", fleet.success_response, fleet.failure_response, style);
    if (fleet.success_response_again.count() > 0) {
      out += Latencies("Response time without what lost agents had had",
                       fleet.success_response.Without(fleet.success_response_again),
                       fleet.failure_response, style);
    }
  }
  out += Latencies(of_flows ? "Service time of flows" : "Service time", fleet.success_service,
                   fleet.failure_service, style);
  if (fleet.open_loop()) {
    out += ScheduleLag(fleet, style);
    out += Picture("Response time", fleet.success_response, style);
  } else {
    out += Picture("Service time", fleet.success_service, style);
  }
  return out + Parts(fleet.timings, style);
}

}  // namespace squall
