#include <filesystem>
#include <string>
#include <unistd.h>
#include <vector>

#include <gtest/gtest.h>

#include "tests/unit/run_options_support.h"

namespace squall {
namespace {

TEST_F(RunOptionsTest, BadInput) {
  std::filesystem::create_directory("folder");
  std::filesystem::create_directory("full");
  Write("full/x", "y");
  Write("empty.txt", "");
  Write("comments.txt", "# nothing\n");
  Write("bad.txt", "http://a/\n\nexample.com\n");
  Write("paths.txt", "/x\n");
  Write("list.txt", "http://a/\n");
  Write("agents.txt", "c1\n10.0.0.300\n");
  Write("twice.txt", "c1\n# same\nC1:7400\n");
  std::filesystem::create_symlink("nowhere/x", "dangling");
  struct Case {
    std::string name;
    std::vector<std::string> words;
    std::string want;
  };
  const std::string u = "http://h/";
  const std::vector<Case> cases = {
      {"no URL", {}, "no URL: write e.g. squall run http://127.0.0.1:8080/"},
      {"empty URL", {""}, "\"\": empty: write e.g. http://127.0.0.1:8080/"},
      {"no scheme", {"h/x"}, "h/x: no scheme: did you mean http://h/x?"},
      {"ftp", {"-u", "ftp://h/"}, "-u ftp://h/: ftp:// is not supported: use http:// or https://"},
      {"two URLs",
       {"http://a/", "-u", "http://b/"},
       "the URL is given twice: http://a/ and -u http://b/: remove one"},
      {"-n 0", {"-n", "0", u}, "-n 0: must be at least 1"},
      {"-n negative", {"-n", "-5", u}, "-n -5: must be at least 1"},
      {"-n 1e5", {"-n", "1e5", u}, "-n 1e5: not a whole number: write digits alone, e.g. 100000"},
      {"-n too large",
       {"-n", "4611686018427387905", u},
       "-n 4611686018427387905: must be at most 4611686018427387904"},
      {"-c 0", {"-c", "0", u}, "-c 0: must be at least 1"},
      {"-c too large", {"-c", "4294967296", u}, "-c 4294967296: must be at most 1000000"},
      {"-z without unit", {"-z", "30", u}, "-z 30: a duration needs a unit, e.g. 30s"},
      {"-z 0s", {"-z", "0s", u}, "-z 0s: must be at least 1ms"},
      {"-z endless", {"-z", "10001h", u}, "-z 10001h: must be at most 10000h"},
      {"--warmup 0s", {"--warmup", "0s", u}, "--warmup 0s: must be at least 1ms"},
      {"--warmup endless", {"--warmup", "10001h", u}, "--warmup 10001h: must be at most 10000h"},
      {"--drain negative", {"--drain", "-1s", u}, "--drain -1s: must be at least 0"},
      {"--drain endless", {"--drain", "25h", u}, "--drain 25h: must be at most 24h"},
      {"-q 0", {"-q", "0", u}, "-q 0: must be more than 0"},
      {"-q negative", {"-q", "-5", u}, "-q -5: must be more than 0"},
      {"-q too high", {"-q", "1000000001", u}, "-q 1000000001: must be at most 1000000000"},
      {"-q of words",
       {"-q", "fast", u},
       "-q fast: not a rate: write requests per second, e.g. 10000 or 333.3"},
      {"--arrivals alone",
       {"--arrivals", "poisson", u},
       "--arrivals is about a rate: give one by -q"},
      {"--arrivals unknown",
       {"-q", "5", "--arrivals", "even", u},
       "--arrivals even: must be constant or poisson"},
      {"--max-backlog alone",
       {"--max-backlog", "5", u},
       "--max-backlog is about a rate: give one by -q"},
      {"--max-backlog negative",
       {"-q", "5", "--max-backlog", "-1", u},
       "--max-backlog -1: must be at least 0"},
      {"-t negative", {"-t", "-1s", u}, "-t -1s: must be at least 1ms"},
      {"--seed", {"--seed", "-1", u}, "--seed -1: must be at least 0"},
      {"bad method", {"-m", "G ET", u}, "-m G ET: not a method: write e.g. GET, POST or DELETE"},
      {"bad header",
       {"-H", "Accept", u},
       "-H Accept: a header needs a colon: write \"Name: value\""},
      {"--server-counts of nothing",
       {"--server-counts", "", u},
       "--server-counts \"\": empty: write e.g. http://127.0.0.1:8080/"},
      {"--server-counts of no URL",
       {"--server-counts", "counts", u},
       "--server-counts counts: no scheme: did you mean http://counts?"},
      {"--server-counts of a path of no server",
       {"--urls", "list.txt", "--server-counts", "/counts"},
       "--server-counts /counts: a path is joined to -u: add it, or write the whole URL"},
      {"-H of --tag's own",
       {"--tag", "-H", "squall-run: x", u},
       "--tag sends the header Squall-Run itself: leave out -H for it, or --tag"},
      {"-d and -D", {"-d", "x", "-D", "y", u}, "-d and -D exclude each other: remove one"},
      {"-D missing", {"-D", "none", u}, "-D none: No such file or directory"},
      {"-D folder", {"-D", "folder", u}, "-D folder: Is a directory"},
      {"-D -", {"-D", "-", u}, "-D -: reading from standard input is not supported: name a file"},
      {"--order alone",
       {"--order", "random", u},
       "--order is about a list of URLs: name one by --urls"},
      {"--order unknown",
       {"--order", "any", "--urls", "paths.txt", u},
       "--order any: must be sequential, shuffled or random"},
      {"list missing", {"--urls", "none.txt"}, "--urls none.txt: No such file or directory"},
      {"list a folder", {"--urls", "folder"}, "--urls folder: Is a directory"},
      {"list empty", {"--urls", "empty.txt"}, "empty.txt: has no URLs: write one a line"},
      {"list of comments",
       {"--urls", "comments.txt"},
       "comments.txt: has no URLs: write one a line"},
      {"list with a bad line",
       {"--urls", "bad.txt"},
       "bad.txt:3:1: example.com: no scheme: did you mean http://example.com?"},
      {"list without base",
       {"--urls", "paths.txt"},
       "paths.txt:1:1: the line begins with '/': give the URL that it is to be joined to by -u"},
      {"--streams alone",
       {"--streams", "2", u},
       "--streams is about HTTP/2 connections: add --http2"},
      {"--streams 0", {"--http2", "--streams", "0", u}, "--streams 0: must be at least 1"},
      {"--streams --no-keepalive",
       {"--http2", "--streams", "2", "--no-keepalive", u},
       "--streams and --no-keepalive exclude each other: remove one"},
      {"--proxy", {"--proxy", "h:1", u}, "--proxy h:1: no scheme: did you mean http://h:1?"},
      {"--cacert missing", {"--cacert", "none", u}, "--cacert none: No such file or directory"},
      {"--cacert no PEM",
       {"--cacert", "paths.txt", u},
       "--cacert paths.txt: no certificate in it: PEM is expected, with lines "
       "-----BEGIN CERTIFICATE-----"},
      {"--cacert and -k",
       {"--cacert", "x", "-k", u},
       "-k and --cacert exclude each other: with -k no certificate is verified"},
      {"weight of nothing",
       {"--agents", "a*0", u},
       "--agents a*0: the weight behind *: 0: must be at least 1"},
      {"weight without a number",
       {"--agents", "a*x", u},
       "--agents a*x: the weight behind *: x: not a whole number: write digits alone, e.g. 100000"},
      {"weights and stars",
       {"--agents", "a*2,b", "--weights", "1,2", u},
       "--weights and host*N exclude each other: write one of them"},
      {"too few weights",
       {"--agents", "a,b", "--weights", "1", u},
       "--weights 1: 1 weights for 2 agents of --agents: give each its own"},
      {"weights without agents",
       {"--weights", "1", u},
       "--weights 1: 1 weights for 0 agents of --agents: give each its own"},
      {"expect without listen",
       {"--expect", "2", u},
       "--expect is for agents that dial: give --listen"},
      {"wait without listen", {"--wait", "2s", u}, "--wait is for agents that dial: give --listen"},
      {"expect nobody",
       {"--listen", "localhost:1", "--expect", "0", u},
       "--expect 0: must be at least 1"},
      {"joined by anybody",
       {"--listen", "h:1", u},
       "--listen h:1: anybody who reaches this address could join, and who joins could not know "
       "whom "
       "it obeys: give --tls FILE (squall certs makes it), or --insecure-fleet to have it so"},
      {"TLS with nobody",
       {"--tls", "x", u},
       "--tls is for agents of other machines: give --agents or --listen"},
      {"list without TLS",
       {"--revoked", "x", "--agents", "c1", u},
       "--revoked is about certificates: give --tls as well"},
      {"no bundle",
       {"--tls", "none.pem", "--agents", "c1", u},
       "--tls none.pem: No such file or directory"},
      {"listen nowhere",
       {"--listen", "http://h", u},
       "--listen http://h: write host or host:port, without a scheme"},
      {"late joiners of nobody",
       {"--join-late", u},
       "--join-late is for agents of other machines: give --agents or --listen"},
      {"no grace", {"--grace", "0s", u}, "--grace 0s: must be at least 1s"},
      {"another policy",
       {"--on-agent-loss", "ignore", u},
       "--on-agent-loss ignore: must be continue or abort"},
      {"agents empty", {"--agents", "", u}, "--agents \"\": no address: write host or host:port"},
      {"agents with a gap",
       {"--agents", "a,,b", u},
       "--agents \"\": no address: write host or host:port"},
      {"bad agent",
       {"--agents", "a,http://b", u},
       "--agents http://b: write host or host:port, without a scheme"},
      {"same agent twice",
       {"--agents", "localhost:7400,x,localhost", u},
       "--agents localhost: localhost:7400 is named twice: an agent takes part once"},
      {"bad agent in a file",
       {"--agents", "@agents.txt", u},
       "agents.txt:2: 10.0.0.300: 10.0.0.300 is not an IPv4 address"},
      {"same agent twice in a file",
       {"--agents", "@twice.txt", u},
       "twice.txt:3: C1:7400: c1:7400 is named twice: an agent takes part once"},
      {"agents file missing",
       {"--agents", "@none.txt", u},
       "--agents none.txt: No such file or directory"},
      {"agents file without agents",
       {"--agents", "@comments.txt", u},
       "--agents @comments.txt: names no agents: write host or host:port, one a line"},
      {"--json in no folder",
       {"--json", "none/x.json", u},
       "--json none/x.json: No such file or directory"},
      {"--json a folder", {"--json", "folder", u}, "--json folder: Is a directory"},
      {"--json a link to nowhere",
       {"--json", "dangling", u},
       "--json dangling: No such file or directory"},
      {"--json empty", {"--json", "", u}, "--json \"\": name a file, or - for standard output"},
      {"--save empty", {"--save", "", u}, "--save \"\": name a folder"},
      {"--save into no folder",
       {"--save", "none/run", u},
       "--save none: No such file or directory"},
      {"--save a file", {"--save", "comments.txt", u}, "--save comments.txt: Not a directory"},
      {"--save over something",
       {"--save", "full", u},
       "--save full: is not empty: name a folder that is, or one that does not exist"},
      {"--coverage without a list",
       {"--coverage", "missed.txt", u},
       "--coverage is about a list of URLs: name one by --urls"},
      {"--coverage to standard output",
       {"--coverage", "-", "--urls", "list.txt"},
       "--coverage -: name a file"},
      {"--coverage in no folder",
       {"--coverage", "none/missed.txt", "--urls", "list.txt"},
       "--coverage none/missed.txt: No such file or directory"},
      {"--coverage over the list",
       {"--coverage", "./list.txt", "--urls", "list.txt"},
       "--coverage ./list.txt: this is one of the files that are read: name another"},
      {"--coverage and --json in one file",
       {"--coverage", "x.txt", "--json", "x.txt", "--urls", "list.txt"},
       "--coverage x.txt: this is where --json writes: name another"},
      {"--log-level",
       {"--log-level", "loud", u},
       "--log-level loud: not a log level: write trace, debug, info, warn, error or off"},
  };
  for (const Case& c : cases) {
    const auto options = Run(c.words);
    ASSERT_FALSE(options.ok()) << c.name;
    EXPECT_EQ(options.status().message(), c.want) << c.name;
  }
}

TEST_F(RunOptionsTest, FilesWithoutPermission) {
  constexpr uid_t kNobody = 65534;
  Write("closed.txt", "http://a/");
  std::filesystem::permissions("closed.txt", std::filesystem::perms::none);
  std::filesystem::permissions(".", std::filesystem::perms(0755));
  // Root may read and write everything.
  const uid_t user = geteuid();
  ASSERT_TRUE(user != 0 || seteuid(kNobody) == 0);
  const auto list = Run({"--urls", "closed.txt"});
  const auto json = Run({"--json", "closed.txt", "http://h/"});
  const auto new_json = user == 0 ? Run({"--json", "new.json", "http://h/"}) : json;
  ASSERT_TRUE(user != 0 || seteuid(user) == 0);
  EXPECT_EQ(list.status().message(), "--urls closed.txt: Permission denied");
  EXPECT_EQ(json.status().message(), "--json closed.txt: Permission denied");
  EXPECT_FALSE(new_json.ok());
}

TEST_F(RunOptionsTest, BodyThatIsTooLarge) {
  std::filesystem::resize_file((Write("body", ""), "body"), 16U << 20U);
  EXPECT_TRUE(Run({"-D", "body", "http://h/"}).ok());
  std::filesystem::resize_file("body", (16U << 20U) + 1);
  EXPECT_EQ(Run({"-D", "body", "http://h/"}).status().message(), "-D body: larger than 16 MiB");
}

TEST_F(RunOptionsTest, NothingIsWrittenWhenAnythingElseIsWrong) {
  EXPECT_FALSE(Run({"--json", "new.json", "-n", "0", "http://h/"}).ok());
  EXPECT_FALSE(std::filesystem::exists("new.json"));
}

}  // namespace
}  // namespace squall
