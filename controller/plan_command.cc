#include "controller/plan_command.h"

#include <cstdio>
#include <unistd.h>

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <fmt/format.h>

#include "common/output.h"
#include "common/phases.h"
#include "common/values.h"
#include "controller/curl_words.h"
#include "controller/flag_values.h"
#include "controller/plan_file.h"
#include "controller/run_options.h"
#include "controller/terminal.h"
#include "controller/units.h"

namespace squall {
namespace {

constexpr int kNotAPlan = 2;
constexpr int kCannotWrite = 3;

constexpr char kExamples[] =
    R"(A plan is YAML. Its keys are the long names of squall run's flags, with _ for -; flags that are typed
come before what it says. Files that it names to be read are looked for beside it.

  url: https://api.test.internal/items
  duration: 30s
  rate: 500
  header: ['Accept: application/json', 'X-Team: checkout']

Examples:
  squall run plan.yaml                          # what it says
  squall run plan.yaml -z 5m --agents lon-1     # but this
  squall plan check plan.yaml                   # with line and column of what is wrong
  squall plan show plan.yaml -z 5m              # as it would be run
  squall plan from-curl 'curl -H "Accept: */*" https://api.test.internal/items' > plan.yaml
  squall plan schema > squall-plan.schema.json  # for editors)";

int Fail(const absl::Status& status) {
  const bool utf8 = DetectStyle(STDERR_FILENO).utf8;
  Print(stderr, "squall: {}\n", Printable(std::string(status.message()), utf8));
  return kNotAPlan;
}

int Say(const std::string& text) { return Print(stdout, "{}", text) ? 0 : kCannotWrite; }

std::string HowMuch(const v1::Plan& plan) {
  const v1::Phase& phase = MeasuredPhase(plan);
  std::string text;
  if (phase.requests() != 0) text = fmt::format("{} requests", FormatCount(phase.requests()));
  if (phase.duration_ns() != 0) {
    text += fmt::format("{}{}", text.empty() ? "" : ", at most ",
                        absl::FormatDuration(absl::Nanoseconds(phase.duration_ns())));
  }
  return text;
}

// What the run has that nobody has said, as comments.
std::string Defaults(const v1::Plan& plan, const CLI::App& command) {
  const auto missing = [&command](const char* flag) { return command.count(flag) == 0; };
  std::string text;
  if (missing("--requests") && missing("--duration")) {
    text += fmt::format("# requests: {}\n", MeasuredPhase(plan).requests());
  }
  if (missing("--method") && plan.mix().empty())
    text += fmt::format("# method: {}\n", plan.request().method());
  const bool http1 = plan.transport().kind() == v1::TRANSPORT_KIND_HTTP1;
  if (missing("--transport")) text += fmt::format("# transport: {}\n", http1 ? "http1" : "curl");
  if (missing("--timeout")) {
    text += fmt::format("# timeout: {}\n",
                        absl::FormatDuration(absl::Nanoseconds(plan.transport().timeout_ns())));
  }
  return text.empty() ? text : fmt::format("# What is not said:\n{}", text);
}

absl::StatusOr<RunOptions> Resolve(CLI::App& command, RunFlags& flags) {
  if (!flags.url_argument || !PlanFile::IsMeant(*flags.url_argument)) {
    return Invalid("no plan: name a file that ends in .yaml or .yml");
  }
  return ResolveRun(command, flags);
}

int Check(CLI::App& command, RunFlags& flags) {
  const std::string file = flags.url_argument.value_or("");
  const absl::StatusOr<RunOptions> options = Resolve(command, flags);
  if (!options.ok()) return Fail(options.status());
  return Say(fmt::format("{}: {}\n", Quoted(file), HowMuch(options->plan)));
}

int Show(CLI::App& command, RunFlags& flags) {
  const absl::StatusOr<RunOptions> options = Resolve(command, flags);
  if (!options.ok()) return Fail(options.status());
  return Say(PlanText(command) + MixText(flags) + Defaults(options->plan, command));
}

int FromCurl(const std::vector<std::string>& words) {
  const absl::StatusOr<std::string> plan = PlanFromCurl(words);
  if (!plan.ok()) return Fail(plan.status());
  return Say(*plan);
}

CLI::App* AddFlagged(CLI::App& plan, const std::string& name, const std::string& help,
                     RunFlags& flags) {
  CLI::App* command = plan.add_subcommand(name, help);
  AddRunFlags(*command, flags);
  return command;
}

}  // namespace

CLI::App* AddPlanCommand(CLI::App& app, PlanFlags& flags) {
  CLI::App* plan = app.add_subcommand("plan", "Check, show and make plan files");
  plan->require_subcommand(1);
  plan->footer(kExamples);
  AddFlagged(*plan, "check", "Say what is wrong with a plan, and send nothing", flags.checked);
  AddFlagged(*plan, "show", "Print a plan as it would be run, flags included", flags.shown);
  CLI::App* from_curl =
      plan->add_subcommand("from-curl", "Print the plan of a request that curl sends");
  from_curl->prefix_command();
  plan->add_subcommand("schema", "Print the JSON Schema of plans");
  return plan;
}

int RunPlan(CLI::App& command, PlanFlags& flags) {
  if (command.got_subcommand("check")) {
    return Check(*command.get_subcommand("check"), flags.checked);
  }
  CLI::App& show = *command.get_subcommand("show");
  if (show.parsed()) return Show(show, flags.shown);
  CLI::App& from_curl = *command.get_subcommand("from-curl");
  if (from_curl.parsed()) return FromCurl(from_curl.remaining());
  return Say(PlanSchema(show));
}

}  // namespace squall
