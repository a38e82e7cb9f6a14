#include "controller/run_options.h"

#include <filesystem>
#include <fstream>
#include <functional>
#include <string>
#include <unistd.h>
#include <vector>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <google/protobuf/text_format.h>
#include <google/protobuf/util/message_differencer.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

namespace squall {
namespace {

// A folder that is the working directory while a test runs, so that messages show short paths.
class RunOptionsTest : public testing::Test {
 protected:
  RunOptionsTest() : before_(std::filesystem::current_path()) {
    std::string name = testing::TempDir() + "/run_options_XXXXXX";
    folder_ = mkdtemp(name.data());
    std::filesystem::current_path(folder_);
  }
  ~RunOptionsTest() override {
    std::filesystem::current_path(before_);
    std::filesystem::remove_all(folder_);
  }

  static void Write(const std::string& path, const std::string& text) {
    std::ofstream(path, std::ios::binary) << text;
  }

  // As the shell would hand it over.
  static absl::StatusOr<RunOptions> Run(std::vector<std::string> words) {
    CLI::App app("", "squall");
    app.require_subcommand(1);
    RunFlags flags;
    AddRunCommand(app, flags);
    words.insert(words.begin(), "run");
    std::reverse(words.begin(), words.end());
    try {
      app.parse(words);
    } catch (const CLI::ParseError& error) {
      return absl::InternalError(error.what());
    }
    return ResolveRunOptions(flags);
  }

 private:
  const std::filesystem::path before_;
  std::filesystem::path folder_;
};

struct PlanCase {
  std::string name;
  std::vector<std::string> words;
  // Changes the plan of `squall run --seed 7 http://h/` into the one wanted.
  std::function<void(v1::Plan&)> change;
};

v1::Plan DefaultPlan() {
  v1::Plan plan;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(R"(
    seed: 7
    request { method: "GET" url: "http://h/" }
    phase { requests: 1000 }
    transport { http_version: HTTP_VERSION_1_1 streams: 1 timeout_ns: 30000000000 })",
                                                            &plan));
  return plan;
}

TEST_F(RunOptionsTest, Plans) {
  Write("body", std::string("a\0b\n", 4));
  Write("ca.pem", "x\n-----BEGIN CERTIFICATE-----\n");
  const std::vector<PlanCase> cases = {
      {"nothing", {}, [](v1::Plan&) {}},
      {"-n", {"-n", "100003"}, [](v1::Plan& p) { p.mutable_phase()->set_requests(100003); }},
      {"-n in one word", {"-n5"}, [](v1::Plan& p) { p.mutable_phase()->set_requests(5); }},
      {"--requests", {"--requests=5"}, [](v1::Plan& p) { p.mutable_phase()->set_requests(5); }},
      {"-n highest",
       {"-n", "4611686018427387904"},
       [](v1::Plan& p) { p.mutable_phase()->set_requests(uint64_t{1} << 62); }},
      {"-z",
       {"-z", "1m30s"},
       [](v1::Plan& p) {
         p.mutable_phase()->set_requests(0);
         p.mutable_phase()->set_duration_ns(90'000'000'000);
       }},
      {"-c", {"-c", "97"}, [](v1::Plan& p) { p.mutable_phase()->set_concurrency(97); }},
      {"-t",
       {"-t", "200ms"},
       [](v1::Plan& p) { p.mutable_transport()->set_timeout_ns(200'000'000); }},
      {"-m", {"-m", "PURGE"}, [](v1::Plan& p) { p.mutable_request()->set_method("PURGE"); }},
      {"-H, twice, and the URL behind it is left alone",
       {"-H", "A: 1", "-H", "b:"},
       [](v1::Plan& p) {
         auto* header = p.mutable_request()->add_headers();
         header->set_name("A");
         header->set_value("1");
         p.mutable_request()->add_headers()->set_name("b");
       }},
      {"-D",
       {"-D", "body"},
       [](v1::Plan& p) {
         p.mutable_request()->set_method("POST");
         p.mutable_request()->set_body(std::string("a\0b\n", 4));
       }},
      {"-d with a method",
       {"-m", "GET", "-d", "x"},
       [](v1::Plan& p) { p.mutable_request()->set_body("x"); }},
      {"--http2 --streams",
       {"--http2", "--streams", "10"},
       [](v1::Plan& p) {
         p.mutable_transport()->set_http_version(v1::HTTP_VERSION_2);
         p.mutable_transport()->set_streams(10);
       }},
      {"--http2 alone",
       {"--http2"},
       [](v1::Plan& p) { p.mutable_transport()->set_http_version(v1::HTTP_VERSION_2); }},
      {"switches",
       {"--no-keepalive", "-k", "--follow"},
       [](v1::Plan& p) {
         p.mutable_transport()->set_no_keepalive(true);
         p.mutable_transport()->set_insecure(true);
         p.mutable_transport()->set_follow(true);
       }},
      {"--cacert",
       {"--cacert", "ca.pem"},
       [](v1::Plan& p) { p.mutable_transport()->set_ca_pem("x\n-----BEGIN CERTIFICATE-----\n"); }},
      {"--proxy",
       {"--proxy", "socks5://h:1"},
       [](v1::Plan& p) { p.mutable_transport()->set_proxy("socks5://h:1"); }},
  };
  for (const PlanCase& c : cases) {
    std::vector<std::string> words = {"--seed", "7"};
    words.insert(words.end(), c.words.begin(), c.words.end());
    words.push_back("http://h/");
    const auto options = Run(words);
    ASSERT_TRUE(options.ok()) << c.name << ": " << options.status();
    v1::Plan want = DefaultPlan();
    c.change(want);
    EXPECT_TRUE(google::protobuf::util::MessageDifferencer::Equals(options->plan, want))
        << c.name << ":\n"
        << options->plan.DebugString();
  }
}

TEST_F(RunOptionsTest, BodiesAreSentAsTheyAre) {
  for (const std::string body : {"", "{}", "[1,2]", "[\"a\"]", "%%", "@file", "-n", "--url",
                                 "a=b&c", "'quoted'", "\"quoted\"", "a\\nb", "für", "\xfc"}) {
    const auto options = Run({"-d", body, "http://h/"});
    ASSERT_TRUE(options.ok()) << options.status();
    EXPECT_TRUE(options->plan.request().has_body());
    EXPECT_EQ(options->plan.request().body(), body);
    EXPECT_EQ(options->plan.request().method(), "POST");
  }
}

TEST_F(RunOptionsTest, SeedIsDrawnIfNoneIsGiven) {
  EXPECT_NE(Run({"http://h/"})->plan.seed(), Run({"http://h/"})->plan.seed());
  EXPECT_EQ(Run({"--seed", "0", "http://h/"})->plan.seed(), 0U);
}

TEST_F(RunOptionsTest, UrlList) {
  const std::string text = "# two\nhttp://a/\n\n/b\n";
  Write("urls.txt", text);
  struct Case {
    std::vector<std::string> words;
    v1::Order want;
  };
  const std::vector<Case> cases = {
      {{"--urls", "urls.txt", "-u", "http://h"}, v1::ORDER_SEQUENTIAL},
      {{"--urls", "urls.txt", "http://h", "--order", "sequential"}, v1::ORDER_SEQUENTIAL},
      {{"--urls", "urls.txt", "http://h", "--order", "shuffled"}, v1::ORDER_SHUFFLED},
      {{"--urls", "urls.txt", "http://h", "--order", "random"}, v1::ORDER_RANDOM},
  };
  for (const Case& c : cases) {
    const auto options = Run(c.words);
    ASSERT_TRUE(options.ok()) << options.status();
    EXPECT_EQ(options->url_list_text, text);
    EXPECT_EQ(options->plan.request().url(), "http://h");
    EXPECT_EQ(options->plan.urls().size_bytes(), text.size());
    EXPECT_EQ(options->plan.urls().entries(), 2U);
    EXPECT_EQ(options->plan.urls().name(), "urls.txt");
    EXPECT_EQ(options->plan.urls().order(), c.want);
  }
}

TEST_F(RunOptionsTest, UrlListNeedsNoUrlBesides) {
  Write("urls.txt", "http://a/");
  const auto options = Run({"--urls", "urls.txt"});
  ASSERT_TRUE(options.ok()) << options.status();
  EXPECT_EQ(options->plan.request().url(), "");
}

TEST_F(RunOptionsTest, Agents) {
  Write("agents.txt", "# the lab\nc1\r\n  c2:1  # by the window\n\nunix:/run/a.sock");
  struct Case {
    std::string name, agents;
    std::vector<std::string> want;
  };
  const std::vector<Case> cases = {
      {"one", "c1", {"c1:7400"}},
      {"some", "c1,c2:1, [::1]:2", {"c1:7400", "c2:1", "[::1]:2"}},
      {"file", "@agents.txt", {"c1:7400", "c2:1", "unix:/run/a.sock"}},
  };
  for (const Case& c : cases) {
    const auto options = Run({"--agents", c.agents, "http://h/"});
    ASSERT_TRUE(options.ok()) << c.name << ": " << options.status();
    std::vector<std::string> displays;
    for (const Address& address : options->agents) displays.push_back(address.display);
    EXPECT_EQ(displays, c.want) << c.name;
  }
  EXPECT_TRUE(Run({"http://h/"})->agents.empty());
}

TEST_F(RunOptionsTest, Output) {
  Write("old.json", "keep me");
  const auto options = Run({"--json", "old.json", "--quiet", "--log-level", "debug", "http://h/"});
  ASSERT_TRUE(options.ok()) << options.status();
  EXPECT_EQ(options->json_path, "old.json");
  EXPECT_TRUE(options->quiet);
  EXPECT_EQ(options->log_level, spdlog::level::debug);
  EXPECT_EQ(std::filesystem::file_size("old.json"), 7U);

  ASSERT_TRUE(Run({"--json", "new.json", "http://h/"}).ok());
  EXPECT_FALSE(std::filesystem::exists("new.json"));
  EXPECT_EQ(Run({"--json", "-", "http://h/"})->json_path, "-");
  EXPECT_TRUE(Run({"--json", "/dev/null", "http://h/"}).ok());
  EXPECT_EQ(Run({"http://h/"})->json_path, "");

  Write("list.txt", "/a\n");
  EXPECT_FALSE(Run({"--urls", "list.txt", "--json", "./list.txt", "http://h/"}).ok());
}

TEST_F(RunOptionsTest, JsonIntoANamedPipeWaitsForNoReader) {
  ASSERT_EQ(mkfifo("pipe", 0600), 0);
  EXPECT_TRUE(Run({"--json", "pipe", "http://h/"}).ok());
}

TEST_F(RunOptionsTest, BadInput) {
  std::filesystem::create_directory("folder");
  Write("empty.txt", "");
  Write("comments.txt", "# nothing\n");
  Write("bad.txt", "http://a/\n\nexample.com\n");
  Write("paths.txt", "/x\n");
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
      {"-n and -z",
       {"-n", "5", "-z", "5s", u},
       "-n and -z exclude each other: give a number of requests or a duration, not both"},
      {"-z without unit", {"-z", "30", u}, "-z 30: a duration needs a unit, e.g. 30s"},
      {"-z 0s", {"-z", "0s", u}, "-z 0s: must be at least 1ms"},
      {"-z endless", {"-z", "10001h", u}, "-z 10001h: must be at most 10000h"},
      {"-t negative", {"-t", "-1s", u}, "-t -1s: must be at least 1ms"},
      {"--seed", {"--seed", "-1", u}, "--seed -1: must be at least 0"},
      {"bad method", {"-m", "G ET", u}, "-m G ET: not a method: write e.g. GET, POST or DELETE"},
      {"bad header",
       {"-H", "Accept", u},
       "-H Accept: a header needs a colon: write \"Name: value\""},
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
       "bad.txt:3: example.com: no scheme: did you mean http://example.com?"},
      {"list without base",
       {"--urls", "paths.txt"},
       "paths.txt:1: the line begins with '/': give the URL that it is to be joined to by -u"},
      {"list from standard input",
       {"--urls", "-"},
       "--urls -: reading from standard input is not supported: name a file"},
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
