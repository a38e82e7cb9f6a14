// `squall certs`: a private authority, and what it gives out.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace squall {

// As typed.
struct CertsFlags {
  std::string folder;
  std::vector<std::string> names;
  std::optional<std::string> role;
  std::optional<std::string> days;
  bool renew = false;
};

// Adds the group `certs` with its subcommands. Parsing fills `flags`, which must outlive the parse.
CLI::App* AddCertsCommand(CLI::App& app, CertsFlags& flags);

// What was parsed; the help, if that is the group alone. The process's exit code: 0 done, 2 usage
// error or nothing was done.
int RunCerts(const CLI::App& certs, const CertsFlags& flags);

}  // namespace squall
