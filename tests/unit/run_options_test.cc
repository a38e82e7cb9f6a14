#include "controller/run_options.h"

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include <google/protobuf/text_format.h>
#include <google/protobuf/util/message_differencer.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "common/digest.h"
#include "tests/unit/run_options_support.h"

namespace squall {
namespace {

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
    phases { measured: true requests: 1000 drain_ns: 30000000000 }
    transport { kind: TRANSPORT_KIND_HTTP1 http_version: HTTP_VERSION_1_1 streams: 1 timeout_ns: 30000000000 })",
                                                            &plan));
  return plan;
}

TEST_F(RunOptionsTest, Plans) {
  Write("body", std::string("a\0b\n", 4));
  Write("ca.pem", "x\n-----BEGIN CERTIFICATE-----\n");
  const std::vector<PlanCase> cases = {
      {"nothing", {}, [](v1::Plan&) {}},
      {"-n", {"-n", "100003"}, [](v1::Plan& p) { p.mutable_phases(0)->set_requests(100003); }},
      {"-n in one word", {"-n5"}, [](v1::Plan& p) { p.mutable_phases(0)->set_requests(5); }},
      {"--requests", {"--requests=5"}, [](v1::Plan& p) { p.mutable_phases(0)->set_requests(5); }},
      {"-n highest",
       {"-n", "4611686018427387904"},
       [](v1::Plan& p) { p.mutable_phases(0)->set_requests(uint64_t{1} << 62); }},
      {"-z",
       {"-z", "1m30s"},
       [](v1::Plan& p) {
         p.mutable_phases(0)->set_requests(0);
         p.mutable_phases(0)->set_duration_ns(90'000'000'000);
       }},
      {"-n and -z: whichever ends first",
       {"-n", "5", "-z", "2s"},
       [](v1::Plan& p) {
         p.mutable_phases(0)->set_requests(5);
         p.mutable_phases(0)->set_duration_ns(2'000'000'000);
       }},
      {"--server-counts",
       {"--server-counts", "https://other/counts?a"},
       [](v1::Plan& p) { p.set_server_counts("https://other/counts?a"); }},
      {"--tag", {"--tag"}, [](v1::Plan& p) { p.mutable_request()->set_tag(true); }},
      {"--drain",
       {"--drain", "5s", "-t", "1s"},
       [](v1::Plan& p) {
         p.mutable_transport()->set_timeout_ns(1'000'000'000);
         p.mutable_phases(0)->set_drain_ns(5'000'000'000);
       }},
      {"--drain 0s", {"--drain", "0s"}, [](v1::Plan& p) { p.mutable_phases(0)->set_drain_ns(0); }},
      {"--warmup",
       {"--warmup", "5s"},
       [](v1::Plan& p) {
         *p.add_phases() = p.phases(0);
         p.mutable_phases(0)->Clear();
         p.mutable_phases(0)->set_duration_ns(5'000'000'000);
       }},
      {"-q",
       {"-q", "333.3"},
       [](v1::Plan& p) {
         v1::Arrivals& arrivals = *p.mutable_phases(0)->mutable_arrivals();
         arrivals.set_process(v1::ARRIVAL_PROCESS_CONSTANT);
         arrivals.set_rate_nano(333'300'000'000);
       }},
      {"-q with all about it: the warm-up goes at the same rate",
       {"-q", "5", "--arrivals", "poisson", "--max-backlog", "0", "--warmup", "1s"},
       [](v1::Plan& p) {
         v1::Arrivals& arrivals = *p.mutable_phases(0)->mutable_arrivals();
         arrivals.set_process(v1::ARRIVAL_PROCESS_POISSON);
         arrivals.set_rate_nano(5'000'000'000);
         arrivals.set_max_backlog(0);
         *p.add_phases() = p.phases(0);
         v1::Phase& warm_up = *p.mutable_phases(0);
         warm_up.clear_measured();
         warm_up.clear_requests();
         warm_up.clear_drain_ns();
         warm_up.set_duration_ns(1'000'000'000);
       }},
      {"-c", {"-c", "97"}, [](v1::Plan& p) { p.set_concurrency(97); }},
      {"-t",
       {"-t", "200ms"},
       [](v1::Plan& p) {
         p.mutable_transport()->set_timeout_ns(200'000'000);
         p.mutable_phases(0)->set_drain_ns(200'000'000);
       }},
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
      {"switches",
       {"--no-keepalive", "-k", "--follow"},
       [](v1::Plan& p) {
         p.mutable_transport()->set_no_keepalive(true);
         p.mutable_transport()->set_insecure(true);
         p.mutable_transport()->set_kind(v1::TRANSPORT_KIND_CURL);
         p.mutable_transport()->set_follow(true);
       }},
      {"--cacert",
       {"--cacert", "ca.pem"},
       [](v1::Plan& p) { p.mutable_transport()->set_ca_pem("x\n-----BEGIN CERTIFICATE-----\n"); }},
      {"--proxy",
       {"--proxy", "socks5://h:1"},
       [](v1::Plan& p) {
         p.mutable_transport()->set_kind(v1::TRANSPORT_KIND_CURL);
         p.mutable_transport()->set_proxy("socks5://h:1");
       }},
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
    EXPECT_EQ(*options->list->Read(0, text.size()), text);
    EXPECT_EQ(options->plan.urls().sha256(), Sha256Of(text));
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
    std::string name;
    std::vector<std::string> words;
    std::vector<std::string> want;
    std::vector<uint32_t> weights;
  };
  const std::vector<Case> cases = {
      {"one", {"--agents", "c1"}, {"c1:7400"}, {0}},
      {"some", {"--agents", "c1,c2:1, [::1]:2"}, {"c1:7400", "c2:1", "[::1]:2"}, {0, 0, 0}},
      {"file", {"--agents", "@agents.txt"}, {"c1:7400", "c2:1", "unix:/run/a.sock"}, {0, 0, 0}},
      {"stars", {"--agents", "c1*3,c2:1,[::1]:2*10"}, {"c1:7400", "c2:1", "[::1]:2"}, {3, 1, 10}},
      {"a star in a path", {"--agents", "unix:/a*b,c"}, {"unix:/a*b", "c:7400"}, {0, 0}},
      {"weights", {"--agents", "c1,c2", "--weights", "1, 4"}, {"c1:7400", "c2:7400"}, {1, 4}},
  };
  for (const Case& c : cases) {
    std::vector<std::string> words = c.words;
    words.push_back("http://h/");
    const auto options = Run(words);
    ASSERT_TRUE(options.ok()) << c.name << ": " << options.status();
    std::vector<std::string> displays;
    std::vector<uint32_t> weights;
    for (const AgentSpec& agent : options->fleet.invitation.agents) {
      displays.push_back(agent.address.display);
      weights.push_back(agent.weight);
    }
    EXPECT_EQ(displays, c.want) << c.name;
    EXPECT_EQ(weights, c.weights) << c.name;
  }
  EXPECT_TRUE(Run({"http://h/"})->fleet.invitation.agents.empty());
}

TEST_F(RunOptionsTest, Fleet) {
  auto fleet = Run({"http://h/"})->fleet;
  EXPECT_EQ(fleet.times.grace, 10 * kSecond);
  EXPECT_FALSE(fleet.listen);
  EXPECT_FALSE(fleet.abort_on_loss);
  EXPECT_FALSE(fleet.invitation.join_late);

  fleet = Run({"--listen", "0.0.0.0:0", "--insecure-fleet", "--expect", "7", "--wait", "3s",
               "--grace", "2s", "--on-agent-loss", "abort", "--join-late", "http://h/"})
              ->fleet;
  ASSERT_TRUE(fleet.listen);
  EXPECT_EQ(fleet.listen->display, "0.0.0.0:0");
  EXPECT_EQ(fleet.invitation.expected, 7u);
  EXPECT_EQ(fleet.invitation.wait, 3 * kSecond);
  EXPECT_EQ(fleet.times.grace, 2 * kSecond);
  EXPECT_TRUE(fleet.abort_on_loss);
  EXPECT_TRUE(fleet.invitation.join_late);

  EXPECT_EQ(Run({"--listen", "[::1]:7500", "http://h/"})->fleet.invitation.expected, 1u);
  EXPECT_EQ(Run({"--listen", "localhost:1", "--agents", "a", "--join-late", "http://h/"})
                ->fleet.invitation.expected,
            0u)
      << "they may all come late";
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
  EXPECT_EQ(Run({"http://h/"})->save_path, "");
  EXPECT_EQ(Run({"--save", "run", "http://h/"})->save_path, "run");
  EXPECT_FALSE(std::filesystem::exists("run"));

  Write("list.txt", "/a\n");
  EXPECT_FALSE(Run({"--urls", "list.txt", "--json", "./list.txt", "http://h/"}).ok());
}

TEST_F(RunOptionsTest, Coverage) {
  Write("list.txt", "http://a/\n");
  Write("old.txt", "keep me");
  EXPECT_EQ(Run({"--urls", "list.txt"})->coverage_path, "");
  EXPECT_EQ(Run({"--urls", "list.txt", "--coverage", "old.txt"})->coverage_path, "old.txt");
  EXPECT_EQ(std::filesystem::file_size("old.txt"), 7U) << "nothing has run yet";
  const auto both = Run({"--urls", "list.txt", "--coverage", "old.txt", "--json", "new.json"});
  ASSERT_TRUE(both.ok()) << both.status();
  EXPECT_EQ(both->json_path, "new.json");
}

TEST_F(RunOptionsTest, JsonIntoANamedPipeWaitsForNoReader) {
  ASSERT_EQ(mkfifo("pipe", 0600), 0);
  EXPECT_TRUE(Run({"--json", "pipe", "http://h/"}).ok());
}

}  // namespace
}  // namespace squall
