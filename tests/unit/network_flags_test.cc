#include "controller/network_flags.h"

#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/network_options.h"
#include "tests/support/run_words.h"

namespace squall {
namespace {

using ::testing::ElementsAre;

// As the shell would hand it over.
absl::StatusOr<v1::Transport> Resolve(std::vector<std::string> words) {
  words.push_back("http://h/");
  const absl::StatusOr<RunFlags> flags = squall::testing::ParseRun(std::move(words));
  if (!flags.ok()) return flags.status();
  v1::Transport transport;
  if (absl::Status status = ResolveNetwork(*flags, transport); !status.ok()) return status;
  return transport;
}

TEST(NetworkFlags, FillThePlan) {
  const auto transport =
      Resolve({"--resolve", "[::1]:80:[::2],::3", "--resolve", "H:81:10.0.0.1", "--connect-to",
               "[::1]:80:b:", "--connect-to", "::b:", "--dns-refresh", "1m", "--source-address",
               "[::1],10.0.0.5", "--source-address", "::2"});
  ASSERT_TRUE(transport.ok()) << transport.status();
  ASSERT_EQ(transport->resolutions_size(), 2);
  EXPECT_EQ(ToText(transport->resolutions(0)), "[::1]:80:::2,::3");
  EXPECT_EQ(ToText(transport->resolutions(1)), "h:81:10.0.0.1");
  ASSERT_EQ(transport->diversions_size(), 2);
  EXPECT_EQ(ToText(transport->diversions(0)), "[::1]:80:b:");
  EXPECT_EQ(ToText(transport->diversions(1)), "::b:");
  EXPECT_EQ(transport->dns_refresh_ns(), 60'000'000'000);
  EXPECT_THAT(transport->source_addresses(), ElementsAre("::1", "10.0.0.5", "::2"));

  EXPECT_EQ(Resolve({"--unix-socket", "app.sock"})->unix_socket(), "app.sock");
  EXPECT_TRUE(Resolve({"--proxy", "http://p", "--source-address", "::1"}).ok());
  EXPECT_EQ(Resolve({})->ByteSizeLong(), 0u);
}

TEST(NetworkFlags, BadInput) {
  struct Case {
    std::vector<std::string> words;
    std::string want;
  };
  const std::vector<Case> cases = {
      {{"--resolve", "h:80:localhost"},
       "--resolve h:80:localhost: localhost is neither an IPv4 nor an IPv6 address"},
      {{"--resolve", "h:80:::1", "--resolve", "H:80:::2"},
       "--resolve H:80:::2: h:80 is resolved twice: write all its addresses in one"},
      {{"--connect-to", "h:80:b"},
       "--connect-to h:80:b: write HOST1:PORT1:HOST2:PORT2, an IPv6 address in brackets; each part "
       "may be empty"},
      {{"--dns-refresh", "10ms"}, "--dns-refresh 10ms: must be at least 1s"},
      {{"--dns-refresh", "0"}, "--dns-refresh 0: a duration needs a unit, e.g. 0s"},
      {{"--source-address", "eth0"},
       "--source-address eth0: eth0 is neither an IPv4 nor an IPv6 address"},
      {{"--source-address", "::1", "--source-address", "::2,::1"},
       "--source-address ::2,::1: ::1 is named twice"},
      {{"--unix-socket", ""}, "--unix-socket \"\": not a path"},
      {{"--unix-socket", std::string(108, 'x')},
       "--unix-socket " + std::string(108, 'x') + ": a socket's path has at most 107 bytes"},
      {{"--unix-socket", "x", "--proxy", "http://p"},
       "--unix-socket and --proxy exclude each other: all connections go to the socket"},
      {{"--unix-socket", "x", "--connect-to", ":::"},
       "--unix-socket and --connect-to exclude each other: all connections go to the socket"},
      {{"--unix-socket", "x", "--resolve", "h:80:::1"},
       "--unix-socket and --resolve exclude each other: all connections go to the socket"},
      {{"--unix-socket", "x", "--source-address", "::1"},
       "--unix-socket and --source-address exclude each other: all connections go to the socket"},
      {{"--unix-socket", "x", "--dns-refresh", "1s"},
       "--unix-socket and --dns-refresh exclude each other: all connections go to the socket"},
      {{"--proxy", "http://p", "--resolve", "h:80:::1"},
       "--proxy and --resolve exclude each other: the proxy looks names up"},
  };
  for (const Case& c : cases) {
    const auto transport = Resolve(c.words);
    EXPECT_EQ(transport.status().code(), absl::StatusCode::kInvalidArgument) << c.want;
    EXPECT_EQ(std::string(transport.status().message()), c.want);
  }
}

}  // namespace
}  // namespace squall
