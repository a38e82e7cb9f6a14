#include "controller/report_parallelism.h"

#include <fmt/format.h>

#include "controller/text_table.h"
#include "controller/units.h"

namespace squall {
namespace {

using Align = TextTable::Align;
using Cell = TextTable::Cell;

std::string Time(Nanos nanos, const TextStyle& style) {
  return FormatDuration(static_cast<double>(nanos), style.utf8);
}

// "199.6 ± 0.1"; an error that cannot be seen is not shown.
std::string Mean(const Parallelism& parallelism, const TextStyle& style) {
  std::string mean = fmt::format("{:.1f}", parallelism.mean);
  if (parallelism.error >= 0.05) {
    mean += fmt::format(" {} {:.1f}", style.utf8 ? "±" : "+-", parallelism.error);
  }
  return mean;
}

std::string ShareOf(double part, uint64_t whole) {
  return fmt::format("{:.1f} % of {}", 100 * part / static_cast<double>(whole), FormatCount(whole));
}

// Shorter than the run is what lacks so much of it at either end.
constexpr double kMissing = 0.02;

// "on average from 1 s on, at most 64 at once"
std::string ServerWords(const ServerParallelism& server, Nanos elapsed, const TextStyle& style) {
  std::string words;
  const auto least = static_cast<Nanos>(kMissing * static_cast<double>(elapsed));
  if (server.mean) {
    words = "on average";
    if (server.from > least) words += fmt::format(" from {} on", Time(server.from, style));
    if (server.to < elapsed - least) words += fmt::format(" until {}", Time(server.to, style));
  }
  if (!server.most && !server.peak) return words;
  if (!words.empty()) words += ", ";
  words +=
      fmt::format("at most {} at once", FormatCount(server.most ? *server.most : *server.peak));
  return server.most ? words : words + " since it began to count";
}

}  // namespace

std::string ParallelismSection(const RunResult& result, const TextStyle& style) {
  if (!result.parallelism) return "";
  const Parallelism& parallelism = *result.parallelism;
  TextTable table({Align::kLeft, Align::kRight, Align::kLeft});
  table.AddRow({"in flight on average", Cell(Mean(parallelism, style), Colour::kBold),
                parallelism.asked == 0
                    ? (result.plan.users() ? "whatever users made it" : "whatever the rate made it")
                    : ShareOf(parallelism.mean, parallelism.asked)});
  const std::string bounds =
      fmt::format("by the second {:.1f} to {:.1f}", parallelism.min, parallelism.max);
  if (parallelism.steady) {
    const Parallelism::Steady& steady = *parallelism.steady;
    table.AddRow({"in steady state", fmt::format("{:.1f}", steady.mean),
                  fmt::format("{}, {}", ShareOf(steady.mean, parallelism.asked), bounds)});
    table.AddRow({"ramp-up and tail", "",
                  fmt::format("{} and {}", Time(steady.ramp_up, style), Time(steady.tail, style))});
  } else {
    table.AddRow({"", "", bounds});
  }
  if (parallelism.server) {
    const ServerParallelism& server = *parallelism.server;
    table.AddRow({server.target ? "by the target's own count" : "by the server's own count",
                  server.mean ? fmt::format("{:.1f}", *server.mean) : "",
                  ServerWords(server, result.elapsed, style)});
  }
  if (parallelism.littles_law_error && *parallelism.littles_law_error > kMostLittlesLawError) {
    table.AddRow({"differs from Little's law by",
                  Cell(fmt::format("{:.1f} %", 100 * *parallelism.littles_law_error), Colour::kRed),
                  "a fault in the measurement"});
  }
  return Heading("Parallelism", style) + table.ToString(style, 2);
}

}  // namespace squall
