#include "controller/report_text.h"

#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/example_result.h"
#include "tests/support/outcomes.h"

namespace squall {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

constexpr TextStyle kPlain{false, false, 100};

// A result whose requests all had this outcome.
RunResult AllOf(uint64_t count, const Outcome& outcome) {
  RunResult result = ExampleResult();
  result.agents.clear();
  result.fleet = Metrics();
  for (uint64_t n = 0; n < count; ++n) result.fleet.Add(n, {.service = kMillisecond}, outcome);
  return result;
}

constexpr const char* kExampleText = R"(GET 2 URLs of urls.txt, shuffled, seed 42
2,000 requests, concurrency 16, 2 agents, transport http1

Requests/s    500.0  in 4.00 s
Recorded      2,000  of 2,000 planned
  succeeded   1,994  99.70 %
  failed          6  0.30 %
Received     998 kB  250 kB/s
Sent         160 kB  40.0 kB/s
Connections      16  opened
Repeated          5  at most, by agents that were lost
Coverage          2  of 2 URLs, each 1,000 times (1,000 whole passes)

Service time
               min     mean   stddev      max
  success  1.00 ms  1.50 ms   288 us  2.00 ms
  failure  1.00 ms  1.00 ms  1.53 us  1.00 ms
               p50      p75      p90      p95      p99    p99.9  p99.99
  success  1.50 ms  1.75 ms  1.90 ms  1.95 ms  1.99 ms  2.00 ms   = max
  failure  1.00 ms  1.00 ms    = max    = max    = max    = max   = max

Service time of successes
      min  -  1.10 ms  194   9.73 %  ######################################
  1.10 ms  -  1.20 ms  202  10.13 %  ########################################
  1.20 ms  -  1.30 ms  200  10.03 %  ########################################
  1.30 ms  -  1.40 ms  198   9.93 %  #######################################
  1.40 ms  -  1.50 ms  202  10.13 %  ########################################
  1.50 ms  -  1.60 ms  200  10.03 %  ########################################
  1.60 ms  -  1.70 ms  198   9.93 %  #######################################
  1.70 ms  -  1.80 ms  202  10.13 %  ########################################
  1.80 ms  -  1.90 ms  198   9.93 %  #######################################
  1.90 ms  -      max  200  10.03 %  ########################################

Where the time went
                                 responses      p50      p99      max
  fresh connection   DNS                 2  50.0 us    = max  50.0 us
                     connect             2   250 us    = max   250 us
                     first byte          2   600 us    = max   600 us
                     transfer            2   100 us    = max   100 us
  reused connection  first byte      1,995  1.40 ms  1.89 ms  1.90 ms
                     transfer        1,995   100 us   100 us   100 us

Status codes
  200  1,994  99.85 %
  404      2   0.10 %
  503      1   0.05 %

Errors
  3  timeout     n = 3  no answer
                 n = 4  waited in vain, \x1b[2Jclear
  2  status 404  n = 0  <h1>not found</h1>
  1  status 503  n = 2  (empty body)

Addresses
               connections  responses
  10.1.0.2:80            8      1,000
  10.1.0.1:80            8        997

Agents, and the service time of their successes
  name   address        cores  c  recorded  failed  req/s      p50      p99
  alpha  10.0.0.1:7400      4  8     1,000       6  250.0  1.50 ms  1.99 ms
  beta   10.0.0.2:7400      4  8     1,000       0  250.0  1.50 ms  1.99 ms
  gamma  10.0.0.3:7400      4  -  not used

Start spread 400 us +- 200 us over 2 agents

Events
  2.00 s  lost       beta  out of reach for 10 s
  3.00 s  regranted  beta  7 requests
)";

constexpr const char* kOpenLoopText = R"(
Response time
               min     mean   stddev      max
  success  1.00 ms  1.95 ms   408 us  2.90 ms
  failure  1.00 ms  1.25 ms   172 us  1.50 ms
               p50      p75      p90      p95      p99    p99.9  p99.99
  success  1.95 ms  2.25 ms  2.51 ms  2.64 ms  2.81 ms  2.90 ms   = max
  failure  1.20 ms  1.40 ms    = max    = max    = max    = max   = max

Service time
               min     mean   stddev      max
  success  1.00 ms  1.50 ms   288 us  2.00 ms
  failure  1.00 ms  1.00 ms  1.53 us  1.00 ms
               p50      p75      p90      p95      p99    p99.9  p99.99
  success  1.50 ms  1.75 ms  1.90 ms  1.95 ms  1.99 ms  2.00 ms   = max
  failure  1.00 ms  1.00 ms    = max    = max    = max    = max   = max

Schedule lag
     p50     p99     max
  400 us  900 us  900 us
  40 requests waited (2.00 %), 3 of them while another worker had a free connection

Response time of successes
      min  -  1.20 ms   60   3.01 %  ######
  1.20 ms  -  1.40 ms  136   6.82 %  ##############
  1.40 ms  -  1.60 ms  220  11.03 %  #######################
  1.60 ms  -  1.80 ms  300  15.05 %  ################################
  1.80 ms  -  2.00 ms  378  18.96 %  ########################################
  2.00 ms  -  2.20 ms  340  17.05 %  ####################################
  2.20 ms  -  2.40 ms  260  13.04 %  ############################
  2.40 ms  -  2.60 ms  180   9.03 %  ###################
  2.60 ms  -  2.80 ms  100   5.02 %  ###########
  2.80 ms  -      max   20   1.00 %  ##

Where the time went
                                 responses      p50      p99      max
  fresh connection   DNS                 2  50.0 us    = max  50.0 us
                     connect             2   250 us    = max   250 us
                     first byte          2   600 us    = max   600 us
                     transfer            2   100 us    = max   100 us
  reused connection  first byte      1,995  1.40 ms  1.89 ms  1.90 ms
                     transfer        1,995   100 us   100 us   100 us
)";

TEST(TextReport, TellsTheExample) { EXPECT_EQ(TextReport(ExampleResult(), kPlain), kExampleText); }

TEST(TextReport, TellsResponseTimeFirstUnderARate) {
  const std::string text = TextReport(ExampleOpenLoopResult(), kPlain);
  EXPECT_THAT(text, HasSubstr(kOpenLoopText));
}

TEST(TextReport, SaysThatRequestsWaitedOnlyIfTheyDid) {
  RunResult result = ExampleOpenLoopResult();
  result.fleet.waited = result.fleet.waited_beside_free = 0;
  const std::string text = TextReport(result, kPlain);
  EXPECT_THAT(text, HasSubstr("Schedule lag\n"));
  EXPECT_THAT(text, Not(HasSubstr("requests waited")));
}

TEST(TextReport, SaysThatRequestsWereResentOnlyIfTheyWere) {
  RunResult result = ExampleResult();
  EXPECT_THAT(TextReport(result, kPlain), Not(HasSubstr("Resent")));
  result.fleet.resent = 3;
  EXPECT_THAT(TextReport(result, kPlain),
              HasSubstr("\nResent            3  on a fresh connection"));
}

TEST(TextReport, ListsAddressesIfThereAreSeveral) {
  RunResult result = ExampleResult();
  result.fleet.addresses = {{"[::1]:80", {8, 1994}}};
  EXPECT_THAT(TextReport(result, kPlain), Not(HasSubstr("Addresses")));
  for (int i = 0; i < 30; ++i) {
    result.fleet.addresses["10.0.0." + std::to_string(i) + ":80"] = {1, i == 9 ? 700u : 10u};
  }
  const std::string text = TextReport(result, kPlain);
  EXPECT_THAT(text, HasSubstr("\nAddresses\n"
                              "                connections  responses\n"
                              "  [::1]:80                8      1,994\n"
                              "  10.0.0.9:80             1        700\n"
                              "  10.0.0.0:80             1         10\n"));
  EXPECT_THAT(text, HasSubstr("\n  11 more                11        110\n"));
}

TEST(TextReport, PutsWhatIsGravestFirst) {
  const Outcome refused = Failure(v1::FAILURE_KIND_REFUSED, "port 1: nobody there");
  const Outcome found = Response(200);
  const struct {
    const char* name;
    uint64_t count;
    Outcome outcome;
    RunState state;
    std::vector<std::string> notes;
    const char* begin;
  } kCases[] = {
      {"all well", 2000, found, RunState::kComplete, {}, "GET 2 URLs of urls.txt"},
      {"a note",
       2000,
       found,
       RunState::kComplete,
       {"One agent was slow."},
       "Note: One agent was slow.\n\nGET 2 URLs"},
      {"interrupted",
       12,
       found,
       RunState::kInterrupted,
       {"One agent was slow."},
       "Interrupted after 4.00 s: 12 of 2,000 requests are recorded.\n"
       "Note: One agent was slow.\n\nGET 2 URLs"},
      {"incomplete",
       12,
       found,
       RunState::kIncomplete,
       {"beta was lost.", "One agent was slow."},
       "Incomplete: beta was lost.\nNote: One agent was slow.\n\nGET 2 URLs"},
      {"incomplete without a note",
       12,
       found,
       RunState::kIncomplete,
       {},
       "Incomplete: 12 of 2,000 requests are recorded.\n\nGET 2 URLs"},
      {"no response",
       2000,
       refused,
       RunState::kComplete,
       {"One agent was slow."},
       "Not one response came: connection refused (port 1: nobody there).\n"
       "Note: One agent was slow.\n\nGET 2 URLs"},
      {"no response, incomplete",
       12,
       refused,
       RunState::kIncomplete,
       {"beta was lost."},
       "Not one response came: connection refused (port 1: nobody there).\n"
       "Incomplete: beta was lost.\n\nGET 2 URLs"},
      {"nothing recorded, incomplete",
       0,
       refused,
       RunState::kIncomplete,
       {"beta was lost."},
       "Incomplete: beta was lost.\nNot one response came.\n\nGET 2 URLs"},
      {"nothing recorded, interrupted",
       0,
       refused,
       RunState::kInterrupted,
       {},
       "Interrupted after 4.00 s: 0 of 2,000 requests are recorded.\n"
       "Not one response came.\n\nGET 2 URLs"},
      {"nothing recorded",
       0,
       refused,
       RunState::kComplete,
       {},
       "Not one response came.\n\nGET 2 URLs"},
  };
  for (const auto& c : kCases) {
    RunResult result = AllOf(c.count, c.outcome);
    result.state = c.state;
    result.notes = c.notes;
    EXPECT_THAT(TextReport(result, kPlain), StartsWith(c.begin)) << c.name;
  }
}

TEST(TextReport, SaysHowManyOtherReasonsThereAre) {
  RunResult result = AllOf(5, Failure(v1::FAILURE_KIND_REFUSED));
  result.fleet.Add(5, {.service = 1}, Failure(v1::FAILURE_KIND_TLS, "expired"));
  EXPECT_THAT(
      TextReport(result, kPlain),
      StartsWith("Not one response came: connection refused, and 1 other kind of error.\n"));
}

TEST(TextReport, TellsOfTheWarmUp) {
  RunResult result = ExampleResult();
  result.warm_up = {.duration = 5 * kSecond, .recorded = 51'234, .failed = 3, .connections = 16};
  EXPECT_THAT(TextReport(result, kPlain),
              HasSubstr("2 agents, transport http1\n"
                        "Warm-up: 5.00 s, 51,234 requests, 3 failed, 16 connections opened, not "
                        "measured\n"));
  result.state = RunState::kInterrupted;
  result.fleet = Metrics();
  EXPECT_THAT(TextReport(result, kPlain),
              StartsWith("Interrupted during the warm-up: nothing was measured.\n\nGET"));
}

TEST(TextReport, SaysWhatRan) {
  RunResult result = ExampleResult();
  result.plan.clear_urls();
  result.plan.mutable_request()->set_url("https://user:secret@host/");
  result.plan.mutable_phases(0)->set_requests(0);
  result.plan.mutable_phases(0)->set_duration_ns(30 * kSecond);
  v1::Transport* transport = result.plan.mutable_transport();
  transport->set_kind(v1::TRANSPORT_KIND_CURL);
  transport->set_http_version(v1::HTTP_VERSION_2);
  transport->set_streams(10);
  transport->set_follow(true);
  transport->set_insecure(true);
  const std::string text = TextReport(result, kPlain);
  EXPECT_THAT(text, StartsWith("GET https://user:***@host/\n"
                               "30.0 s, concurrency 16, 2 agents, transport curl (needed for "
                               "HTTP/2), HTTP/2, 10 streams a\n  connection, following redirects, "
                               "certificates not verified\n"));
  EXPECT_THAT(text, HasSubstr("of 2,000 issued\n"));

  transport->Clear();
  result.plan.mutable_phases(0)->set_requests(5'000);
  EXPECT_THAT(TextReport(result, kPlain), HasSubstr("\n5,000 requests, 30.0 s at most, conc"));
  EXPECT_THAT(TextReport(result, kPlain), HasSubstr("of 2,000 issued\n"));
  transport->set_no_keepalive(true);
  transport->set_proxy("http://proxy:3128");
  EXPECT_THAT(
      TextReport(result, kPlain),
      ::testing::AllOf(HasSubstr("transport curl (needed for a"), HasSubstr("keep-alive, by proxy"),
                       HasSubstr("http://proxy:3128\n")));
}

// A percentile that so few values cannot tell from the largest is not given digits of its own.
TEST(TextReport, MarksPercentilesThatAreTheMaximum) {
  EXPECT_THAT(TextReport(AllOf(1, Response(200)), kPlain),
              HasSubstr("success    = max    = max   = max    = max  = max  = max   = max\n"));
  EXPECT_THAT(TextReport(AllOf(99, Response(200)), kPlain),
              HasSubstr("1.00 ms  = max  = max   = max\n"));
  EXPECT_THAT(TextReport(AllOf(100, Response(200)), kPlain),
              HasSubstr("1.00 ms  1.00 ms  = max   = max\n"));
}

TEST(TextReport, LeavesOutNoErrorInSilence) {
  RunResult result = AllOf(0, {});
  for (uint32_t status = 400; status < 430; ++status) {
    result.fleet.Add(status, {.service = kMillisecond}, Response(status));
    result.fleet.Add(status + 1000, {.service = kMillisecond}, Response(status));
  }
  const std::string text = TextReport(result, kPlain);
  EXPECT_THAT(text, HasSubstr("\n  10 more  20  33.33 %\n"));  // 20 statuses are shown
  EXPECT_THAT(text, HasSubstr("\n  36  of 18 more kinds\n"));  // 12 errors are shown
}

TEST(TextReport, LetsNoControlCharacterThrough) {
  RunResult result = ExampleResult();
  const std::string nasty =
      "\x1b]0;title\x07\x9b"
      "31m\xc2\x9b\r\n\xff\xe2\x80\xae";
  result.state = RunState::kIncomplete;
  result.notes = {nasty, nasty};
  result.plan.mutable_request()->set_method(nasty);
  result.plan.mutable_urls()->set_name(nasty);
  result.plan.mutable_transport()->set_proxy(nasty);
  for (AgentResult& agent : result.agents) agent.name = agent.address = nasty;
  result.fleet.addresses[nasty] = {1, 1};
  result.fleet.Add(1, {.service = 1}, Failure(v1::FAILURE_KIND_OTHER, nasty));
  for (const bool utf8 : {false, true}) {
    const std::string text = TextReport(result, {false, utf8, 100});
    EXPECT_THAT(text, HasSubstr("\\x1b]0;title\\x07\\x9b31m\\xc2\\x9b \\xff\\xe2\\x80\\xae"));
    for (const char c : text) {
      EXPECT_FALSE((c >= 0 && c < ' ' && c != '\n') || c == '\x7f') << static_cast<int>(c);
      EXPECT_TRUE(utf8 || c >= 0);
    }
    EXPECT_THAT(text, Not(HasSubstr("\xc2\x9b")));
  }
}

TEST(TextReport, StaysWithinItsWidth) {
  RunResult result = ExampleOpenLoopResult();
  result.state = RunState::kIncomplete;
  result.fleet.resent = 1'000'000;
  result.fleet.addresses[std::string(256, 'a')] = {1, 1};
  result.notes.assign(2,
                      "A long sentence that goes on and on, and then on again, until it has "
                      "said what had to be said about the matter, and then some.");
  result.plan.mutable_urls()->set_name(std::string(300, 'u'));
  result.agents[0].name = std::string(300, 'n');
  result.agents[0].address = std::string(300, 'a');
  result.fleet.Add(1, {.service = 1}, Failure(v1::FAILURE_KIND_OTHER, std::string(256, 'd')));
  for (const bool utf8 : {false, true}) {
    for (const int width : {80, 100}) {
      std::istringstream lines(TextReport(result, {false, utf8, width}));
      for (std::string line; std::getline(lines, line);) {
        EXPECT_LE(Columns(line), static_cast<size_t>(width)) << line;
        EXPECT_FALSE(line.ends_with(' ')) << line;
      }
    }
  }
}

TEST(TextReport, UsesColourOnlyWhenAsked) {
  EXPECT_THAT(TextReport(ExampleResult(), {true, true, 100}), HasSubstr("\x1b[1mErrors\x1b[0m"));
  EXPECT_THAT(TextReport(ExampleResult(), {false, true, 100}), Not(HasSubstr("\x1b")));
}

}  // namespace
}  // namespace squall
