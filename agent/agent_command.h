// `squall agent`: the daemon.
#pragma once

#include <cstdint>
#include <string>

#include "agent/agent_tls.h"
#include "agent/lists_command.h"
#include "agent/service_command.h"

namespace CLI {
class App;
}

namespace squall {

struct AgentFlags {
  std::string listen;    // host:port or unix:PATH; empty: 127.0.0.1:7400, or none with `join`
  std::string join;      // of a controller that waits for agents; empty: none
  std::string name;      // empty: the certificate's, or the machine's
  uint32_t threads = 0;  // 0: as many as cores
  std::string state;     // a folder; empty: as StateFolder() finds it
  std::string health;    // where to answer health checks; empty: nowhere
  AgentTlsFlags tls;
  std::string log_level;  // empty: info
  std::string config;     // agent.yaml (agent/agent_config.h); empty: none
  // A socket whose other end is the parent's: "listening" is said on it, and its end is the
  // parent's end. -1: the agent is on its own.
  int parent_fd = -1;
  // The same, of a parent behind ssh, which is at the other end of standard input and output.
  bool parent_stdio = false;
  ServiceFlags service;  // squall agent install, uninstall, status
  ListsFlags lists;      // squall agent lists
};

// Declares the subcommand and its flags.
CLI::App* AddAgentCommand(CLI::App& app, AgentFlags& flags);

// Completes the flags by the file that they name. Serves until SIGINT, SIGTERM or the end of its
// parent; or does what was asked of the service. The process's exit code.
int RunAgent(AgentFlags flags);

}  // namespace squall
