#include "agent/agent_config.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/time/time.h"

namespace squall {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

AgentConfig Good(const std::string& text) {
  absl::StatusOr<AgentConfig> config = ParseAgentConfig(text, "a.yaml");
  EXPECT_TRUE(config.ok()) << config.status();
  return config.ok() ? *std::move(config) : AgentConfig();
}

TEST(AgentConfig, Everything) {
  const AgentConfig config = Good(R"(# what stands here may be anything
listen: 10.0.0.5:7400
name: "lon-2"
threads: 4
state: /var/lib/squall
log_level: warn
allow_targets:
  - "*.test.internal"
  - 10.0.0.0/8:80-443
deny_targets: [10.0.0.8, '[::1]:80', fd00::/8]
max_connections: 500
max_rate: 333.3
max_duration: 1h30m
max_bytes_per_second: 125000000
)");
  EXPECT_EQ(config.flags.listen, "10.0.0.5:7400");
  EXPECT_EQ(config.flags.name, "lon-2");
  EXPECT_EQ(config.flags.threads, 4u);
  EXPECT_EQ(config.flags.state, "/var/lib/squall");
  EXPECT_EQ(config.flags.log_level, "warn");
  const Policy::Limits& limits = config.policy.limits();
  EXPECT_EQ(limits.connections.most, 500u);
  EXPECT_EQ(limits.connections.where, "a.yaml:11");
  EXPECT_EQ(limits.rate_nano.most, 333'300'000'000u);
  EXPECT_EQ(limits.duration_ns.most, absl::ToInt64Nanoseconds(absl::Minutes(90)));
  EXPECT_EQ(limits.bytes_per_second.most, 125'000'000u);
  EXPECT_THAT(std::string(config.policy.CheckName({"10.0.0.8", 80, "10.0.0.8", 80}).message()),
              HasSubstr("deny_targets 10.0.0.8 (a.yaml:10)"));
  EXPECT_THAT(std::string(config.policy.CheckName({"192.0.2.1", 80, "192.0.2.1", 80}).message()),
              HasSubstr("not in allow_targets (a.yaml:7)"));
}

TEST(AgentConfig, WhoMayCommand) {
  const AgentConfig config = Good(R"(tls: lon-2.pem
revoked: revoked.pem
insecure: true
health: 127.0.0.1:7401
)");
  EXPECT_EQ(config.flags.tls.bundle, "lon-2.pem");
  EXPECT_EQ(config.flags.tls.revoked, "revoked.pem");
  EXPECT_TRUE(config.flags.tls.insecure);
  EXPECT_EQ(config.flags.health, "127.0.0.1:7401");
  AgentFlags flags;
  flags.tls.bundle = "given.pem";
  Complete(flags, config.flags);
  EXPECT_EQ(flags.tls.bundle, "given.pem");
  EXPECT_EQ(flags.tls.revoked, "revoked.pem");
  EXPECT_TRUE(flags.tls.insecure);
}

TEST(AgentConfig, NextToNothing) {
  for (const char* text : {"", "\n", "# nothing\n", "---\n", "---\n# nothing\n...\n", "{}\n"}) {
    SCOPED_TRACE(text);
    const AgentConfig config = Good(text);
    EXPECT_EQ(config.flags.listen, "");
    EXPECT_TRUE(config.policy.CheckName({"api.test", 80, "api.test", 80}).ok());
  }
  EXPECT_FALSE(Good("allow_targets: []\n").policy.CheckName({"a.test", 80, "a.test", 80}).ok());
  EXPECT_EQ(Good("\xef\xbb\xbfname: a\n").flags.name, "a");
}

TEST(AgentConfig, Refusals) {
  const struct {
    const char* name;
    std::string text;
    const char* reason;  // how it begins, behind the file's name
  } rows[] = {
      {"near a limit", "max_conections: 5\n",
       ":1:1: max_conections: unknown; did you mean max_connections?"},
      {"near a list", "name: a\nallow-targets: []\n",
       ":2:1: allow-targets: unknown; did you mean allow_targets?"},
      {"near nothing", "colour: red\n", ":1:1: colour: unknown; there are allow_targets, "},
      {"a flag that is none of the file's", "parent_fd: 3\n", ":1:1: parent_fd: unknown; "},
      {"twice", "name: a\nname: b\n", ":2:1: name: is given twice"},
      {"both ways", "listen: 127.0.0.1:7400\njoin: host:7500\n",
       ":2:1: join: an agent listens or "},

      {"a list for a text", "name: [a]\n", ":1:7: name: a list where one value belongs"},
      {"a mapping for a text", "name:\n  first: a\n", ":2:3: name: more names where a value"},
      {"no value", "threads: 4\nname:\n", ":2:1: name: has no value"},
      {"null", "name: ~\n", ":1:1: name: has no value"},
      {"an empty text", "name: \"\"\n", ":1:7: name: has no value"},
      {"a text for a list", "deny_targets: 10.0.0.0/8\n", ":1:15: deny_targets: write a list"},
      {"a mapping for a list", "deny_targets:\n  a: b\n", ":2:3: deny_targets: more names"},
      {"an empty entry", "deny_targets:\n- 10.0.0.8\n-\n", ":2:1: deny_targets: an entry of the "},
      {"a list in a list", "deny_targets: [[a]]\n", ":1:16: deny_targets: what begins with * or ["},
      {"a text for a number", "threads: four\n", ":1:10: threads: four: not a whole number"},
      {"a truth for a number", "max_connections: true\n", ":1:18: max_connections: true: not a "},
      {"a list for a number", "max_connections: [5]\n", ":1:18: max_connections: a list where "},

      {"no thread", "threads: 0\n", ":1:10: threads: 0: must be at least 1"},
      {"too many threads", "threads: 1025\n", ":1:10: threads: 1025: must be at most 1024"},
      {"no connection", "max_connections: 0\n", ":1:18: max_connections: 0: must be at least 1"},
      {"negative", "max_rate: -5\n", ":1:11: max_rate: -5: "},
      {"no rate", "max_rate: 10/s\n", ":1:11: max_rate: 10/s: not a rate"},
      {"no unit", "max_duration: 10\n", ":1:15: max_duration: 10: a duration needs a unit"},
      {"too short", "max_duration: 1ms\n", ":1:15: max_duration: 1ms: must be at least 1s"},
      {"a unit", "max_bytes_per_second: 10MB\n", ":1:23: max_bytes_per_second: 10MB: not a whole "},
      {"no address", "listen: http://10.0.0.5\n", ":1:9: listen: http://10.0.0.5: write host or "},
      {"no level", "log_level: loud\n", ":1:12: log_level: loud: not a log level"},
      {"not a yes or no", "insecure: perhaps\n", ":1:11: insecure: perhaps: write true or false"},
      {"no range", "deny_targets:\n- 10.0.0.8/8\n",
       ":2:3: deny_targets: 10.0.0.8/8: it begins in the middle of a range: did you mean "},
      {"a scheme", "allow_targets: ['http://api.test']\n",
       ":1:17: allow_targets: http://api.test: "},

      {"a * without quotes", "allow_targets:\n- *.test.internal\n",
       ":2:3: what begins with * or [ needs quotes, e.g. \"*.example.test\""},
      {"a lonely * without quotes", "allow_targets: [*]\n", ":1:18: what begins with * or ["},
      {"a [ without quotes", "deny_targets:\n- [::1]:80\n", ":2:"},
      {"no settings", "- a\n- b\n", ":1:1: no settings: write lines such as name: value"},
      {"a text alone", "max_connections\n", ":1:1: no settings"},
      {"no name", "? [a]\n: b\n", ":1:3: a name is missing"},
      {"a second document", "name: a\n---\nname: b\n", ":2:1: a second document"},
      {"a comma in front", ",name: a\n", ":1:"},
      {"a quote without end", "name: \"a\nmax_rate: 5\n", ":1:7: a quote without its end"},
      {"an escaped one", "name: \"a\\\"\nmax_rate: 5\n", ":1:7: a quote without its end"},
      {"a doubled one", "name: 'a''\nmax_rate: 5\n", ":1:7: a quote without its end"},
      {"a quote without end in a list", "deny_targets:\n- 'a\nmax_rate: 5\n", ":2:3: a quote "},
      {"several lines", "name: |\n  a\n  b\n", ":1:7: more than one line"},
      {"a control character", "name: \"a\\x1b\"\n", ":1:7: more than one line, or control"},
      {"a tab", "deny_targets:\n\t- a\n", ":2:"},
      {"a flow without end", "deny_targets: [a\n", ":"},
      {"bad indentation", "name: a\n  threads: 4\n", ":"},
      {"not UTF-8", "name: \xff\n", ": not UTF-8"},
      {"a null byte", std::string("name: a\0b\n", 10), ": not UTF-8"},
      {"too large", std::string((1 << 20) + 1, '#'), ": larger than 1 MiB"},
      {"too deep", "name: " + std::string(100'000, '['), ":"},
  };
  for (const auto& row : rows) {
    SCOPED_TRACE(row.name);
    const absl::StatusOr<AgentConfig> config = ParseAgentConfig(row.text, "a.yaml");
    ASSERT_FALSE(config.ok());
    EXPECT_TRUE(absl::IsInvalidArgument(config.status()));
    EXPECT_THAT(std::string(config.status().message()),
                StartsWith(std::string("a.yaml") + row.reason));
  }
}

TEST(AgentConfig, Files) {
  const absl::StatusOr<AgentConfig> missing = ReadAgentConfig("/no/such/file");
  EXPECT_THAT(std::string(missing.status().message()), HasSubstr("/no/such/file: No such file"));
  const absl::StatusOr<AgentConfig> folder = ReadAgentConfig("/");
  EXPECT_THAT(std::string(folder.status().message()), HasSubstr("/: Is a directory"));
}

TEST(AgentConfig, FlagsComeFirst) {
  AgentFlags file;
  file.listen = "10.0.0.5:7400";
  file.name = "from-file";
  file.threads = 4;
  AgentFlags flags;
  Complete(flags, file);
  EXPECT_EQ(flags.listen, "10.0.0.5:7400");
  EXPECT_EQ(flags.name, "from-file");
  EXPECT_EQ(flags.threads, 4u);

  AgentFlags given;
  given.join = "host:7500";
  given.name = "given";
  Complete(given, file);
  EXPECT_EQ(given.listen, "") << "it joins";
  EXPECT_EQ(given.join, "host:7500");
  EXPECT_EQ(given.name, "given");
}

}  // namespace
}  // namespace squall
