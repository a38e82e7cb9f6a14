#include "controller/calibrate_report.h"

#include <algorithm>
#include <utility>

#include <nlohmann/json.hpp>

#include "absl/time/time.h"
#include "common/version.h"
#include "controller/headroom.h"
#include "controller/text_table.h"
#include "controller/units.h"

namespace squall {
namespace {

using Align = TextTable::Align;
using Cell = TextTable::Cell;
using Json = nlohmann::ordered_json;

std::string Date(const v1::Ceiling& ceiling) {
  return absl::FormatTime("%Y-%m-%d %H:%M", absl::FromUnixSeconds(ceiling.measured_at()),
                          absl::LocalTimeZone());
}

Json CeilingJson(const CalibratedAgent& agent) {
  if (!agent.ceiling) return nullptr;
  const v1::Ceiling& ceiling = *agent.ceiling;
  return {{"requests_per_second", ceiling.requests_per_second()},
          {"connections", ceiling.connections()},
          {"cores", ceiling.cores()},
          {"threads", ceiling.threads()},
          {"version", ceiling.version()},
          {"measured_at", MeasuredAt(ceiling)}};
}

}  // namespace

std::string CalibrateText(const std::vector<CalibratedAgent>& agents, const TextStyle& style) {
  TextTable table(
      {Align::kLeft, Align::kLeft, Align::kRight, Align::kRight, Align::kRight, Align::kLeft});
  std::vector<Cell> head;
  for (const char* title : {"name", "address", "cores", "c", "ceiling", "measured"}) {
    head.emplace_back(title, Colour::kDim);
  }
  table.AddRow(std::move(head));
  std::string details;
  for (const CalibratedAgent& agent : agents) {
    std::vector<Cell> row = {Printable(agent.name.empty() ? "-" : agent.name, style.utf8),
                             Printable(agent.address, style.utf8)};
    if (agent.ceiling) {
      row.insert(row.end(),
                 {FormatCount(agent.ceiling->cores()), FormatCount(agent.ceiling->connections()),
                  Cell(FormatRate(agent.ceiling->requests_per_second()) + "/s", Colour::kBold),
                  Date(*agent.ceiling)});
    } else {
      row.insert(row.end(), {"-", "-", "-", Cell("not measured", Colour::kRed)});
    }
    table.AddRow(std::move(row));
    if (agent.detail.empty()) continue;
    const auto width = static_cast<size_t>(std::max(style.width, 1));
    details += Paint(Wrap(Printable(agent.detail, style.utf8), width, 2),
                     agent.ceiling ? Colour::kYellow : Colour::kRed, style) +
               "\n";
  }
  return table.ToString(style, 0) + (details.empty() ? "" : "\n" + details);
}

std::string CalibrateJson(const std::vector<CalibratedAgent>& agents) {
  Json list = Json::array();
  bool ok = true;
  const auto said = [](const std::string& text) { return text.empty() ? Json() : Json(text); };
  for (const CalibratedAgent& agent : agents) {
    ok = ok && agent.ceiling;
    list.push_back({{"address", agent.address},
                    {"name", said(agent.name)},
                    {"ceiling", CeilingJson(agent)},
                    {"detail", said(agent.detail)}});
  }
  const Json json = {{"version", std::string(kVersion)}, {"ok", ok}, {"agents", std::move(list)}};
  constexpr int kIndent = 2;
  constexpr bool kAscii = true;
  return json.dump(kIndent, ' ', kAscii, Json::error_handler_t::replace) + "\n";
}

}  // namespace squall
