// Who may command an agent, as its flags say; and what agents are called.

#include "agent/agent_tls.h"

#include <filesystem>
#include <unistd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <spdlog/spdlog.h>

#include "absl/time/clock.h"
#include "common/log_limit.h"
#include "controller/certified_name.h"
#include "controller/certs_folder.h"

namespace squall {
namespace {

using testing::HasSubstr;

class AgentTlsTest : public testing::Test {
 protected:
  AgentTlsTest() : path_(testing::TempDir() + "/agent_tls_" + std::to_string(getpid())) {
    std::filesystem::remove_all(path_);
    spdlog::set_level(spdlog::level::off);
    const auto folder = *CertsFolder::Create(path_, absl::Hours(24), absl::Now());
    agent_ = *folder.Issue({"lon-1", Role::kAgent}, absl::Hours(24), false, absl::Now());
    controller_ = *folder.Issue({"ann", Role::kRun}, absl::Hours(24), false, absl::Now());
  }
  ~AgentTlsTest() override {
    spdlog::set_level(level_);
    std::filesystem::remove_all(path_);
  }

  const spdlog::level::level_enum level_ = spdlog::get_level();
  const std::string path_;
  std::string agent_;
  std::string controller_;
};

TEST_F(AgentTlsTest, WhereItListens) {
  const struct {
    const char* address;
    bool this_machine;
  } cases[] = {
      {"127.0.0.1:7400", true},   {"127.9.9.9:7400", true}, {"[::1]:7400", true},
      {"localhost:7400", true},   {"unix:/tmp/s", true},    {"[::ffff:127.0.0.1]:1", true},
      {"0.0.0.0:7400", false},    {"[::]:7400", false},     {"10.0.0.5:7400", false},
      {"128.0.0.1:7400", false},  {"lab:7400", false},      {"localhost.example:7400", false},
      {"[2001:db8::1]:1", false}, {"[::2]:1", false},       {"127.0.0.1.example:1", false},
  };
  for (const auto& c : cases) {
    const Address address = *ParseListenAddress(c.address);
    EXPECT_EQ(IsOfThisMachine(address), c.this_machine) << c.address;
    const auto nothing = ResolveAgentTls({}, address, false);
    EXPECT_EQ(nothing.ok(), c.this_machine) << c.address;
    if (!nothing.ok()) {
      EXPECT_THAT(std::string(nothing.status().message()),
                  HasSubstr("whoever reaches this address could command this agent: give --tls"));
    }
    const auto insecure =
        ResolveAgentTls({.bundle = {}, .revoked = {}, .insecure = true}, address, false);
    ASSERT_TRUE(insecure.ok()) << c.address;
    EXPECT_EQ(insecure->obeys_anybody, !c.this_machine) << c.address;
    const auto tls = ResolveAgentTls({.bundle = agent_, .revoked = {}}, address, false);
    ASSERT_TRUE(tls.ok()) << tls.status();
    EXPECT_FALSE(tls->obeys_anybody);
    EXPECT_NE(tls->files, nullptr);
  }
}

TEST_F(AgentTlsTest, Refusals) {
  const Address address = *ParseAddress("10.0.0.5:7400");
  const struct {
    const char* name;
    AgentTlsFlags flags;
    bool dials;
    const char* want;
  } cases[] = {
      {"joining", {}, true, "--join 10.0.0.5:7400: whoever answers there could command this agent"},
      {"both", {.bundle = agent_, .revoked = {}, .insecure = true}, false, "exclude each other"},
      {"a list alone", {.bundle = {}, .revoked = "x"}, false, "give --tls as well"},
      {"a controller's",
       {.bundle = controller_, .revoked = {}},
       false,
       "the certificate \"ann\" is a controller's"},
      {"no file", {.bundle = path_ + "/none", .revoked = {}}, false, "No such file"},
  };
  for (const auto& c : cases) {
    const auto got = ResolveAgentTls(c.flags, address, c.dials);
    EXPECT_EQ(got.status().code(), absl::StatusCode::kInvalidArgument) << c.name;
    EXPECT_THAT(std::string(got.status().message()), HasSubstr(c.want)) << c.name;
  }
}

TEST(CertifiedName, StandsInFront) {
  const struct {
    const char* name;
    PeerIdentity identity;
    const char* said;
    const char* want;
  } cases[] = {
      {"no certificate", {}, "lon-1", "lon-1"},
      {"the same", {"lon-1", Role::kAgent}, "lon-1", "lon-1"},
      {"one of several", {"pods", Role::kAgent}, "pod-7", "pods/pod-7"},
      {"it says nothing", {"lon-1", Role::kAgent}, "", "lon-1"},
  };
  for (const auto& c : cases) {
    v1::AgentMessage message;
    message.mutable_welcome()->set_name(c.said);
    NameByCertificate(c.identity, message);
    EXPECT_EQ(message.welcome().name(), c.want) << c.name;
  }
  v1::AgentMessage other;
  other.mutable_done();
  NameByCertificate({"lon-1", Role::kAgent}, other);
  EXPECT_TRUE(other.has_done());
}

TEST(LogLimit, LetsFewThroughAndCountsTheOthers) {
  LogLimit limit;
  Nanos now = 1000 * kSecond;
  int let = 0;
  for (int i = 0; i < 100; ++i) let += limit.Ask(now) ? 1 : 0;
  EXPECT_EQ(let, LogLimit::kMost);
  now += LogLimit::kInterval;
  EXPECT_EQ(limit.Ask(now), 100u - LogLimit::kMost);
  EXPECT_FALSE(limit.Ask(now));
  now += 100 * LogLimit::kInterval;
  EXPECT_EQ(limit.Ask(now), 1u);
  EXPECT_EQ(limit.Ask(now), 0u);
}

}  // namespace
}  // namespace squall
