#include "controller/ssh_target.h"

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "controller/fleet_flags.h"

namespace squall {
namespace {

using ::testing::HasSubstr;

TEST(SshTargetTest, Accepted) {
  struct Case {
    std::string text;
    SshTarget target;
    std::string words;
  };
  for (const Case& c : std::vector<Case>{
           {"ssh:host", {"", "host", 0}, "host"},
           {"ssh:ann@host", {"ann", "host", 0}, "ann@host"},
           {"ssh:ann@host:2222", {"ann", "host", 2222}, "-p 2222 ann@host"},
           {"ssh:10.0.0.1:22", {"", "10.0.0.1", 22}, "-p 22 10.0.0.1"},
           {"ssh:my_alias", {"", "my_alias", 0}, "my_alias"},
           {"ssh:ann@corp.example@jump", {"ann@corp.example", "jump", 0}, "ann@corp.example@jump"},
           {"ssh:ann@[::1]:22", {"ann", "::1", 22}, "-p 22 ann@::1"},
           {"ssh:[2001:DB8::7]", {"", "2001:db8::7", 0}, "2001:db8::7"},
       }) {
    SCOPED_TRACE(c.text);
    const absl::StatusOr<SshTarget> target = ParseSshTarget(c.text);
    ASSERT_TRUE(target.ok()) << target.status();
    EXPECT_EQ(*target, c.target);
    EXPECT_EQ(SshWords(*target), c.words);
    // Its display is what it was made of, or leads there again.
    const absl::StatusOr<SshTarget> again = ParseSshTarget(AddressOf(*target).display);
    ASSERT_TRUE(again.ok()) << again.status();
    EXPECT_EQ(*again, *target);
  }
}

TEST(SshTargetTest, Refused) {
  struct Case {
    std::string text;
    std::string words;
  };
  for (const Case& c : std::vector<Case>{
           {"ssh:", "no host"},
           {"ssh:7400", "no host"},
           {"ssh:@host", "no user"},
           {"ssh:ann@", "no host"},
           {"ssh://ann@host", "without slashes"},
           {"ssh:-oProxyCommand=date", "no host"},
           {"ssh:-oProxyCommand=date@host", "no user"},
           {"ssh:ann@-host", "no host"},
           {"ssh:ho st", "no host"},
           {"ssh:a$(date)", "no host"},
           {"ssh:a;b@host", "no user"},
           {"ssh:host:0", "between 1 and 65535"},
           {"ssh:host:port", "between 1 and 65535"},
           {"ssh:::1", "in brackets"},
           {"ssh:[::1", "]"},
           {"ssh:[host]", "no IPv6 address"},
           {"ssh:[::1]22", "ssh:[address]:port"},
           {"ssh:" + std::string(300, 'a'), "no host"},
       }) {
    SCOPED_TRACE(c.text);
    const absl::StatusOr<SshTarget> target = ParseSshTarget(c.text);
    ASSERT_FALSE(target.ok());
    EXPECT_THAT(std::string(target.status().message()), HasSubstr(c.words));
  }
}

TEST(SshTargetTest, AmongOtherAgents) {
  std::vector<AgentSpec> agents;
  ASSERT_TRUE(ResolveAgents("ssh:ann@host*2,c1", agents).ok());
  ASSERT_EQ(agents.size(), 2u);
  EXPECT_EQ(agents[0].address.display, "ssh:ann@host");
  EXPECT_EQ(agents[0].address.target, "ssh:ann@host");
  EXPECT_EQ(agents[0].weight, 2u);
  EXPECT_EQ(agents[1].address.display, "c1:7400");
  agents.clear();
  const absl::Status twice = ResolveAgents("ssh:host,ssh:host", agents);
  EXPECT_THAT(std::string(twice.message()), HasSubstr("named twice"));
}

}  // namespace
}  // namespace squall
