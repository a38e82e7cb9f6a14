#include "controller/fleet_check_report.h"

#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "common/version.h"
#include "controller/fleet_warnings.h"
#include "controller/headroom.h"
#include "controller/text_table.h"
#include "controller/units.h"

namespace squall {
namespace {

using Align = TextTable::Align;
using Cell = TextTable::Cell;
using Json = nlohmann::ordered_json;
using State = AgentCheck::State;
using Agents = std::vector<AgentCheck>;

struct StateWords {
  std::string_view text;
  std::string_view key;
  Colour colour;
};

StateWords Words(State state) {
  switch (state) {
    case State::kOk:
      return {"ok", "ok", Colour::kGreen};
    case State::kBusy:
      return {"busy", "busy", Colour::kYellow};
    case State::kUnreachable:
      return {"unreachable", "unreachable", Colour::kRed};
    case State::kOtherVersion:
      return {"other version", "other_version", Colour::kRed};
    case State::kUnusable:
      break;
  }
  return {"unusable", "unusable", Colour::kRed};
}

std::string NameOf(const AgentCheck& agent) {
  return agent.name.empty() ? agent.address : agent.name;
}

std::string Duration(Nanos nanos, bool utf8) {
  return FormatDuration(static_cast<double>(std::max<Nanos>(nanos, 0)), utf8);
}

Cell Speed(const std::optional<double>& bytes_per_second) {
  return bytes_per_second ? FormatBytes(*bytes_per_second) + "/s" : std::string("-");
}

std::string Ways(const Agents& agents, const TextStyle& style) {
  TextTable table({Align::kLeft, Align::kLeft, Align::kLeft, Align::kRight, Align::kRight,
                   Align::kRight, Align::kRight});
  std::vector<Cell> head;
  for (const char* title :
       {"name", "address", "state", "clock", "round trip", "to agent", "from agent"}) {
    head.emplace_back(title, Colour::kDim);
  }
  table.AddRow(std::move(head));
  for (const AgentCheck& agent : agents) {
    const StateWords words = Words(agent.state);
    std::vector<Cell> row = {Printable(agent.name.empty() ? "-" : agent.name, style.utf8),
                             Printable(agent.address, style.utf8),
                             Cell(std::string(words.text), words.colour)};
    if (agent.clock) {
      row.emplace_back((style.utf8 ? "±" : "+-") + Duration(agent.clock->error, style.utf8));
      row.emplace_back(Duration(agent.clock->rtt, style.utf8));
      row.push_back(Speed(agent.to_agent_bytes_per_second));
      row.push_back(Speed(agent.from_agent_bytes_per_second));
    }
    table.AddRow(std::move(row));
  }
  return Heading("Agents", style) + table.ToString(style, 2);
}

std::string Machines(const Agents& agents, const TextStyle& style) {
  TextTable table({Align::kLeft, Align::kLeft, Align::kLeft, Align::kLeft, Align::kRight,
                   Align::kRight, Align::kRight, Align::kRight, Align::kRight});
  std::vector<Cell> head;
  for (const char* title :
       {"name", "version", "system", "machine", "cores", "load", "files", "ports", "ceiling"}) {
    head.emplace_back(title, Colour::kDim);
  }
  table.AddRow(std::move(head));
  const auto known = [](uint64_t count) { return count == 0 ? "-" : FormatCount(count); };
  bool any = false;
  for (const AgentCheck& agent : agents) {
    if (agent.build.empty()) continue;
    any = true;
    const v1::Host& host = agent.host;
    const std::optional<v1::Ceiling> ceiling = CeilingOf(host);
    table.AddRow({Printable(NameOf(agent), style.utf8), Printable(agent.build, style.utf8),
                  Printable(host.os(), style.utf8), Printable(host.machine(), style.utf8),
                  FormatCount(host.cores()), fmt::format("{:.3g}", host.load()),
                  known(host.file_limit()), known(host.ports()),
                  ceiling ? FormatRate(ceiling->requests_per_second()) + "/s" : "-"});
  }
  return any ? Heading("Machines", style) + table.ToString(style, 2) : "";
}

std::string Paragraph(std::string_view text, Colour colour, const TextStyle& style) {
  constexpr size_t kIndent = 2;
  const std::string line = Printable(text, style.utf8);
  return Paint(Wrap(line, static_cast<size_t>(std::max(style.width, 0)), kIndent), colour, style) +
         "\n";
}

std::string Conclusion(const Agents& agents, const TextStyle& style) {
  const auto bad = std::count_if(agents.begin(), agents.end(),
                                 [](const AgentCheck& agent) { return !agent.ok(); });
  if (bad == 0) {
    const std::string text = agents.size() == 1
                                 ? "The agent can be used."
                                 : fmt::format("All {} agents can be used.", agents.size());
    return "\n" + Paragraph(text, Colour::kGreen, style);
  }
  std::string out =
      "\n" + Paragraph(fmt::format("{} of {} agents cannot be used now:", bad, agents.size()),
                       Colour::kRed, style);
  for (const AgentCheck& agent : agents) {
    if (agent.ok()) continue;
    const bool named = !agent.name.empty() && agent.name != agent.address;
    out += Paragraph(
        fmt::format("{}{}: {}: {}", agent.address, named ? fmt::format(" ({})", agent.name) : "",
                    Words(agent.state).text, agent.detail),
        Colour::kNone, style);
  }
  return out;
}

Json CeilingJson(const v1::Host& host) {
  const std::optional<v1::Ceiling> ceiling = CeilingOf(host);
  if (!ceiling) return nullptr;
  return {{"requests_per_second", ceiling->requests_per_second()},
          {"measured_at", MeasuredAt(*ceiling)}};
}

Json HostJson(const AgentCheck& agent) {
  if (agent.build.empty()) return nullptr;
  const v1::Host& host = agent.host;
  const auto known = [](uint64_t count) { return count == 0 ? Json() : Json(count); };
  return {{"os", host.os()},
          {"machine", host.machine()},
          {"cores", host.cores()},
          {"version", agent.build},
          {"load", host.load()},
          {"file_limit", known(host.file_limit())},
          {"ports", known(host.ports())},
          {"ceiling", CeilingJson(host)}};
}

Json ClockJson(const AgentCheck& agent) {
  if (!agent.clock) return nullptr;
  return {{"offset_ns", agent.clock->offset},
          {"error_ns", agent.clock->error},
          {"rtt_ns", agent.clock->rtt}};
}

}  // namespace

bool AllOk(const Agents& agents) {
  return std::all_of(agents.begin(), agents.end(),
                     [](const AgentCheck& agent) { return agent.ok(); });
}

std::string FleetCheckText(const Agents& agents, const TextStyle& style) {
  std::string out = Ways(agents, style) + Machines(agents, style) + Conclusion(agents, style);
  const std::vector<std::string> warnings = FleetWarnings(agents);
  if (!warnings.empty()) out += "\n";
  for (const std::string& warning : warnings) {
    out += Paragraph("Warning: " + warning, Colour::kYellow, style);
  }
  return out.substr(out.find_first_not_of('\n'));
}

std::string FleetCheckJson(const Agents& agents, absl::Time checked_at) {
  Json list = Json::array();
  for (const AgentCheck& agent : agents) {
    const auto said = [](const std::string& text) { return text.empty() ? Json() : Json(text); };
    const auto speed = [](const std::optional<double>& bytes_per_second) {
      return bytes_per_second ? Json(*bytes_per_second) : Json();
    };
    list.push_back({{"address", agent.address},
                    {"name", said(agent.name)},
                    {"ok", agent.ok()},
                    {"state", Words(agent.state).key},
                    {"detail", said(agent.detail)},
                    {"host", HostJson(agent)},
                    {"clock", ClockJson(agent)},
                    {"to_agent_bytes_per_second", speed(agent.to_agent_bytes_per_second)},
                    {"from_agent_bytes_per_second", speed(agent.from_agent_bytes_per_second)}});
  }
  const Json json = {
      {"version", std::string(kVersion)},
      {"checked_at", absl::FormatTime("%Y-%m-%dT%H:%M:%E3SZ", checked_at, absl::UTCTimeZone())},
      {"ok", AllOk(agents)},
      {"warnings", FleetWarnings(agents)},
      {"agents", std::move(list)}};
  constexpr int kIndent = 2;
  constexpr bool kAscii = true;
  return json.dump(kIndent, ' ', kAscii, Json::error_handler_t::replace) + "\n";
}

}  // namespace squall
