#include "agent/policy.h"

#include <filesystem>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace squall {
namespace {

using ::testing::HasSubstr;

using Texts = std::vector<std::string>;

std::vector<TargetRule> RulesOf(const Texts& texts, int line) {
  std::vector<TargetRule> rules;
  for (const std::string& text : texts) {
    rules.push_back(ParseTargetRule(text).value());
    rules.back().where = "a.yaml:" + std::to_string(++line);
  }
  return rules;
}

// Entries of allow_targets stand from line 2 on, those of deny_targets from line 12.
Policy Make(const std::optional<Texts>& allow, const Texts& deny) {
  Policy::Rules rules;
  if (allow) {
    rules.allow = RulesOf(*allow, 1);
    rules.allow_where = "a.yaml:1";
  }
  rules.deny = RulesOf(deny, 11);
  return Policy(std::move(rules), {});
}

Place At(const std::string& host, uint16_t port = 80) { return {host, port, host, port}; }
Place Diverted(const std::string& host, const std::string& to) { return {host, 80, to, 80}; }
Place Given(const std::string& host) { return {host, 80, host, 80, true}; }

struct Row {
  const char* name;
  Policy policy;
  Place place;
  std::string address;
  std::string reason;  // a part of it; empty: allowed
};

TEST(Policy, WhereConnectionsGo) {
  const Policy none;
  const Row rows[] = {
      {"nothing is said", none, At("api.test"), "10.0.0.8", ""},
      {"denied by range", Make({}, {"10.0.0.0/8"}), At("api.test"), "10.0.0.8",
       "api.test:80 (10.0.0.8:80): deny_targets 10.0.0.0/8 (a.yaml:12)"},
      {"denied, literal", Make({}, {"10.0.0.0/8"}), At("10.0.0.8"), "10.0.0.8",
       "10.0.0.8:80: deny_targets 10.0.0.0/8 (a.yaml:12)"},
      {"denied, mapped", Make({}, {"10.0.0.0/8"}), At("api.test"), "::ffff:10.0.0.8",
       "deny_targets 10.0.0.0/8"},
      {"denied by name", Make({}, {"192.0.2.1", "*.test"}), At("api.test"), "10.0.0.8",
       "api.test:80: deny_targets *.test (a.yaml:13)"},
      {"denied on another port", Make({}, {"10.0.0.0/8:443"}), At("api.test"), "10.0.0.8", ""},
      {"denied the name that it is diverted from", Make({}, {"api.test"}),
       Diverted("api.test", "other"), "10.0.0.8", "deny_targets api.test"},
      {"denied the name that it is diverted to", Make({}, {"other"}), Diverted("api.test", "other"),
       "10.0.0.8", "deny_targets other"},
      {"deny wins over allow", Make(Texts{"*", "10.0.0.8"}, {"10.0.0.0/8"}), At("api.test"),
       "10.0.0.8", "deny_targets"},

      {"allowed by name", Make(Texts{"*.test"}, {}), At("api.test"), "10.0.0.8", ""},
      {"allowed by address", Make(Texts{"10.0.0.0/8"}, {}), At("api.test"), "10.0.0.8", ""},
      {"allowed both ways", Make(Texts{"*"}, {}), At("10.0.0.8"), "10.0.0.8", ""},
      {"not allowed", Make(Texts{"*.test"}, {}), At("api.other"), "10.0.0.8",
       "api.other:80: not in allow_targets (a.yaml:1)"},
      {"not allowed by address", Make(Texts{"10.0.0.0/8"}, {}), At("api.test"), "192.0.2.1",
       "api.test:80 (192.0.2.1:80): not in allow_targets (a.yaml:1)"},
      {"nothing is allowed", Make(Texts{}, {}), At("api.test"), "10.0.0.8", "not in allow_targets"},
      {"an address is not allowed by name", Make(Texts{"*.test"}, {}), At("10.0.0.8"), "10.0.0.8",
       "not in allow_targets"},
      {"allowed on another port", Make(Texts{"*.test:443"}, {}), At("api.test"), "10.0.0.8",
       "not in allow_targets"},
      {"an address that the plan gives to an allowed name", Make(Texts{"*.test"}, {}),
       Given("api.test"), "10.0.0.8", "not in allow_targets"},
      {"an address that the plan gives and is allowed", Make(Texts{"*.test", "10.0.0.8"}, {}),
       Given("api.test"), "10.0.0.8", ""},
      {"diverted to what is allowed", Make(Texts{"*.test"}, {}), Diverted("api.other", "api.test"),
       "10.0.0.8", ""},
      {"diverted from what is allowed", Make(Texts{"*.test"}, {}),
       Diverted("api.test", "api.other"), "10.0.0.8", "not in allow_targets"},

      {"metadata", none, At("169.254.169.254"), "169.254.169.254",
       "169.254.169.254:80: 169.254.0.0/16 is a cloud's metadata, denied unless allow_targets"},
      {"metadata by a name", none, At("api.test"), "169.254.169.254", "cloud's metadata"},
      {"metadata, IPv6", none, At("api.test"), "fd00:ec2::254", "cloud's metadata"},
      {"metadata, mapped", none, At("api.test"), "::ffff:169.254.169.254", "cloud's metadata"},
      {"metadata, Alibaba", none, At("api.test"), "100.100.100.200", "cloud's metadata"},
      {"beside it", none, At("api.test"), "100.100.100.201", ""},
      {"metadata's name", none, At("Metadata.Google.Internal."), "10.0.0.8", "cloud's metadata"},
      {"everything is not metadata", Make(Texts{"*", "0.0.0.0/0"}, {}), At("169.254.169.254"),
       "169.254.169.254", "cloud's metadata"},
      {"a name is not metadata", Make(Texts{"api.test"}, {}), At("api.test"), "169.254.169.254",
       "cloud's metadata"},
      {"metadata itself", Make(Texts{"169.254.169.254"}, {}), At("169.254.169.254"),
       "169.254.169.254", ""},
      {"metadata's range", Make(Texts{"169.254.0.0/16"}, {}), At("169.254.1.1"), "169.254.1.1", ""},
      {"metadata's name itself", Make(Texts{"metadata.goog", "10.0.0.8"}, {}), At("metadata.goog"),
       "10.0.0.8", ""},
      {"allowed and denied metadata", Make(Texts{"169.254.169.254"}, {"169.254.0.0/16"}),
       At("169.254.169.254"), "169.254.169.254", "deny_targets"},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.name);
    const Endpoint to = WithPort(*NumericEndpoint(row.address), row.place.to_port);
    const absl::Status status = row.policy.CheckAddress(row.place, to);
    EXPECT_EQ(status.ok(), row.reason.empty()) << status;
    if (status.ok()) continue;
    EXPECT_TRUE(absl::IsPermissionDenied(status));
    EXPECT_THAT(std::string(status.message()), HasSubstr(row.reason));
  }
}

// What is known before an address is.
TEST(Policy, Names) {
  EXPECT_TRUE(Make(Texts{"10.0.0.0/8"}, {}).CheckName(At("api.test")).ok());
  EXPECT_FALSE(Make(Texts{"*.test"}, {}).CheckName(At("api.other")).ok());
  EXPECT_FALSE(Make({}, {"*.test"}).CheckName(At("api.test")).ok());
  EXPECT_THAT(std::string(Make({}, {"127.0.0.0/8"}).CheckName(At("2130706433")).message()),
              HasSubstr("2130706433:80 (127.0.0.1:80): deny_targets 127.0.0.0/8"));
}

TEST(Policy, BehindAProxy) {
  const struct {
    const char* name;
    Policy policy;
    const char* host;
    const char* reason;
  } rows[] = {
      {"nothing is said", Policy(), "api.test", ""},
      {"metadata", Policy(), "169.254.169.254", "cloud's metadata"},
      {"metadata, decimal", Policy(), "2852039166", "cloud's metadata"},
      {"metadata's name", Policy(), "metadata.google.internal", "cloud's metadata"},
      {"denied name", Make({}, {"api.test"}), "api.test", "deny_targets api.test"},
      {"another denied name", Make({}, {"other"}), "api.test", ""},
      {"an address might be denied", Make({}, {"10.0.0.0/8"}), "api.test",
       "behind a proxy its address cannot be held against deny_targets 10.0.0.0/8 (a.yaml:12)"},
      {"denied address", Make({}, {"10.0.0.0/8"}), "0xa.1", "deny_targets 10.0.0.0/8"},
      {"another address", Make({}, {"10.0.0.0/8"}), "192.0.2.1", ""},
      {"allowed by name", Make(Texts{"*.test"}, {"10.0.0.0/8"}), "api.test", ""},
      {"allowed by address alone", Make(Texts{"10.0.0.0/8"}, {}), "api.test",
       "not in allow_targets"},
      {"an allowed address", Make(Texts{"10.0.0.0/8"}, {}), "10.0.0.8", ""},
      {"not allowed", Make(Texts{"*.test"}, {}), "10.0.0.8", "not in allow_targets"},
  };
  for (const auto& row : rows) {
    SCOPED_TRACE(row.name);
    const absl::Status status = row.policy.CheckBehindProxy(row.host, 80);
    EXPECT_EQ(status.ok(), *row.reason == '\0') << status;
    EXPECT_THAT(std::string(status.message()), HasSubstr(row.reason));
  }
}

TEST(Policy, Sockets) {
  const std::filesystem::path folder = std::filesystem::canonical(::testing::TempDir());
  const std::string path = (folder / "app.sock").string();
  const std::string link = (folder / "link.sock").string();
  std::filesystem::remove(link);
  std::filesystem::create_symlink(path, link);
  const std::string around = folder.string() + "/../" + folder.filename().string() + "/app.sock";
  const std::string rule = "unix:" + path;

  EXPECT_TRUE(Policy().CheckSocket(path).ok());
  for (const std::string& spelling : {path, around, std::string("/") + path}) {
    SCOPED_TRACE(spelling);
    EXPECT_TRUE(Make(Texts{rule}, {}).CheckSocket(spelling).ok());
    EXPECT_THAT(std::string(Make({}, {rule}).CheckSocket(spelling).message()),
                HasSubstr("deny_targets " + rule));
    EXPECT_FALSE(Make({}, {"unix:*"}).CheckSocket(spelling).ok());
    EXPECT_FALSE(Make({}, {"*"}).CheckSocket(spelling).ok());
    EXPECT_TRUE(Make({}, {"*:80"}).CheckSocket(spelling).ok());
    EXPECT_FALSE(Make(Texts{"*"}, {}).CheckSocket(spelling).ok());
    EXPECT_FALSE(Make(Texts{"unix:/run/other.sock"}, {}).CheckSocket(spelling).ok());
  }
  std::filesystem::remove(link);
}

TEST(Policy, FilesSayHowManyConnections) {
  Policy::Limits limits;
  EXPECT_EQ(Policy({}, limits).FilesOf(1024), 1024u);
  limits.connections.most = 100;
  EXPECT_EQ(Policy({}, limits).FilesOf(1024), 164u);
  EXPECT_EQ(Policy({}, limits).FilesOf(80), 80u);
}

}  // namespace
}  // namespace squall
