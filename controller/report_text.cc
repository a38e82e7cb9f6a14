#include "controller/report_text.h"

#include <algorithm>
#include <array>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "common/phases.h"
#include "common/plan_check.h"
#include "controller/report_checks.h"
#include "controller/report_coverage.h"
#include "controller/report_fleet.h"
#include "controller/report_latency.h"
#include "controller/report_parallelism.h"
#include "controller/report_requests.h"
#include "controller/report_verdict.h"
#include "controller/summary.h"
#include "controller/text_table.h"
#include "controller/units.h"

namespace squall {
namespace {

using Align = TextTable::Align;
using Cell = TextTable::Cell;

constexpr size_t kMostStatuses = 20;
constexpr size_t kMostErrors = 12;

std::string Time(double nanos, const TextStyle& style) { return FormatDuration(nanos, style.utf8); }

std::string Time(uint64_t nanos, const TextStyle& style) {
  return Time(static_cast<double>(nanos), style);
}

std::string_view Plural(uint64_t count) { return count == 1 ? "" : "s"; }

std::string Paragraph(std::string_view foreign, Colour colour, const TextStyle& style) {
  const auto width = static_cast<size_t>(std::max(style.width, 1));
  return Paint(Wrap(Printable(foreign, style.utf8), width, 2), colour, style) + "\n";
}

// ---- what the reader must know first

std::string NoResponse(const RunResult& result) {
  std::string text = "Not one response came";
  const std::vector<ErrorRow> rows = ErrorRows(result.fleet);
  if (rows.empty()) return text + ".";
  const ErrorRow& first = rows.front();
  text += fmt::format(": {}", first.kind);
  if (!first.samples.empty() && !first.samples.front()->detail.empty()) {
    text += fmt::format(" ({})", first.samples.front()->detail);
  }
  if (rows.size() > 1)
    text += fmt::format(", and {} other kind{} of error", rows.size() - 1, Plural(rows.size() - 1));
  return text + ".";
}

// Stopped before the measured phase had any result.
bool WasOnlyWarmedUp(const RunResult& result) {
  return result.state == RunState::kInterrupted && result.warm_up && result.fleet.recorded() == 0;
}

std::string Interrupted(const RunResult& result, const TextStyle& style) {
  if (WasOnlyWarmedUp(result)) return "Interrupted during the warm-up: nothing was measured.";
  const auto elapsed = static_cast<uint64_t>(std::max<Nanos>(result.elapsed, 0));
  return fmt::format("Interrupted after {}: {} of {} {} are recorded.", Time(elapsed, style),
                     FormatCount(result.fleet.recorded()), FormatCount(result.planned),
                     NumbersName(result.plan));
}

std::string Incomplete(const RunResult& result) {
  if (!result.notes.empty()) return "Incomplete: " + result.notes.front();
  return fmt::format("Incomplete: {} of {} {} are recorded.", FormatCount(result.fleet.recorded()),
                     FormatCount(result.planned), NumbersName(result.plan));
}

std::string GravestFirst(const RunResult& result, const TextStyle& style) {
  std::string out;
  const bool no_response = ResponsesOf(result) == 0 && !WasOnlyWarmedUp(result);
  // If nothing was recorded either, the state explains why; otherwise the failures do.
  const bool failures_explain = result.fleet.recorded() > 0;
  if (no_response && failures_explain) out += Paragraph(NoResponse(result), Colour::kRed, style);
  size_t notes_used = 0;
  if (result.state == RunState::kIncomplete) {
    out += Paragraph(Incomplete(result), Colour::kRed, style);
    notes_used = std::min<size_t>(result.notes.size(), 1);
  } else if (result.state == RunState::kInterrupted) {
    out += Paragraph(Interrupted(result, style), Colour::kYellow, style);
  }
  if (no_response && !failures_explain) out += Paragraph(NoResponse(result), Colour::kRed, style);
  for (size_t i = notes_used; i < result.notes.size(); ++i) {
    out += Paragraph("Note: " + result.notes[i], Colour::kYellow, style);
  }
  if (!out.empty()) out += '\n';
  return out;
}

// ---- what ran, and what it came to

// "2,000 requests", "30.0 s", "2,000 requests, 30.0 s at most".
std::string Length(const v1::Plan& plan, const v1::Phase& phase, const TextStyle& style) {
  const std::string time = Time(static_cast<double>(phase.duration_ns()), style);
  if (phase.requests() == 0) return time;
  std::string length = fmt::format("{} {}{}", FormatCount(phase.requests()),
                                   plan.users() ? "flow" : "request", Plural(phase.requests()));
  if (phase.duration_ns() != 0) length += fmt::format(", {} at most", time);
  return length;
}

// "10,000/s", "333.3/s, poisson", "at 2x the speed of the log".
std::string Rate(const v1::Arrivals& arrivals) {
  if (arrivals.process() == v1::ARRIVAL_PROCESS_LISTED) {
    return fmt::format("at {:.10g}x the speed of the log",
                       static_cast<double>(arrivals.speed_nano()) * 1e-9);
  }
  constexpr uint64_t kNano = 1'000'000'000;
  std::string rate = FormatCount(arrivals.rate_nano() / kNano);
  if (const uint64_t rest = arrivals.rate_nano() % kNano; rest != 0) {
    rate += fmt::format(".{:09}", rest);
    rate.erase(rate.find_last_not_of('0') + 1);
  }
  return rate + (arrivals.process() == v1::ARRIVAL_PROCESS_POISSON ? "/s, poisson" : "/s");
}

std::string WarmedUp(const RunResult& result, const TextStyle& style) {
  if (!result.warm_up) return "";
  const WarmUp& warm_up = *result.warm_up;
  return Paragraph(
      fmt::format("Warm-up: {}, {} request{}, {} failed, {} connection{} opened, not "
                  "measured",
                  Time(static_cast<double>(warm_up.duration), style), FormatCount(warm_up.recorded),
                  Plural(warm_up.recorded), FormatCount(warm_up.failed),
                  FormatCount(warm_up.connections), Plural(warm_up.connections)),
      Colour::kNone, style);
}

std::string TransportText(const v1::Plan& plan) {
  if (plan.transport().kind() == v1::TRANSPORT_KIND_HTTP1) return "transport http1";
  const std::string_view need = WhatNeedsCurl(plan);
  return need.empty() ? "transport curl" : fmt::format("transport curl (needed for {})", need);
}

std::string WhatRan(const RunResult& result, const TextStyle& style) {
  const v1::Plan& plan = result.plan;
  std::string what;
  const bool shows_seed = plan.has_urls() && plan.urls().order() != v1::ORDER_SEQUENTIAL;
  const bool listed = !plan.urls().requests().empty();
  if (plan.mix().empty() && !listed) what = plan.request().method() + " ";
  if (!plan.mix().empty()) {
    what = RequestsText(plan);
  } else if (plan.has_urls()) {
    static constexpr std::array<std::string_view, 4> kOrders = {"", ", sequential", ", shuffled",
                                                                ", random"};
    const auto order = static_cast<size_t>(plan.urls().order());
    what += fmt::format("{} {}{} of {}{}", FormatCount(plan.urls().entries()),
                        listed ? "request" : "URL", Plural(plan.urls().entries()),
                        plan.urls().name(), order < kOrders.size() ? kOrders[order] : "");
    if (shows_seed) what += fmt::format(", seed {}", plan.seed());
  } else {
    what += WithoutPassword(plan.request().url());
  }
  if (plan.has_feeder()) {
    what += fmt::format(", {} row{} of {}", FormatCount(plan.feeder().rows()),
                        Plural(plan.feeder().rows()), plan.feeder().name());
  }
  if ((plan.templates() || !plan.mix().empty()) && !shows_seed)
    what += fmt::format(", seed {}", plan.seed());

  const v1::Phase& phase = MeasuredPhase(plan);
  std::string how = Length(plan, phase, style);
  if (phase.has_arrivals()) {
    how += fmt::format(", {}, at most {} {}", Rate(phase.arrivals()),
                       FormatCount(plan.concurrency()), plan.users() ? "users" : "in flight");
  } else {
    const std::string count = FormatCount(plan.concurrency());
    how += plan.users() ? fmt::format(", {} users at once", count) : ", concurrency " + count;
  }
  const auto agents = static_cast<uint64_t>(
      std::count_if(result.agents.begin(), result.agents.end(),
                    [](const AgentResult& agent) { return agent.concurrency > 0; }));
  how += fmt::format(", {} agent{}", FormatCount(agents), Plural(agents));
  const v1::Transport& transport = plan.transport();
  how += ", " + TransportText(plan);
  if (plan.has_script()) {
    how += fmt::format(", {} script {}", plan.users() ? "users of" : "by", plan.script().name());
  }
  if (transport.http_version() == v1::HTTP_VERSION_2) {
    how += fmt::format(", HTTP/2, {} stream{} a connection", transport.streams(),
                       Plural(transport.streams()));
  }
  if (transport.no_keepalive()) how += ", no keep-alive";
  if (transport.follow()) how += ", following redirects";
  if (transport.compressed()) how += ", compressed answers";
  if (transport.cookies()) how += ", keeping cookies";
  if (transport.insecure()) how += ", certificates not verified";
  if (!transport.proxy().empty()) how += ", by proxy " + WithoutPassword(transport.proxy());
  if (const std::string checks = ChecksText(plan); !checks.empty()) {
    how += ", expecting " + checks;
  }

  const auto width = static_cast<size_t>(std::max(style.width, 1));
  return Paint(Cut(Printable(what, style.utf8), width, style.utf8), Colour::kBold, style) + "\n" +
         Paragraph(how, Colour::kNone, style) + WarmedUp(result, style);
}

// What was due and has no result.
void AddNotSent(const RunResult& result, const TextStyle& style, TextTable& table) {
  const auto count = [](uint64_t number) {
    return Cell(FormatCount(number), number > 0 ? Colour::kYellow : Colour::kNone);
  };
  if (MeasuredPhase(result.plan).arrivals().has_max_backlog() || result.dropped > 0) {
    table.AddRow({"Dropped", count(result.dropped), "beyond --max-backlog"});
  }
  const auto oldest = static_cast<double>(std::max<Nanos>(result.oldest_unsent, 0));
  table.AddRow({"Unsent", count(result.unsent),
                result.unsent == 0
                    ? "at the end"
                    : fmt::format("at the end, the oldest due for {}", Time(oldest, style))});
}

std::string Totals(const RunResult& result, const TextStyle& style) {
  const Metrics& fleet = result.fleet;
  const auto elapsed = static_cast<uint64_t>(std::max<Nanos>(result.elapsed, 0));
  const auto per_second = [&](uint64_t bytes) {
    return FormatBytes(PerSecond(bytes, result.elapsed)) + "/s";
  };
  const auto size = [](uint64_t bytes) { return FormatBytes(static_cast<double>(bytes)); };
  const Colour failed = fleet.failed > 0 ? Colour::kRed : Colour::kNone;
  const uint64_t planned = result.planned;
  const v1::Phase& phase = MeasuredPhase(result.plan);
  const bool issued =
      !phase.has_arrivals() && (phase.requests() == 0 || planned != phase.requests());
  const Colour recorded = fleet.recorded() == planned ? Colour::kNone : Colour::kYellow;

  TextTable table({Align::kLeft, Align::kRight, Align::kLeft});
  if (result.plan.users()) {
    const uint64_t requests = result.steps.Sum().recorded();
    table.AddRow({"Requests/s", FormatRate(PerSecond(requests, result.elapsed)),
                  fmt::format("{} in all", FormatCount(requests))});
  }
  table.AddRow({result.plan.users() ? "Flows/s" : "Requests/s",
                Cell(FormatRate(PerSecond(fleet.recorded(), result.elapsed)), Colour::kBold),
                fmt::format("in {}", Time(elapsed, style))});
  table.AddRow({"Recorded", Cell(FormatCount(fleet.recorded()), recorded),
                fmt::format("of {} {}", FormatCount(planned), issued ? "issued" : "planned")});
  table.AddRow({"  succeeded", FormatCount(fleet.succeeded),
                FormatShare(fleet.succeeded, fleet.recorded())});
  table.AddRow({"  failed", Cell(FormatCount(fleet.failed), failed),
                Cell(FormatShare(fleet.failed, fleet.recorded()), failed)});
  if (phase.has_arrivals()) AddNotSent(result, style, table);
  table.AddRow({"Received", size(fleet.bytes_received), per_second(fleet.bytes_received)});
  table.AddRow({"Sent", size(fleet.bytes_sent), per_second(fleet.bytes_sent)});
  const uint64_t peak = PeakConnections(result);
  table.AddRow({"Connections", FormatCount(fleet.connections),
                peak == 0 ? "opened" : fmt::format("opened, {} at once", FormatCount(peak))});
  if (fleet.resent > 0) {
    table.AddRow({"Resent", Cell(FormatCount(fleet.resent), Colour::kYellow),
                  "on a fresh connection, as a kept one had been closed"});
  }
  if (result.possibly_repeated > 0) {
    table.AddRow({"Repeated", Cell(FormatCount(result.possibly_repeated), Colour::kYellow),
                  "at most, by agents that were lost"});
  }
  AddCoverage(result, table);
  return "\n" + table.ToString(style, 0);
}

// ---- statuses and errors

Colour ColourOf(uint32_t status) {
  if (status >= 500) return Colour::kRed;
  if (status >= 400) return Colour::kYellow;
  return status >= 200 && status < 300 ? Colour::kGreen : Colour::kNone;
}

std::string Statuses(const Metrics& fleet, const TextStyle& style) {
  const uint64_t responses = fleet.responses();
  if (responses == 0) return "";
  TextTable table({Align::kLeft, Align::kRight, Align::kRight});
  size_t rows = 0;
  size_t more = 0;
  uint64_t more_count = 0;
  for (uint32_t status = 0; status < Metrics::kStatuses; ++status) {
    const uint64_t count = fleet.statuses[status];
    if (count == 0) continue;
    if (rows == kMostStatuses) {
      ++more;
      more_count += count;
      continue;
    }
    ++rows;
    table.AddRow({Cell(fmt::format("{}", status), ColourOf(status)), FormatCount(count),
                  Cell(FormatShare(count, responses), Colour::kDim)});
  }
  if (more > 0) {
    table.AddRow({fmt::format("{} more", more), FormatCount(more_count),
                  Cell(FormatShare(more_count, responses), Colour::kDim)});
  }
  return Heading("Status codes", style) + table.ToString(style, 2);
}

std::string SampleText(const Metrics::Sample& sample, const TextStyle& style) {
  const std::string detail = Printable(sample.detail, style.utf8);
  if (!detail.empty()) return detail;
  return sample.kind == v1::FAILURE_KIND_STATUS ? "(empty body)" : "";
}

std::string Errors(const Metrics& fleet, const TextStyle& style) {
  const std::vector<ErrorRow> errors = ErrorRows(fleet);
  if (errors.empty()) return "";
  TextTable table({Align::kRight, Align::kLeft, Align::kRight, Align::kLeft});
  const size_t shown = std::min(errors.size(), kMostErrors);
  for (size_t i = 0; i < shown; ++i) {
    std::vector<Cell> row = {FormatCount(errors[i].count), Cell(errors[i].kind, Colour::kRed)};
    std::set<std::string> seen;  // the same message again says nothing new
    for (const Metrics::Sample* sample : errors[i].samples) {
      std::string text = SampleText(*sample, style);
      if (!seen.insert(text).second) continue;
      row.emplace_back(fmt::format("n = {}", sample->number), Colour::kDim);
      row.emplace_back(std::move(text));
      table.AddRow(std::move(row));
      row = {"", ""};
    }
    if (seen.empty()) table.AddRow(std::move(row));
  }
  uint64_t more_count = 0;
  for (size_t i = shown; i < errors.size(); ++i) more_count += errors[i].count;
  if (more_count > 0) {
    table.AddRow({FormatCount(more_count), fmt::format("of {} more kinds", errors.size() - shown)});
  }
  return Heading("Errors", style) + table.ToString(style, 2);
}

}  // namespace

std::string TextReport(const RunResult& result, const TextStyle& style) {
  return GravestFirst(result, style) + WhatRan(result, style) + Totals(result, style) +
         VerdictSection(result, style) + ParallelismSection(result, style) +
         LatencySections(result.fleet, style, result.plan.users()) +
         RequestsSection(result, style) +
         Statuses(result.plan.users() ? result.steps.Sum() : result.fleet, style) +
         Errors(result.fleet, style) + FleetSections(result, style);
}

}  // namespace squall
