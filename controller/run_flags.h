// The flags of `squall run`, as they were typed.
#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "controller/check_flags.h"
#include "controller/fleet_tls.h"
#include "controller/script_flags.h"
#include "controller/send_flags.h"

namespace CLI {
class App;
}

namespace squall {

// What stands behind "--" in a command line, taken off its words.
std::vector<std::string> TakeBehindMark(std::vector<std::string>& words);

// One of several requests, as a plan file says it; what is not given is the plan's own.
struct NamedRequestFlags {
  std::optional<std::string> name;
  std::optional<std::string> weight;
  std::optional<std::string> url;
  std::optional<std::string> method;
  std::vector<std::string> headers;
  std::optional<std::string> body;
  std::optional<std::string> body_file;
  CheckFlags checks;
  std::shared_ptr<CLI::App> command;  // that they were read by
};

// Nothing here is checked or converted; what was not given is empty. ResolveRunOptions
// (controller/run_options.h) makes a plan of it.
struct RunFlags {
  std::optional<std::string> url_argument;
  std::optional<std::string> url;
  std::optional<std::string> urls;
  std::optional<std::string> order;
  std::optional<std::string> format;
  std::optional<std::string> seed;

  std::optional<std::string> requests;
  std::optional<std::string> duration;
  std::optional<std::string> warmup;
  std::optional<std::string> drain;
  std::optional<std::string> concurrency;
  std::optional<std::string> rate;
  std::optional<std::string> arrivals;
  std::optional<std::string> max_backlog;
  std::optional<std::string> replay_speed;

  std::optional<std::string> method;
  std::vector<std::string> headers;
  std::optional<std::string> body;
  std::optional<std::string> body_file;
  bool tag = false;
  std::optional<std::string> server_counts;
  std::optional<std::string> feed;
  std::optional<std::string> feed_order;
  std::deque<NamedRequestFlags> mix;  // of plan files alone: they stay where they are

  ScriptFlags script;
  CheckFlags checks;
  bool no_templates = false;
  SendFlags sending;

  std::optional<std::string> timeout;
  std::optional<std::string> transport;
  bool http2 = false;
  std::optional<std::string> streams;
  bool no_keepalive = false;
  bool no_probe = false;
  bool follow = false;
  std::optional<std::string> proxy;
  bool insecure = false;
  std::optional<std::string> ca_file;
  std::optional<std::string> certificate_file;
  std::optional<std::string> key_file;

  std::vector<std::string> resolve;
  std::vector<std::string> connect_to;
  std::optional<std::string> dns_refresh;
  std::vector<std::string> source_addresses;
  std::optional<std::string> unix_socket;

  std::optional<std::string> agents;
  std::optional<std::string> weights;
  FleetTlsFlags fleet_tls;
  std::optional<std::string> listen;
  std::optional<std::string> expect;
  std::optional<std::string> wait;
  bool insecure_fleet = false;
  bool join_late = false;
  std::optional<std::string> grace;
  std::optional<std::string> on_agent_loss;

  std::optional<std::string> json;
  std::optional<std::string> save;
  std::optional<std::string> coverage;
  bool quiet = false;
  std::optional<std::string> log_level;
};

// Adds the subcommand `run`. Parsing fills `flags`, which must outlive the parse.
CLI::App* AddRunCommand(CLI::App& app, RunFlags& flags);
// The flags alone, to any command.
void AddRunFlags(CLI::App& command, RunFlags& flags);
// What a plan file may say of one of several requests: flags of a command that is never typed.
void AddNamedRequestFlags(CLI::App& command, NamedRequestFlags& flags);

// Once the words in front of "--" have been parsed: the first one behind it is the URL, if there is
// none yet; all others are what the script gets.
void GiveBehindMark(std::vector<std::string> behind, CLI::App& run, RunFlags& flags);

}  // namespace squall
