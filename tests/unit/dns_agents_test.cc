#include "controller/dns_agents.h"

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "controller/fleet_flags.h"

namespace squall {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using Texts = std::vector<std::string>;

Texts Displays(const std::vector<AgentSpec>& agents) {
  Texts displays;
  for (const AgentSpec& agent : agents) displays.push_back(agent.address.display);
  return displays;
}

TEST(DnsAgentsTest, EveryAddressIsAnAgent) {
  struct Case {
    const char* name;
    std::string text;
    Texts answer;
    std::string asked;
    Texts agents;
  };
  for (const Case& c : std::vector<Case>{
           {"one", "dns:///agents:7500", {"10.0.0.1"}, "agents", {"10.0.0.1:7500"}},
           {"the port that is everybody's", "dns:///a.b", {"10.0.0.1"}, "a.b", {"10.0.0.1:7400"}},
           {"in the order of their numbers",
            "dns:///a:1",
            {"10.0.0.10", "9.9.9.9", "10.0.0.9"},
            "a",
            {"9.9.9.9:1", "10.0.0.9:1", "10.0.0.10:1"}},
           {"each once", "dns:///a:1", {"10.0.0.1", "10.0.0.1"}, "a", {"10.0.0.1:1"}},
           {"IPv6 alone",
            "dns:///a:1",
            {"fd00::10", "fd00::9"},
            "a",
            {"[fd00::9]:1", "[fd00::10]:1"}},
           {"both kinds", "dns:///a:1", {"::1", "127.0.0.1"}, "a", {"127.0.0.1:1"}},
           {"an address is its own name", "dns:///[::1]:1", {"::1"}, "::1", {"[::1]:1"}},
       }) {
    SCOPED_TRACE(c.name);
    std::string asked;
    std::vector<AgentSpec> agents;
    const absl::Status status = ResolveAgents(c.text, agents, [&](const std::string& host) {
      asked = host;
      return absl::StatusOr<Texts>(c.answer);
    });
    ASSERT_TRUE(status.ok()) << status;
    EXPECT_EQ(asked, c.asked);
    EXPECT_EQ(Displays(agents), c.agents);
  }
}

TEST(DnsAgentsTest, WeightsAndOthersBesides) {
  std::vector<AgentSpec> agents;
  const absl::Status status =
      ResolveAgents("c1,dns:///a:1*3,ssh:ann@host", agents, [](const std::string&) {
        return absl::StatusOr<Texts>(Texts{"1.1.1.1", "1.1.1.2"});
      });
  ASSERT_TRUE(status.ok()) << status;
  EXPECT_THAT(Displays(agents), ElementsAre("c1:7400", "1.1.1.1:1", "1.1.1.2:1", "ssh:ann@host"));
  std::vector<uint32_t> weights;
  for (const AgentSpec& agent : agents) weights.push_back(agent.weight);
  EXPECT_THAT(weights, ElementsAre(0, 3, 3, 0));
}

TEST(DnsAgentsTest, Refused) {
  struct Case {
    const char* name;
    std::string text;
    absl::StatusOr<Texts> answer;
    std::string words;
  };
  for (const Case& c : std::vector<Case>{
           {"nobody", "dns:///a:1", absl::NotFoundError("Name or service not known"),
            "--agents dns:///a:1: there is no agent, as a has no address (Name or service not"},
           {"an empty answer", "dns:///a:1", Texts{}, "has no address"},
           {"two slashes", "dns://a:1", Texts{"1.1.1.1"}, "write dns:///NAME"},
           {"a name server", "dns://8.8.8.8/a", Texts{"1.1.1.1"}, "write dns:///NAME"},
           {"no name", "dns:///", Texts{"1.1.1.1"}, "write dns:///NAME"},
           {"a socket", "dns:///unix:/a", Texts{"1.1.1.1"}, "write unix:PATH"},
           {"no port", "dns:///a:0", Texts{"1.1.1.1"}, "between 1 and 65535"},
           {"twice", "1.1.1.1:1,dns:///a:1", Texts{"1.1.1.1"}, "1.1.1.1:1 is named twice"},
           {"what is no address", "dns:///a", Texts{"not an address"}, "not an address"},
       }) {
    SCOPED_TRACE(c.name);
    std::vector<AgentSpec> agents;
    const absl::Status status =
        ResolveAgents(c.text, agents, [&](const std::string&) { return c.answer; });
    EXPECT_FALSE(status.ok());
    EXPECT_THAT(std::string(status.message()), HasSubstr(c.words));
  }
}

TEST(DnsAgentsTest, TheSystemIsAsked) {
  const auto found = LookUpName("127.0.0.1");
  ASSERT_TRUE(found.ok()) << found.status();
  EXPECT_THAT(*found, ElementsAre("127.0.0.1"));
  const auto nobody = LookUpName("nobody.invalid");
  EXPECT_FALSE(nobody.ok());
  EXPECT_FALSE(nobody.status().message().empty());
}

}  // namespace
}  // namespace squall
