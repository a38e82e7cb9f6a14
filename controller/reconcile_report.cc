#include "controller/reconcile_report.h"

#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include "controller/text_table.h"
#include "controller/units.h"

namespace squall {
namespace {

using Json = nlohmann::ordered_json;
using Align = TextTable::Align;

constexpr size_t kIndent = 2;

std::string First(const std::vector<uint64_t>& numbers) {
  return numbers.empty() ? "" : fmt::format("first: {}", fmt::join(numbers, ", "));
}

std::string First(const std::map<uint64_t, uint64_t>& times) {
  std::vector<std::string> parts;
  for (const auto& [number, count] : times)
    parts.push_back(fmt::format("{} ({} times)", number, count));
  return parts.empty() ? "" : fmt::format("first: {}", fmt::join(parts, ", "));
}

std::string RequestsTable(const ReconcileReport& report, const TextStyle& style) {
  const Reconciliation& found = report.found;
  TextTable table({Align::kLeft, Align::kRight});
  std::string firsts;
  const auto row = [&](const char* name, uint64_t count, bool good, const std::string& first) {
    const Colour colour = good || count == 0 ? Colour::kNone : Colour::kYellow;
    table.AddRow({name, {FormatCount(count), colour}});
    if (!first.empty()) {
      firsts +=
          Wrap(fmt::format("  {}, {}", name, first), static_cast<size_t>(style.width), 4) + "\n";
    }
  };
  row("recorded", report.facts.recorded, true, "");
  row("recorded and logged once", found.once, true, "");
  row("recorded and logged more than once", found.more_often, false, "");
  row("recorded and never logged", found.never, false, First(found.first_never));
  row("failed without a response", report.facts.without_response, true, "");
  row("logged and not recorded", found.not_recorded, false, First(found.first_not_recorded));
  row("logged more than once", found.repeated, false, First(found.first_repeated));
  return Heading("Requests", style) + table.ToString(style, kIndent) + firsts;
}

std::string StatusTable(const ReconcileReport& report, const TextStyle& style) {
  const bool by_number = report.found.by_number;
  TextTable table(std::vector<Align>(by_number ? 6 : 3, Align::kRight));
  if (by_number) {
    table.AddRow({"status", "recorded", "lines", "of recorded", "again", "not recorded"});
  } else {
    table.AddRow({"status", "recorded", "lines"});
  }
  for (const auto& [status, counts] : report.found.statuses) {
    const uint64_t logged = by_number ? counts.first : counts.lines;
    const Colour colour = logged == counts.recorded ? Colour::kNone : Colour::kYellow;
    std::vector<TextTable::Cell> row = {fmt::format("{:03}", status), FormatCount(counts.recorded)};
    if (by_number) {
      row.emplace_back(FormatCount(counts.lines));
      row.emplace_back(FormatCount(counts.first), colour);
      row.emplace_back(FormatCount(counts.again));
      row.emplace_back(FormatCount(counts.not_recorded));
    } else {
      row.emplace_back(FormatCount(counts.lines), colour);
    }
    table.AddRow(std::move(row));
  }
  table.AddRow({"none", FormatCount(report.facts.without_response), "-"});
  return Heading("By status", style) + table.ToString(style, kIndent);
}

std::string LinesTable(const ReconcileReport& report, const TextStyle& style) {
  const Reconciliation& found = report.found;
  TextTable table({Align::kLeft, Align::kRight});
  table.AddRow({"lines", FormatCount(found.lines)});
  const uint64_t others = found.unreadable + found.untagged + found.warm_up + found.other_runs;
  const auto row = [&](const char* name, uint64_t count) {
    if (count != 0) table.AddRow({name, FormatCount(count)});
  };
  row("of the run", found.lines - others);
  row("of its warm-up", found.warm_up);
  row("of other runs", found.other_runs);
  row("without a tag", found.untagged);
  row("unreadable", found.unreadable);
  std::string text = Heading("Log", style) + table.ToString(style, kIndent);
  for (const UnreadableLine& line : report.unreadable) {
    text += fmt::format("  first unreadable: {}\n", ToText(line, style.utf8));
  }
  return text;
}

Json StatusesJson(const ReconcileReport& report) {
  const bool by_number = report.found.by_number;
  const auto known = [&](uint64_t count) { return by_number ? Json(count) : Json(); };
  Json json = Json::object();
  for (const auto& [status, counts] : report.found.statuses) {
    json[fmt::format("{:03}", status)] = {{"recorded", counts.recorded},
                                          {"lines", counts.lines},
                                          {"first_lines", known(counts.first)},
                                          {"repeated_lines", known(counts.again)},
                                          {"not_recorded", known(counts.not_recorded)}};
  }
  return json;
}

Json RequestsJson(const ReconcileReport& report) {
  const Reconciliation& found = report.found;
  if (!found.by_number) return nullptr;
  Json repeated = Json::array();
  for (const auto& [number, lines] : found.first_repeated) {
    repeated.push_back({{"request", number}, {"lines", lines}});
  }
  return {{"logged_once", found.once},          {"logged_more_often", found.more_often},
          {"never_logged", found.never},        {"first_never_logged", found.first_never},
          {"not_recorded", found.not_recorded}, {"first_not_recorded", found.first_not_recorded},
          {"repeated", found.repeated},         {"repeated_lines", found.repeated_lines},
          {"first_repeated", repeated},         {"other_status", report.conclusion.other_status}};
}

Json LogJson(const ReconcileReport& report) {
  const Reconciliation& found = report.found;
  Json unreadable;
  for (const UnreadableLine& line : report.unreadable) {
    unreadable = {{"log", line.log}, {"line", line.number}, {"text", line.text}};
  }
  return {{"files", report.logs},           {"lines", found.lines},
          {"untagged", found.untagged},     {"warmup", found.warm_up},
          {"other_runs", found.other_runs}, {"unreadable", found.unreadable},
          {"first_unreadable", unreadable}};
}

}  // namespace

std::string ToText(const UnreadableLine& line, bool utf8) {
  constexpr size_t kColumns = 120;
  return fmt::format("{}: line {}: {}", Printable(line.log, utf8), line.number,
                     Cut(Printable(line.text, utf8), kColumns, utf8));
}

std::string ReconcileText(const ReconcileReport& report, const TextStyle& style) {
  const auto width = static_cast<size_t>(style.width);
  const Colour colour = report.conclusion.agrees ? Colour::kGreen : Colour::kRed;
  std::string text = Paint(Wrap(report.conclusion.sentence, width, kIndent), colour, style) + "\n";
  for (const std::string& note : report.conclusion.notes) {
    text += Paint(Wrap("note: " + note, width, kIndent), Colour::kYellow, style) + "\n";
  }
  if (report.found.by_number) text += RequestsTable(report, style);
  text += StatusTable(report, style);
  text += LinesTable(report, style);
  return text;
}

std::string ReconcileJson(const ReconcileReport& report) {
  const RunFacts& facts = report.facts;
  const Json json = {{"agrees", report.conclusion.agrees},
                     {"conclusion", report.conclusion.sentence},
                     {"notes", report.conclusion.notes},
                     {"run",
                      {{"result", report.result},
                       {"id", facts.id},
                       {"state", facts.state},
                       {"tagged", facts.tagged},
                       {"planned", facts.planned},
                       {"recorded", facts.recorded},
                       {"failed_without_response", facts.without_response},
                       {"resent", facts.resent},
                       {"possibly_repeated", facts.possibly_repeated},
                       {"warmup_recorded", facts.warm_up}}},
                     {"log", LogJson(report)},
                     {"requests", RequestsJson(report)},
                     {"status_codes", StatusesJson(report)}};
  constexpr int kJsonIndent = 2;
  constexpr bool kAscii = true;
  return json.dump(kJsonIndent, ' ', kAscii, Json::error_handler_t::replace) + "\n";
}

}  // namespace squall
