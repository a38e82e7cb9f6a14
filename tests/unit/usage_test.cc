#include "controller/usage.h"

#include <algorithm>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>
#include <gtest/gtest.h>

#include "controller/fleet_command.h"
#include "controller/run_flags.h"

namespace squall {
namespace {

// The program's commands as far as messages need them.
class UsageTest : public testing::Test {
 protected:
  UsageTest() : app_("Distributed HTTP load tester", "squall") {
    app_.require_subcommand(1);
    AddRunCommand(app_, flags_);
    AddFleetCommand(app_, fleet_flags_);
    app_.add_subcommand("agent", "Send requests for controllers");
    app_.add_subcommand("target", "A server to test against");
    app_.add_subcommand("version", "Print the version");
  }

  // Calls `report` with the error that the command line brings.
  template <typename Report>
  void Parse(std::vector<std::string> words, Report report) {
    std::reverse(words.begin(), words.end());
    try {
      app_.parse(words);
    } catch (const CLI::ParseError& error) {
      report(error);
    }
  }

  std::string Message(const std::vector<std::string>& words) {
    std::string message;
    Parse(words, [&](const CLI::ParseError& error) { message = UsageMessage(app_, error); });
    return message;
  }

  CLI::App app_;
  RunFlags flags_;
  FleetFlags fleet_flags_;
};

TEST_F(UsageTest, Messages) {
  struct Case {
    std::string name;
    std::vector<std::string> words;
    std::string want;
  };
  const std::string u = "http://h/";
  const std::string run = "\ntry: squall run --help\n";
  const std::string check = "\ntry: squall fleet check --help\n";
  const std::string group = "\ntry: squall fleet --help\n";
  const std::string root = "\ntry: squall --help\n";
  const std::vector<Case> cases = {
      {"letter missing",
       {"run", "--concurency", "5", u},
       "squall: unknown flag --concurency; did you mean --concurrency?" + run},
      {"value in the same word",
       {"run", "--tiemout=5s", u},
       "squall: unknown flag --tiemout; did you mean --timeout?" + run},
      {"letters swapped",
       {"run", "--jsno", "x", u},
       "squall: unknown flag --jsno; did you mean --json?" + run},
      {"one dash",
       {"run", "-requests", "5", u},
       "squall: unknown flag -requests; did you mean --requests?" + run},
      {"beginning",
       {"run", "--dur", "5s", u},
       "squall: unknown flag --dur; did you mean --duration?" + run},
      {"nothing near", {"run", "--turbo", u}, "squall: unknown flag --turbo" + run},
      {"unknown letter", {"run", "-y", u}, "squall: unknown flag -y" + run},
      {"escape sequence", {"run", "--\x1b[31m", u}, "squall: unknown flag --\\x1b[31m" + run},
      {"second URL", {"run", u, "http://b/"}, "squall: unexpected argument http://b/" + run},
      {"value missing", {"run", u, "-n"}, "squall: -n, --requests needs a value" + run},
      {"value missing, long", {"run", u, "--json"}, "squall: --json needs a value" + run},
      {"twice", {"run", "-n", "1", "-n", "2", u}, "squall: -n, --requests is given twice" + run},
      {"twice, no letter",
       {"run", "--json", "a", "--json", "b", u},
       "squall: --json is given twice" + run},
      {"no command", {}, "squall: a command is missing: run, fleet, agent, target, version" + root},
      {"unknown command",
       {"rnu", u},
       "squall: unknown command rnu; did you mean squall run?" + root},
      {"nothing like it",
       {"benchmark"},
       "squall: unknown command benchmark; there are run, fleet, agent, target, version" + root},
      {"URL for a command",
       {u},
       "squall: unknown command http://h/; did you mean squall run http://h/?" + root},
      {"flag before the command",
       {"-n", "5", "run", u},
       "squall: unknown flag -n; flags stand behind a command" + root},
      {"another command's flag",
       {"agent", "--requests", "5"},
       "squall: unknown flag --requests\ntry: squall agent --help\n"},
      {"flag of a command in a group, letter missing",
       {"fleet", "check", "--agnts", "a"},
       "squall: unknown flag --agnts; did you mean --agents?" + check},
      {"its value missing",
       {"fleet", "check", "--agents"},
       "squall: --agents needs a value" + check},
      {"it is missing", {"fleet", "check"}, "squall: --agents is required" + check},
      {"it comes twice",
       {"fleet", "check", "--agents", "a", "--agents", "b"},
       "squall: --agents is given twice" + check},
      {"more than flags",
       {"fleet", "check", "--agents", "a", "b"},
       "squall: unexpected argument b" + check},
      {"it stands behind the group",
       {"fleet", "--agents", "a", "check"},
       "squall: unknown flag --agents; flags stand behind a command" + group},
      {"unknown command of the group",
       {"fleet", "chekc"},
       "squall: unknown command chekc; did you mean squall fleet check?" + group},
      {"nothing like it",
       {"fleet", "http://h/"},
       "squall: unknown command http://h/; there is check" + group},
  };
  for (const Case& c : cases) EXPECT_EQ(Message(c.words), c.want) << c.name;
}

TEST_F(UsageTest, ErrorsGoToStandardErrorWithCode2) {
  int code = -1;
  testing::internal::CaptureStdout();
  testing::internal::CaptureStderr();
  Parse({"run", "--turbo"},
        [&](const CLI::ParseError& error) { code = ReportUsageError(app_, error); });
  EXPECT_EQ(testing::internal::GetCapturedStdout(), "");
  EXPECT_EQ(testing::internal::GetCapturedStderr(),
            "squall: unknown flag --turbo\ntry: squall run --help\n");
  EXPECT_EQ(code, 2);
}

TEST_F(UsageTest, HelpGoesToStandardOutputWithCode0) {
  int code = -1;
  testing::internal::CaptureStdout();
  testing::internal::CaptureStderr();
  Parse({"run", "--help"},
        [&](const CLI::ParseError& error) { code = ReportUsageError(app_, error); });
  const std::string out = testing::internal::GetCapturedStdout();
  EXPECT_NE(out.find("--concurrency"), std::string::npos) << out;
  EXPECT_NE(out.find("Examples:"), std::string::npos) << out;
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
  EXPECT_EQ(code, 0);
}

TEST_F(UsageTest, HelpOfACommandInAGroup) {
  testing::internal::CaptureStdout();
  Parse({"fleet", "check", "--help"},
        [&](const CLI::ParseError& error) { EXPECT_EQ(ReportUsageError(app_, error), 0); });
  const std::string out = testing::internal::GetCapturedStdout();
  EXPECT_NE(out.find("squall fleet check [OPTIONS]"), std::string::npos) << out;
  EXPECT_NE(out.find("Examples:"), std::string::npos) << out;
}

TEST_F(UsageTest, AGroupAloneShowsItsHelp) {
  testing::internal::CaptureStdout();
  Parse({"fleet"}, [](const CLI::ParseError& error) { FAIL() << error.what(); });
  EXPECT_EQ(RunFleet(*app_.get_subcommand("fleet"), fleet_flags_), 0);
  const std::string out = testing::internal::GetCapturedStdout();
  EXPECT_NE(out.find("Usage: squall fleet"), std::string::npos) << out;
  EXPECT_NE(out.find("check"), std::string::npos) << out;
}

}  // namespace
}  // namespace squall
