#include "controller/certs_command.h"

#include <algorithm>
#include <cstdio>
#include <unistd.h>
#include <utility>

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "absl/time/clock.h"
#include "common/output.h"
#include "controller/certs_folder.h"
#include "controller/flag_values.h"
#include "controller/terminal.h"
#include "controller/text_table.h"

namespace squall {
namespace {

constexpr int kDone = 0;
constexpr int kNotDone = 2;
constexpr int kCannotWrite = 3;

constexpr int kAuthorityDays = 3650;
constexpr int kDays = 365;
constexpr uint64_t kMostDays = 36'500;

// Of the controller that init makes.
constexpr char kFirstController[] = "admin";

constexpr char kExamples[] =
    R"(Agents off this machine obey controllers with a certificate of their own authority, and controllers
believe such agents alone. DIR is the authority: keep it where nobody else can read it, and copy one
bundle to each agent and controller. An agent's role is agent; a controller's is run (everything) or
view (squall fleet check).

Examples:
  squall certs init fleet                       # the authority, and a controller: admin
  squall certs agent fleet lon-1 lon-2          # bundles fleet/agents/lon-1.pem, …
  squall certs controller fleet ann --role run
  squall certs controller fleet dashboard --role view
  squall certs agent fleet lon-1 --renew        # before it expires
  squall certs revoke fleet ann                 # then copy fleet/revoked.pem to --revoked
  squall certs list fleet

  squall agent --listen 10.0.0.5:7400 --tls lon-1.pem
  squall run --agents 10.0.0.5 --tls fleet/controllers/admin.pem http://10.0.0.9/)";

int Fail(const absl::Status& status) {
  const bool utf8 = DetectStyle(STDERR_FILENO).utf8;
  Print(stderr, "squall: {}\n", Printable(std::string(status.message()), utf8));
  return kNotDone;
}

absl::StatusOr<absl::Duration> LifetimeOf(const CertsFlags& flags, int otherwise) {
  int days = otherwise;
  const absl::Status status =
      ReadNumber("--days", flags.days, 1, kMostDays,
                 [&days](uint64_t number) { days = static_cast<int>(number); });
  if (!status.ok()) return status;
  return absl::Hours(24 * days);
}

absl::Status IssueAll(const CertsFolder& folder, const CertsFlags& flags, Role role) {
  const absl::StatusOr<absl::Duration> lifetime = LifetimeOf(flags, kDays);
  if (!lifetime.ok()) return lifetime.status();
  for (const std::string& name : flags.names) {
    const absl::StatusOr<std::string> path =
        folder.Issue({name, role}, *lifetime, flags.renew, absl::Now());
    if (!path.ok()) return path.status();
    Print(stdout, "{}\n", *path);
  }
  return absl::OkStatus();
}

absl::Status Init(const CertsFlags& flags) {
  const absl::StatusOr<absl::Duration> lifetime = LifetimeOf(flags, kAuthorityDays);
  if (!lifetime.ok()) return lifetime.status();
  const absl::StatusOr<CertsFolder> folder =
      CertsFolder::Create(flags.folder, *lifetime, absl::Now());
  if (!folder.ok()) return folder.status();
  const absl::StatusOr<std::string> path =
      folder->Issue({kFirstController, Role::kRun}, std::min(*lifetime, absl::Hours(24 * kDays)),
                    /*renew=*/false, absl::Now());
  if (!path.ok()) return path.status();
  Print(stdout,
        "{0}/authority.key  the authority's key: it stays here, and nobody else may read it\n"
        "{1}  a controller's bundle: squall run --tls FILE, or $SQUALL_TLS\n"
        "{0}/revoked.pem  who is not believed any more: nobody yet (--revoked FILE)\n"
        "next: squall certs agent {0} NAME…  makes bundles for agents\n",
        flags.folder, *path);
  return absl::OkStatus();
}

absl::Status IssueControllers(const CertsFolder& folder, const CertsFlags& flags) {
  const std::optional<Role> role = RoleNamed(*flags.role);
  if (!role || *role == Role::kAgent) {
    return Invalid("--role {}: must be run (everything) or view (squall fleet check)",
                   Quoted(*flags.role));
  }
  return IssueAll(folder, flags, *role);
}

absl::Status Revoke(const CertsFolder& folder, const CertsFlags& flags) {
  const absl::StatusOr<std::string> path = folder.Revoke(flags.names, absl::Now());
  if (!path.ok()) return path.status();
  Print(stdout,
        "{}  copy it to all agents and controllers (--revoked FILE): {} not believed then\n", *path,
        flags.names.size() == 1 ? flags.names.front() + " is" : "these are");
  return absl::OkStatus();
}

absl::Status List(const CertsFolder& folder) {
  const absl::StatusOr<std::vector<IssuedCertificate>> issued = folder.List();
  if (!issued.ok()) return issued.status();
  const TextStyle style = DetectStyle(STDOUT_FILENO);
  using Align = TextTable::Align;
  TextTable table({Align::kLeft, Align::kLeft, Align::kLeft, Align::kLeft});
  std::vector<TextTable::Cell> head;
  for (const char* title : {"name", "role", "expires", "state"}) {
    head.emplace_back(title, Colour::kDim);
  }
  table.AddRow(std::move(head));
  for (const IssuedCertificate& certificate : *issued) {
    const bool expired = certificate.not_after < absl::Now();
    const TextTable::Cell state = certificate.revoked ? TextTable::Cell("revoked", Colour::kRed)
                                  : expired           ? TextTable::Cell("expired", Colour::kYellow)
                                                      : TextTable::Cell("valid", Colour::kGreen);
    table.AddRow({Printable(certificate.identity.name, style.utf8),
                  std::string(NameOf(certificate.identity.role)),
                  absl::FormatTime("%Y-%m-%d", certificate.not_after, absl::UTCTimeZone()), state});
  }
  Print(stdout, "{}", table.ToString(style, 0));
  return absl::OkStatus();
}

CLI::App& Add(CLI::App& certs, CertsFlags& flags, const char* name, const char* what,
              const char* names) {
  CLI::App& command = *certs.add_subcommand(name, what);
  command.add_option("DIR", flags.folder, "The authority's folder")->required()->type_name("");
  if (names != nullptr) {
    command.add_option("NAME", flags.names, names)->required()->type_name("");
  }
  return command;
}

void AddDays(CLI::App& command, CertsFlags& flags, int otherwise) {
  command
      .add_option_function<std::string>(
          "--days", [&flags](const std::string& text) { flags.days = text; },
          fmt::format("For how long it is valid (default: {})", otherwise))
      ->type_name("N");
}

void AddRenew(CLI::App& command, CertsFlags& flags) {
  command.add_flag("--renew", flags.renew, "Make a new one in place of the bundle that is there");
}

}  // namespace

CLI::App* AddCertsCommand(CLI::App& app, CertsFlags& flags) {
  CLI::App* certs =
      app.add_subcommand("certs", "Give out certificates: who may command agents, and who is one");
  certs->footer(kExamples);
  AddDays(Add(*certs, flags, "init", "Make an authority and a first controller", nullptr), flags,
          kAuthorityDays);
  CLI::App& agent = Add(*certs, flags, "agent", "Make bundles for agents", "Agents' names");
  AddDays(agent, flags, kDays);
  AddRenew(agent, flags);
  CLI::App& controller =
      Add(*certs, flags, "controller", "Make bundles for controllers", "Controllers' names");
  controller
      .add_option_function<std::string>(
          "--role", [&flags](const std::string& text) { flags.role = text; },
          "run: everything; view: squall fleet check alone")
      ->type_name("ROLE")
      ->required();
  AddDays(controller, flags, kDays);
  AddRenew(controller, flags);
  Add(*certs, flags, "revoke", "Add certificates to the list of those not to be believed", "Whose");
  Add(*certs, flags, "list", "Show what was given out", nullptr);
  return certs;
}

int RunCerts(const CLI::App& certs, const CertsFlags& flags) {
  if (certs.get_subcommands().empty()) {
    return Write(stdout, certs.help(certs.get_parent()->get_name())) ? kDone : kCannotWrite;
  }
  const std::string& command = certs.get_subcommands().front()->get_name();
  if (command == "init") {
    const absl::Status status = Init(flags);
    return status.ok() ? kDone : Fail(status);
  }
  const absl::StatusOr<CertsFolder> folder = CertsFolder::Open(flags.folder);
  if (!folder.ok()) return Fail(folder.status());
  const absl::Status status = command == "agent"        ? IssueAll(*folder, flags, Role::kAgent)
                              : command == "controller" ? IssueControllers(*folder, flags)
                              : command == "revoke"     ? Revoke(*folder, flags)
                                                        : List(*folder);
  return status.ok() ? kDone : Fail(status);
}

}  // namespace squall
