#include "controller/fleet_check_report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "common/version.h"
#include "controller/fleet_warnings.h"

namespace squall {
namespace {

using State = AgentCheck::State;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

constexpr TextStyle kPlain{false, false, 100};

AgentCheck GoodAgent(const std::string& name = "lon-1") {
  AgentCheck agent;
  agent.address = "10.0.0.11:7400";
  agent.name = name;
  agent.build = std::string(kVersion);
  agent.host.set_os("Linux 6.1");
  agent.host.set_machine("x86_64");
  agent.host.set_cores(8);
  agent.host.set_load(0.3125);
  agent.host.set_file_limit(65'536);
  agent.host.set_ports(28'232);
  v1::Ceiling& ceiling = *agent.host.mutable_ceiling();
  ceiling.set_requests_per_second(43'210.5);
  ceiling.set_connections(400);
  ceiling.set_cores(8);
  ceiling.set_threads(8);
  ceiling.set_version(std::string(kVersion));
  ceiling.set_transport(v1::TRANSPORT_KIND_HTTP1);
  ceiling.set_measured_at(1'700'000'000);
  agent.clock = {.offset = -123'456'789, .error = 71'000, .rtt = 142'000, .drift = {}};
  agent.to_agent_bytes_per_second = 118e6;
  agent.from_agent_bytes_per_second = 117e6;
  return agent;
}

AgentCheck BadAgent(State state, const std::string& detail) {
  AgentCheck agent;
  agent.address = "10.0.0.12:7400";
  agent.state = state;
  agent.detail = detail;
  return agent;
}

TEST(FleetCheckReport, TextOfAllThatCanBeUsed) {
  EXPECT_EQ(FleetCheckText({GoodAgent()}, kPlain),
            R"(Agents
  name   address         state      clock  round trip  to agent  from agent
  lon-1  10.0.0.11:7400  ok     +-71.0 us      142 us  118 MB/s    117 MB/s

Machines
  name   version  system     machine  cores   load   files   ports   ceiling
  lon-1  )" + std::string(kVersion) +
                R"(    Linux 6.1  x86_64       8  0.312  65,536  28,232  43,211/s

The agent can be used.
)");
}

TEST(FleetCheckReport, TextSaysWhoCannotBeUsedAndWhy) {
  AgentCheck busy = GoodAgent("lon-2");
  busy.state = State::kBusy;
  busy.detail = "ann@lab (process 7) runs it since noon";
  const std::string text =
      FleetCheckText({GoodAgent(), busy, BadAgent(State::kUnreachable, "no\x1b[2J way"),
                      BadAgent(State::kOtherVersion, "speaks 99")},
                     kPlain);
  EXPECT_THAT(text, HasSubstr("3 of 4 agents cannot be used now:\n"
                              "10.0.0.11:7400 (lon-2): busy: ann@lab (process 7) runs it since "
                              "noon\n"
                              "10.0.0.12:7400: unreachable: no\\x1b[2J way\n"
                              "10.0.0.12:7400: other version: speaks 99\n"));
  EXPECT_THAT(text, Not(HasSubstr("Warning")));
}

TEST(FleetCheckReport, ForeignTextDoesNotMakeTheTableWide) {
  AgentCheck agent = GoodAgent(std::string(300, 'n'));
  agent.host.set_os(std::string(300, 'o'));
  agent.build = std::string(300, 'b');
  agent.host.set_load(1e300);
  const std::string text = FleetCheckText({agent}, kPlain);
  for (size_t at = 0; text.compare(at, 8, "Warning:") != 0 && at < text.size();) {
    const size_t end = text.find('\n', at);
    EXPECT_LE(end - at, 100u) << text.substr(at, end - at);
    at = end + 1;
  }
}

TEST(FleetCheckReport, JsonHasAllOfAnAgent) {
  AgentCheck unknown_limits = GoodAgent();
  unknown_limits.host.set_file_limit(0);
  unknown_limits.host.set_ports(0);
  unknown_limits.host.clear_ceiling();
  const auto json = nlohmann::json::parse(FleetCheckJson(
      {GoodAgent(), BadAgent(State::kOtherVersion, "speaks \xff 99"), unknown_limits},
      absl::FromUnixSeconds(0)));
  EXPECT_EQ(json["ok"], false);
  EXPECT_EQ(json["version"], std::string(kVersion));
  EXPECT_EQ(json["checked_at"], "1970-01-01T00:00:00.000Z");
  EXPECT_EQ(json["warnings"], nlohmann::json::array());
  const auto good = nlohmann::json::parse(R"({
    "address": "10.0.0.11:7400", "name": "lon-1", "ok": true, "state": "ok", "detail": null,
    "host": {"os": "Linux 6.1", "machine": "x86_64", "cores": 8, "version": "VERSION",
             "load": 0.3125, "file_limit": 65536, "ports": 28232,
             "ceiling": {"requests_per_second": 43210.5, "measured_at": "2023-11-14T22:13:20Z"}},
    "clock": {"offset_ns": -123456789, "error_ns": 71000, "rtt_ns": 142000},
    "to_agent_bytes_per_second": 118e6, "from_agent_bytes_per_second": 117e6})");
  auto expected = good;
  expected["host"]["version"] = std::string(kVersion);
  EXPECT_EQ(json["agents"][0], expected);
  const auto& bad = json["agents"][1];
  EXPECT_EQ(bad["state"], "other_version");
  EXPECT_EQ(bad["ok"], false);
  EXPECT_EQ(bad["detail"], "speaks \ufffd 99");
  for (const char* key : {"name", "host", "clock", "to_agent_bytes_per_second"}) {
    EXPECT_TRUE(bad.contains(key) && bad[key].is_null()) << key;
  }
  EXPECT_TRUE(json["agents"][2]["host"]["file_limit"].is_null());
  EXPECT_TRUE(json["agents"][2]["host"]["ports"].is_null());
  EXPECT_TRUE(json["agents"][2]["host"]["ceiling"].is_null());
  EXPECT_EQ(nlohmann::json::parse(FleetCheckJson({GoodAgent()}, absl::Now()))["ok"], true);
}

TEST(FleetWarnings, EachKindHasALineThatNamesTheAgents) {
  struct Row {
    const char* name;
    void (*change)(AgentCheck&);
    const char* words;  // nothing: no warning
  };
  const Row rows[] = {
      {"another version", [](AgentCheck& a) { a.build = "9.9.9"; }, "odd (9.9.9)"},
      {"just enough files", [](AgentCheck& a) { a.host.set_file_limit(10'000); }, nullptr},
      {"few files", [](AgentCheck& a) { a.host.set_file_limit(9'999); }, "odd (9,999)"},
      {"files that it does not tell", [](AgentCheck& a) { a.host.set_file_limit(0); }, nullptr},
      {"all cores at work", [](AgentCheck& a) { a.host.set_load(8); }, nullptr},
      {"more than that", [](AgentCheck& a) { a.host.set_load(8.5); }, "odd (8.5 on 8 cores)"},
      {"for its run",
       [](AgentCheck& a) {
         a.host.set_load(8.5);
         a.state = State::kBusy;
         a.to_agent_bytes_per_second.reset();
       },
       nullptr},
      {"a clock", [](AgentCheck& a) { a.clock->error = 5 * kMillisecond; }, nullptr},
      {"a vague clock", [](AgentCheck& a) { a.clock->error = 6 * kMillisecond; },
       "odd (+-6.00 ms)"},
      {"nothing through", [](AgentCheck& a) { a.to_agent_bytes_per_second.reset(); },
       "odd (to it)"},
      {"nothing back", [](AgentCheck& a) { a.from_agent_bytes_per_second.reset(); },
       "odd (from it)"},
      {"not asked for",
       [](AgentCheck& a) {
         a.to_agent_bytes_per_second.reset();
         a.not_measured = true;
       },
       "no speed was measured: a certificate of role view does not allow it"},
      {"obedient", [](AgentCheck& a) { a.obeys_anybody = true; },
       "agents that obey anybody who reaches them (--insecure): odd (10.0.0.11:7400)"},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.name);
    AgentCheck odd = GoodAgent("odd");
    row.change(odd);
    const auto warnings = FleetWarnings({GoodAgent(), odd});
    if (row.words == nullptr) {
      EXPECT_THAT(warnings, ElementsAre());
    } else {
      EXPECT_THAT(warnings, ElementsAre(HasSubstr(row.words)));
    }
  }
}

TEST(FleetWarnings, ALineNamesSomeAndCountsTheRest) {
  AgentCheck agent = GoodAgent("few");
  agent.host.set_file_limit(256);
  const auto warnings = FleetWarnings(std::vector<AgentCheck>(25, agent));
  EXPECT_THAT(warnings, ElementsAre(HasSubstr("few (256), 15 more; raise")));
}

}  // namespace
}  // namespace squall
