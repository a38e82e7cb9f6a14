// Where an agent keeps what is to outlive its process.
#pragma once

#include <string>

#include "common/environment.h"

namespace squall {

// The folder that was asked for; else $STATE_DIRECTORY, as systemd sets it (StateDirectory=); else
// squall in $XDG_STATE_HOME, which is ~/.local/state by default
// (https://specifications.freedesktop.org/basedir-spec/). Empty: there is none. It need not exist.
std::string StateFolder(const std::string& asked, const Environment& environment);
// Where lists are in it (agent/list_cache.h); empty without one.
std::string ListFolder(const std::string& state_folder);
// Of this process.
std::string StateFolder(const std::string& asked);

}  // namespace squall
