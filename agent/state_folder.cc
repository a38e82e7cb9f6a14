#include "agent/state_folder.h"

namespace squall {

std::string StateFolder(const std::string& asked, const Environment& environment) {
  if (!asked.empty()) return asked;
  // A unit may have several, with colons between them.
  const std::string given = environment("STATE_DIRECTORY");
  if (!given.empty()) return given.substr(0, given.find(':'));
  // Relative paths do not count there.
  const std::string base = environment("XDG_STATE_HOME");
  if (base.starts_with('/')) return base + "/squall";
  const std::string home = environment("HOME");
  return home.starts_with('/') ? home + "/.local/state/squall" : "";
}

std::string ListFolder(const std::string& state_folder) {
  return state_folder.empty() ? "" : state_folder + "/lists";
}

std::string StateFolder(const std::string& asked) { return StateFolder(asked, ProcessEnvironment); }

}  // namespace squall
