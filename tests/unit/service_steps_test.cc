// What makes an agent a service, as a plan: nothing of it is carried out here.

#include "agent/service_steps.h"

#include <algorithm>
#include <optional>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "agent/service_texts.h"

namespace squall {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

constexpr char kConfig[] = "/etc/squall/agent.yaml";
constexpr char kUnit[] = "/etc/systemd/system/squall-agent.service";

struct Machine {
  ServiceManager manager = ServiceManager::kSystemd;
  std::string program = "/home/ann/squall";
  std::set<std::string> files = {};
  std::optional<std::string> config = {};

  ServiceFacts Facts() const {
    return {.manager = manager,
            .program = program,
            .exists = [this](const std::string& path) { return files.contains(path); },
            .config = config};
  }
};

// The first line of each step.
std::vector<std::string> Lines(const std::vector<ServiceStep>& steps) {
  std::vector<std::string> lines;
  for (const ServiceStep& step : steps) {
    const std::string text = Describe(step);
    lines.push_back(text.substr(0, text.find('\n')));
  }
  return lines;
}

std::vector<ServiceStep> Install(const Machine& machine, const AgentWishes& wishes = {}) {
  const auto steps = InstallSteps(machine.Facts(), wishes);
  EXPECT_TRUE(steps.ok()) << steps.status();
  return steps.ok() ? *steps : std::vector<ServiceStep>{};
}

// What the file at `path` would say.
std::string TextAt(const std::vector<ServiceStep>& steps, const std::string& path) {
  for (const ServiceStep& step : steps) {
    const auto* file = std::get_if<WriteFile>(&step);
    if (file != nullptr && file->path == path) return file->text;
  }
  return "";
}

TEST(ServiceStepsTest, AProgramOfSomebodysHome) {
  const auto steps = Install({});
  EXPECT_THAT(Lines(steps), ElementsAre("copy /home/ann/squall to /usr/local/bin/squall (mode 755)",
                                        "write /etc/squall/agent.yaml (mode 644)",
                                        "write /etc/systemd/system/squall-agent.service (mode 644)",
                                        "run systemctl daemon-reload",
                                        "run systemctl enable squall-agent.service",
                                        "run systemctl restart squall-agent.service"));
  EXPECT_EQ(TextAt(steps, kConfig), kAgentConfig);
  EXPECT_EQ(TextAt(steps, kUnit), kSystemdUnit);
}

TEST(ServiceStepsTest, AProgramThatServicesSeeStaysWhereItIs) {
  const auto steps = Install({.program = "/opt/squall/bin/squall"});
  EXPECT_THAT(Lines(steps), Not(testing::Contains(HasSubstr("copy"))));
  EXPECT_THAT(
      TextAt(steps, kUnit),
      HasSubstr("\nExecStart=/opt/squall/bin/squall agent --config /etc/squall/agent.yaml"));
  EXPECT_THAT(TextAt(steps, kUnit), Not(HasSubstr("/usr/local/bin")));
}

TEST(ServiceStepsTest, APackageHasBroughtAlmostAll) {
  const Machine machine{.program = "/usr/bin/squall",
                        .files = {"/usr/lib/systemd/system/squall-agent.service", kConfig},
                        .config = std::string(kAgentConfig)};
  EXPECT_THAT(Lines(Install(machine)), ElementsAre("run systemctl daemon-reload",
                                                   "run systemctl enable squall-agent.service",
                                                   "run systemctl restart squall-agent.service"));
  // Nobody has changed it yet.
  const auto steps = Install(machine, {.listen = "10.0.0.5:7400", .tls = "", .insecure = true});
  EXPECT_THAT(TextAt(steps, kConfig), HasSubstr("\nlisten: \"10.0.0.5:7400\"\n"));
  EXPECT_THAT(TextAt(steps, kConfig), HasSubstr("\ninsecure: true\n"));
  EXPECT_EQ(TextAt(steps, kUnit), "");
}

TEST(ServiceStepsTest, WhatItsOwnerHasWrittenStays) {
  const Machine machine{.files = {kConfig}, .config = "listen: 10.0.0.9:7400\n"};
  EXPECT_THAT(Lines(Install(machine)), Not(testing::Contains(HasSubstr("agent.yaml"))));
  for (const AgentWishes& wishes :
       {AgentWishes{.listen = "10.0.0.5", .tls = "", .insecure = false},
        AgentWishes{.listen = "", .tls = "lon-1.pem", .insecure = false},
        AgentWishes{.listen = "", .tls = "", .insecure = true}}) {
    const auto steps = InstallSteps(machine.Facts(), wishes);
    EXPECT_TRUE(absl::IsFailedPrecondition(steps.status())) << steps.status();
    EXPECT_THAT(std::string(steps.status().message()), HasSubstr(kConfig));
  }
}

TEST(ServiceStepsTest, ACertificateIsRootsAndHandedOver) {
  const auto steps = Install({}, {.listen = "[::]:7400", .tls = "lon-1.pem", .insecure = false});
  const std::string drop_in = "/etc/systemd/system/squall-agent.service.d/tls.conf";
  EXPECT_THAT(Lines(steps),
              testing::Contains("copy lon-1.pem to /etc/squall/agent.pem (mode 600)"));
  EXPECT_THAT(TextAt(steps, drop_in),
              HasSubstr("[Service]\nLoadCredential=agent.pem:/etc/squall/agent.pem\n"));
  EXPECT_THAT(TextAt(steps, kConfig), HasSubstr("\nlisten: \"[::]:7400\"\n"));
  EXPECT_THAT(TextAt(steps, kConfig),
              HasSubstr("\ntls: \"/run/credentials/squall-agent.service/agent.pem\"\n"));
}

TEST(ServiceStepsTest, AMac) {
  const auto steps = Install({.manager = ServiceManager::kLaunchd, .program = "/Users/ann/squall"},
                             {.listen = "10.0.0.5:7400", .tls = "lon-1.pem", .insecure = false});
  EXPECT_THAT(
      Lines(steps),
      ElementsAre("copy /Users/ann/squall to /usr/local/bin/squall (mode 755)",
                  "write /etc/squall/agent.yaml (mode 644)",
                  "copy lon-1.pem to /etc/squall/agent.pem (mode 600)",
                  "write /Library/LaunchDaemons/squall.agent.plist (mode 644)",
                  "run install -d -o nobody /usr/local/var/squall",
                  "run chown nobody /etc/squall/agent.pem",
                  "run launchctl bootout system/squall.agent, if it can",
                  "run launchctl enable system/squall.agent",
                  "run launchctl bootstrap system /Library/LaunchDaemons/squall.agent.plist"));
  EXPECT_THAT(TextAt(steps, kConfig), HasSubstr("\ntls: \"/etc/squall/agent.pem\"\n"));
}

TEST(ServiceStepsTest, Uninstall) {
  const Machine machine{
      .program = "/usr/local/bin/squall",
      .files = {kConfig, kUnit, "/etc/squall", "/etc/squall/agent.pem",
                "/etc/systemd/system/squall-agent.service.d/tls.conf", "/usr/local/bin/squall",
                "/var/lib/private/squall", "/var/lib/squall"},
      .config = "listen: 10.0.0.9:7400\n"};
  const auto gentle = UninstallSteps(machine.Facts(), /*purge=*/false);
  EXPECT_THAT(Lines(gentle),
              ElementsAre("run systemctl disable --now squall-agent.service, if it can",
                          "remove /etc/systemd/system/squall-agent.service",
                          "run systemctl daemon-reload"));
  EXPECT_THAT(LeftBehind(machine.Facts()),
              ElementsAre("/etc/squall/agent.pem", "/var/lib/private/squall", "/var/lib/squall",
                          kConfig, "/usr/local/bin/squall"));
  // Whatever there is of what install wrote is taken away.
  const auto purge = UninstallSteps(machine.Facts(), /*purge=*/true);
  for (const std::string& file : machine.files) {
    const std::string what = file == "/etc/squall" ? file + " if it is empty" : file;
    EXPECT_THAT(Lines(purge), testing::Contains("remove " + what));
  }
}

TEST(ServiceStepsTest, AnUninstallLeavesAPackageToItsManager) {
  const Machine machine{.program = "/usr/bin/squall",
                        .files = {"/usr/lib/systemd/system/squall-agent.service", kConfig,
                                  "/usr/bin/squall", "/usr/local/bin/squall"},
                        .config = std::string(kAgentConfig)};
  EXPECT_THAT(Lines(UninstallSteps(machine.Facts(), /*purge=*/true)),
              ElementsAre("run systemctl disable --now squall-agent.service, if it can",
                          "run systemctl daemon-reload"));
}

TEST(ServiceStepsTest, WhatStandsInAComment) {
  // Every wish has its line in the file, be it in a comment, and takes that line's place.
  const AgentWishes wishes{.listen = "h:1", .tls = "x", .insecure = true};
  const std::string text = ConfigText(ServiceManager::kSystemd, wishes);
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'),
            std::count(kAgentConfig.begin(), kAgentConfig.end(), '\n'));
  EXPECT_THAT(text, Not(HasSubstr("127.0.0.1:7400\"")));
}

}  // namespace
}  // namespace squall
