#include "agent/service_files.h"

#include <fmt/format.h>

#include "absl/strings/str_replace.h"
#include "agent/service_texts.h"
#include "common/values.h"

namespace squall {
namespace {

// In the texts; `make install` puts another one in its place as well.
constexpr std::string_view kProgramInTexts = "/usr/local/bin/squall";

// Where systemd puts what LoadCredential= names (systemd.exec(5)).
constexpr std::string_view kCredential = "/run/credentials/squall-agent.service/agent.pem";

// Whether a line of YAML is `key: …`, be it in a comment.
bool Sets(std::string_view line, std::string_view key) {
  if (line.starts_with('#')) line.remove_prefix(1);
  line = TrimBlanks(line);
  return line.starts_with(key) && line.substr(key.size()).starts_with(':');
}

// `yaml` with the line `key: value` in the place of the one that has the key, or at its end.
std::string With(std::string_view yaml, std::string_view key, std::string_view value) {
  std::string text;
  bool set = false;
  while (!yaml.empty()) {
    const size_t end = yaml.find('\n');
    const std::string_view line = yaml.substr(0, end);
    const bool here = !set && Sets(line, key);
    text += here ? fmt::format("{}: {}\n", key, value) : fmt::format("{}\n", line);
    set = set || here;
    yaml.remove_prefix(end == std::string_view::npos ? yaml.size() : end + 1);
  }
  return set ? text : text + fmt::format("{}: {}\n", key, value);
}

// In quotes: YAML has other ideas about [::1]:7400. Addresses and paths hold no control characters.
std::string YamlString(std::string_view text) {
  return fmt::format("\"{}\"", absl::StrReplaceAll(absl::string_view(text.data(), text.size()),
                                                   {{"\\", "\\\\"}, {"\"", "\\\""}}));
}

}  // namespace

ServicePlaces PlacesOf(ServiceManager manager) {
  if (manager == ServiceManager::kLaunchd) {
    return {.program = "/usr/local/bin/squall",
            .unit = "/Library/LaunchDaemons/squall.agent.plist",
            .config = "/etc/squall/agent.yaml",
            .bundle = "/etc/squall/agent.pem",
            .drop_in = "",
            .state = "/usr/local/var/squall"};
  }
  return {.program = "/usr/local/bin/squall",
          .unit = "/etc/systemd/system/squall-agent.service",
          .config = "/etc/squall/agent.yaml",
          .bundle = "/etc/squall/agent.pem",
          .drop_in = "/etc/systemd/system/squall-agent.service.d/tls.conf",
          .state = "/var/lib/private/squall"};
}

std::string_view ServiceName(ServiceManager manager) {
  return manager == ServiceManager::kLaunchd ? "squall.agent" : "squall-agent.service";
}

std::string UnitText(ServiceManager manager, std::string_view program) {
  const std::string_view text = manager == ServiceManager::kLaunchd ? kLaunchdPlist : kSystemdUnit;
  const auto view = [](std::string_view same) {
    return absl::string_view(same.data(), same.size());
  };
  return absl::StrReplaceAll(view(text), {{view(kProgramInTexts), view(program)}});
}

std::string DropInText() {
  return fmt::format(
      "# Made by squall agent install --tls. The file is root's alone: systemd gives the service "
      "a\n"
      "# copy, {}, when it starts.\n"
      "[Service]\n"
      "LoadCredential=agent.pem:{}\n",
      kCredential, PlacesOf(ServiceManager::kSystemd).bundle);
}

std::string ConfigText(ServiceManager manager, const AgentWishes& wishes) {
  std::string text(kAgentConfig);
  if (!wishes.listen.empty()) text = With(text, "listen", YamlString(wishes.listen));
  if (!wishes.tls.empty()) {
    const std::string bundle =
        manager == ServiceManager::kLaunchd ? PlacesOf(manager).bundle : std::string(kCredential);
    text = With(text, "tls", YamlString(bundle));
  }
  if (wishes.insecure) text = With(text, "insecure", "true");
  return text;
}

}  // namespace squall
