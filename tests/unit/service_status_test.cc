#include "agent/service_status.h"

#include <gtest/gtest.h>

namespace squall {
namespace {

struct Case {
  const char* name;
  ServiceManager manager;
  int exit_code;
  std::string answer;
  bool runs;
  std::string text;
};

TEST(ServiceStatusTest, Answers) {
  const auto systemd = ServiceManager::kSystemd;
  const auto launchd = ServiceManager::kLaunchd;
  const std::string at = "ActiveEnterTimestamp=Thu 2026-11-26 10:00:00 UTC\nMainPID=42\n";
  const Case kCases[] = {
      {"it runs", systemd, 0,
       "LoadState=loaded\nUnitFileState=enabled\nActiveState=active\nSubState=running\n" + at +
           "StatusText=free, listening on 10.0.0.5:7400\nResult=success\n",
       true,
       "squall-agent.service is active (running) since Thu 2026-11-26 10:00:00 UTC, process 42\n"
       "it says: free, listening on 10.0.0.5:7400\nit is started when the machine starts\n"},
      {"stopped by hand", systemd, 0,
       "LoadState=loaded\nUnitFileState=disabled\nActiveState=inactive\nSubState=dead\n"
       "Result=success\n",
       false,
       "squall-agent.service is inactive (dead)\nit is not started when the machine starts\n"},
      {"it hung", systemd, 0,
       "LoadState=loaded\nUnitFileState=enabled\nActiveState=failed\nSubState=failed\n"
       "Result=watchdog\n",
       false,
       "squall-agent.service is failed (failed): watchdog; journalctl -u squall-agent.service says "
       "more\nit is started when the machine starts\n"},
      {"no such unit", systemd, 0, "LoadState=not-found\nActiveState=inactive\n", false,
       "squall-agent.service is not installed: squall agent install\n"},
      {"nothing at all", systemd, 1, "", false,
       "squall-agent.service is not installed: squall agent install\n"},
      {"a Mac's runs", launchd, 0,
       "system/squall.agent = {\n\tactive count = 1\n\tstate = running\n\tpid = 42\n}\n", true,
       "squall.agent is running, process 42\n"},
      {"a Mac's waits", launchd, 0, "system/squall.agent = {\n\tstate = spawn scheduled\n}\n",
       false, "squall.agent is spawn scheduled\n"},
      {"a Mac has none", launchd, 113, "", false,
       "squall.agent is not installed: squall agent install\n"},
  };
  for (const Case& test : kCases) {
    const ServiceStatus status = ReadStatus(test.manager, test.exit_code, test.answer);
    EXPECT_EQ(status.runs, test.runs) << test.name;
    EXPECT_EQ(status.text, test.text) << test.name;
  }
}

}  // namespace
}  // namespace squall
