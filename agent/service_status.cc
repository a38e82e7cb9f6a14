#include "agent/service_status.h"

#include <fmt/format.h>

#include "common/values.h"

namespace squall {
namespace {

// The value of the first line `name SEPARATOR value`; empty if there is none.
std::string_view Value(std::string_view lines, std::string_view name, std::string_view separator) {
  while (!lines.empty()) {
    const size_t end = lines.find('\n');
    std::string_view line = TrimBlanks(lines.substr(0, end));
    if (line.starts_with(name) && line.substr(name.size()).starts_with(separator)) {
      return line.substr(name.size() + separator.size());
    }
    lines.remove_prefix(end == std::string_view::npos ? lines.size() : end + 1);
  }
  return {};
}

// The output of systemctl show: lines NAME=value.
ServiceStatus ReadSystemd(std::string_view answer) {
  const auto value = [&](std::string_view name) { return Value(answer, name, "="); };
  const std::string_view name = ServiceName(ServiceManager::kSystemd);
  if (value("LoadState") != "loaded") {
    return {false, fmt::format("{} is not installed: squall agent install\n", name)};
  }
  ServiceStatus status;
  status.runs = value("ActiveState") == "active";
  status.text =
      fmt::format("{} is {} ({})", name, Quoted(value("ActiveState")), Quoted(value("SubState")));
  if (status.runs) {
    status.text += fmt::format(" since {}, process {}", Quoted(value("ActiveEnterTimestamp")),
                               Quoted(value("MainPID")));
  } else if (value("Result") != "success") {
    status.text += fmt::format(": {}; journalctl -u {} says more", Quoted(value("Result")), name);
  }
  status.text += '\n';
  if (status.runs && !value("StatusText").empty()) {
    status.text += fmt::format("it says: {}\n", Quoted(value("StatusText")));
  }
  status.text +=
      fmt::format("{} when the machine starts\n",
                  value("UnitFileState") == "enabled" ? "it is started" : "it is not started");
  return status;
}

// The output of launchctl print: lines "name = value", which are for people and may change.
ServiceStatus ReadLaunchd(int exit_code, std::string_view answer) {
  const std::string_view name = ServiceName(ServiceManager::kLaunchd);
  if (exit_code != 0) {
    return {false, fmt::format("{} is not installed: squall agent install\n", name)};
  }
  const std::string_view state = Value(answer, "state", " = ");
  const std::string_view process = Value(answer, "pid", " = ");
  ServiceStatus status;
  status.runs = state == "running";
  status.text = fmt::format("{} is {}{}\n", name, state.empty() ? "loaded" : Quoted(state),
                            process.empty() ? "" : fmt::format(", process {}", Quoted(process)));
  return status;
}

}  // namespace

std::vector<std::string> StatusQuestion(ServiceManager manager) {
  const std::string name(ServiceName(manager));
  if (manager == ServiceManager::kLaunchd) return {"launchctl", "print", "system/" + name};
  return {"systemctl", "show", name,
          "--property=LoadState,UnitFileState,ActiveState,SubState,ActiveEnterTimestamp,MainPID,"
          "StatusText,Result"};
}

ServiceStatus ReadStatus(ServiceManager manager, int exit_code, std::string_view answer) {
  return manager == ServiceManager::kLaunchd ? ReadLaunchd(exit_code, answer) : ReadSystemd(answer);
}

}  // namespace squall
