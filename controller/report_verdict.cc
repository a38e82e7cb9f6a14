#include "controller/report_verdict.h"

#include <algorithm>

#include <fmt/format.h>

#include "controller/text_table.h"
#include "controller/units.h"

namespace squall {
namespace {

constexpr size_t kMostEvidence = 12;

std::string Time(double nanos, const TextStyle& style) { return FormatDuration(nanos, style.utf8); }

std::string Line(const std::string& text, size_t indent, Colour colour, const TextStyle& style) {
  const auto width = static_cast<size_t>(std::max(style.width, 1));
  const std::string padding(indent, ' ');
  return Paint(Wrap(padding + Printable(text, style.utf8), width, indent + 2), colour, style) +
         "\n";
}

Colour ColourOf(Limit limit) {
  switch (limit) {
    case Limit::kNone:
    case Limit::kServer:
      return Colour::kBold;
    case Limit::kUnknown:
      return Colour::kNone;
    default:
      return Colour::kYellow;
  }
}

std::string WithoutTainted(const RunResult& result, const TextStyle& style) {
  if (!result.tainted) return "";
  const bool open_loop = result.fleet.open_loop();
  const Histogram histogram = open_loop
                                  ? result.fleet.success_response.Without(result.tainted->response)
                                  : result.fleet.success_service.Without(result.tainted->service);
  const uint64_t all = result.fleet.success_service.count();
  if (histogram.count() == 0) {
    return Line("clients were the limit all the time: no latency is without that", 2,
                Colour::kYellow, style);
  }
  return Line(fmt::format("{} time without the time in which clients were the limit ({} of the "
                          "successes): p50 {}, p99 {}, max {}",
                          open_loop ? "response" : "service", FormatShare(histogram.count(), all),
                          Time(static_cast<double>(histogram.Quantile(0.5)), style),
                          Time(static_cast<double>(histogram.Quantile(0.99)), style),
                          Time(static_cast<double>(histogram.max()), style)),
              2, Colour::kNone, style);
}

}  // namespace

std::string VerdictSection(const RunResult& result, const TextStyle& style) {
  if (!result.verdict) return "";
  const Verdict& verdict = *result.verdict;
  std::string out = Line(fmt::format("Verdict: {} ({} confidence): {}", LimitName(verdict.limit),
                                     ConfidenceName(verdict.confidence), verdict.summary),
                         0, ColourOf(verdict.limit), style);
  for (size_t i = 0; i < std::min(verdict.evidence.size(), kMostEvidence); ++i) {
    const Evidence& evidence = verdict.evidence[i];
    const std::string whose = evidence.agent.empty() ? "" : fmt::format("{}: ", evidence.agent);
    out += Line(whose + evidence.text, 2, Colour::kNone, style);
  }
  if (verdict.evidence.size() > kMostEvidence) {
    out += Line(fmt::format("and {} more", verdict.evidence.size() - kMostEvidence), 2,
                Colour::kNone, style);
  }
  for (const OutlierAgent& outlier : verdict.outliers) {
    out += Line(fmt::format("agent {} is out of line: p50 {}, p99 {}; the others' {} and {}",
                            outlier.name, Time(static_cast<double>(outlier.p50), style),
                            Time(static_cast<double>(outlier.p99), style),
                            Time(static_cast<double>(outlier.others_p50), style),
                            Time(static_cast<double>(outlier.others_p99), style)),
                2, Colour::kYellow, style);
  }
  return "\n" + out + WithoutTainted(result, style);
}

}  // namespace squall
