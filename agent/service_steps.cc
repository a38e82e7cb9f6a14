#include "agent/service_steps.h"

#include <algorithm>
#include <string_view>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "agent/service_texts.h"
#include "common/values.h"

namespace squall {
namespace {

constexpr unsigned kForAll = 0644;
constexpr unsigned kProgramMode = 0755;
constexpr unsigned kSecret = 0600;

// A service sees nobody's home and no temporary files.
bool IsInstalled(std::string_view program) {
  return program.starts_with("/usr/") || program.starts_with("/opt/");
}

std::string ProgramPlace(const ServiceFacts& facts) {
  return IsInstalled(facts.program) ? facts.program : PlacesOf(facts.manager).program;
}

std::string Folder(const std::string& path) { return path.substr(0, path.rfind('/')); }

std::string Indented(std::string_view text) {
  std::string lines;
  while (!text.empty()) {
    const size_t end = text.find('\n');
    lines += fmt::format("    | {}\n", text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  return lines;
}

std::string DescribeOne(const WriteFile& step) {
  return fmt::format("write {} (mode {:o})\n{}", step.path, step.mode, Indented(step.text));
}
std::string DescribeOne(const CopyFile& step) {
  return fmt::format("copy {} to {} (mode {:o})\n", Quoted(step.from), step.to, step.mode);
}
std::string DescribeOne(const RemoveAll& step) { return fmt::format("remove {}\n", step.path); }
std::string DescribeOne(const RemoveFolder& step) {
  return fmt::format("remove {} if it is empty\n", step.path);
}
std::string DescribeOne(const RunProgram& step) {
  return fmt::format("run {}{}\n", fmt::join(step.words, " "), step.may_fail ? ", if it can" : "");
}

void StartSteps(const ServiceFacts& facts, const ServicePlaces& places, bool has_bundle,
                std::vector<ServiceStep>& steps) {
  const std::string name(ServiceName(facts.manager));
  if (facts.manager == ServiceManager::kSystemd) {
    steps.push_back(RunProgram{{"systemctl", "daemon-reload"}});
    steps.push_back(RunProgram{{"systemctl", "enable", name}});
    steps.push_back(RunProgram{{"systemctl", "restart", name}});
    return;
  }
  steps.push_back(RunProgram{{"install", "-d", "-o", "nobody", places.state}});
  if (has_bundle) steps.push_back(RunProgram{{"chown", "nobody", places.bundle}});
  steps.push_back(RunProgram{{"launchctl", "bootout", "system/" + name}, /*may_fail=*/true});
  steps.push_back(RunProgram{{"launchctl", "enable", "system/" + name}});
  steps.push_back(RunProgram{{"launchctl", "bootstrap", "system", places.unit}});
}

}  // namespace

std::string Describe(const ServiceStep& step) {
  return std::visit([](const auto& one) { return DescribeOne(one); }, step);
}

bool IsPackaged(const ServiceFacts& facts) {
  if (facts.manager != ServiceManager::kSystemd || facts.program != "/usr/bin/squall") return false;
  const std::string name(ServiceName(facts.manager));
  return facts.exists("/usr/lib/systemd/system/" + name) ||
         facts.exists("/lib/systemd/system/" + name);
}

absl::StatusOr<std::vector<ServiceStep>> InstallSteps(const ServiceFacts& facts,
                                                      const AgentWishes& wishes) {
  const ServicePlaces places = PlacesOf(facts.manager);
  const bool has_wishes = !wishes.listen.empty() || !wishes.tls.empty() || wishes.insecure;
  const bool is_written = facts.config && *facts.config != kAgentConfig;
  if (is_written && has_wishes) {
    return absl::FailedPreconditionError(
        fmt::format("{} is there already and stays as it is: write --listen, --tls and --insecure "
                    "into it, as its comments say, and leave them out here",
                    places.config));
  }
  std::vector<ServiceStep> steps;
  const std::string program = ProgramPlace(facts);
  if (program != facts.program) steps.push_back(CopyFile{facts.program, program, kProgramMode});
  if (!facts.config || has_wishes) {
    steps.push_back(WriteFile{places.config, ConfigText(facts.manager, wishes), kForAll});
  }
  if (!wishes.tls.empty()) {
    steps.push_back(CopyFile{wishes.tls, places.bundle, kSecret});
    if (!places.drop_in.empty()) steps.push_back(WriteFile{places.drop_in, DropInText(), kForAll});
  }
  if (!IsPackaged(facts)) {
    steps.push_back(WriteFile{places.unit, UnitText(facts.manager, program), kForAll});
  }
  StartSteps(facts, places, !wishes.tls.empty(), steps);
  return steps;
}

std::vector<ServiceStep> UninstallSteps(const ServiceFacts& facts, bool purge) {
  const ServicePlaces places = PlacesOf(facts.manager);
  const std::string name(ServiceName(facts.manager));
  std::vector<ServiceStep> steps;
  const auto remove = [&](const std::string& path) {
    if (facts.exists(path)) steps.push_back(RemoveAll{path});
  };
  if (facts.manager == ServiceManager::kSystemd) {
    steps.push_back(RunProgram{{"systemctl", "disable", "--now", name}, /*may_fail=*/true});
    remove(places.unit);
    if (purge && facts.exists(places.drop_in)) {
      remove(places.drop_in);
      steps.push_back(RemoveFolder{Folder(places.drop_in)});
    }
    steps.push_back(RunProgram{{"systemctl", "daemon-reload"}});
  } else {
    steps.push_back(RunProgram{{"launchctl", "bootout", "system/" + name}, /*may_fail=*/true});
    remove(places.unit);
  }
  if (!purge) return steps;
  for (const std::string& path : LeftBehind(facts)) steps.push_back(RemoveAll{path});
  if (facts.exists(Folder(places.config))) {
    steps.push_back(RemoveFolder{Folder(places.config)});
  }
  return steps;
}

std::vector<std::string> LeftBehind(const ServiceFacts& facts) {
  const ServicePlaces places = PlacesOf(facts.manager);
  std::vector<std::string> paths = {places.bundle, places.state};
  // systemd's link to what is private to a user that does not last.
  if (facts.manager == ServiceManager::kSystemd) paths.push_back("/var/lib/squall");
  if (!IsPackaged(facts)) paths.insert(paths.end(), {places.config, places.program});
  const auto is_missing = [&](const std::string& path) { return !facts.exists(path); };
  paths.erase(std::remove_if(paths.begin(), paths.end(), is_missing), paths.end());
  return paths;
}

}  // namespace squall
