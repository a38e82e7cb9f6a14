// The files of deploy/ that make an agent a service. They are part of the program, put in when it
// is built: each text lives once.
#pragma once

#include <string_view>

namespace squall {

extern const std::string_view kSystemdUnit;   // deploy/systemd/squall-agent.service
extern const std::string_view kLaunchdPlist;  // deploy/launchd/squall.agent.plist
extern const std::string_view kAgentConfig;   // deploy/agent.yaml

}  // namespace squall
