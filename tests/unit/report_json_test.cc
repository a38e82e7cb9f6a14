#include "controller/report_json.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "common/version.h"
#include "tests/support/example_result.h"
#include "tests/support/outcomes.h"

namespace squall {
namespace {

using Json = nlohmann::ordered_json;
using testing::ElementsAre;

Json Parsed(const RunResult& result) {
  const std::string text = JsonReport(result);
  EXPECT_TRUE(text.ends_with("}\n"));
  Json json = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  EXPECT_FALSE(json.is_discarded()) << text;
  return json;
}

std::vector<std::string> Keys(const Json& json) {
  std::vector<std::string> keys;
  for (const auto& item : json.items()) keys.push_back(item.key());
  return keys;
}

TEST(JsonReport, HasTheDocumentedKeys) {
  const Json json = Parsed(ExampleResult());
  EXPECT_THAT(Keys(json),
              ElementsAre("run", "notes", "plan", "warmup", "totals", "coverage", "tag", "latency",
                          "schedule_lag", "waited", "waited_beside_free", "timings", "addresses",
                          "status_codes", "errors", "requests", "steps", "verdict", "parallelism",
                          "headroom", "clocks", "events", "agents"));
  EXPECT_THAT(Keys(json["run"]),
              ElementsAre("id", "version", "seed", "started_at", "elapsed_ns", "state"));
  EXPECT_THAT(Keys(json["totals"]),
              ElementsAre("planned", "recorded", "succeeded", "failed", "bytes_received",
                          "bytes_sent", "connections", "resent", "requests_per_second", "dropped",
                          "unsent", "oldest_unsent_ns", "peak_connections", "possibly_repeated"));
  EXPECT_THAT(Keys(json["coverage"]),
              ElementsAre("listed", "distinct", "missed", "whole_passes", "passes", "more_passes",
                          "times_least", "times_most", "possibly_repeated"));
  EXPECT_THAT(Keys(json["clocks"]),
              ElementsAre("agents", "start_spread_ns", "start_spread_error_ns"));
  EXPECT_THAT(
      Keys(json["clocks"]["agents"][0]),
      ElementsAre("name", "offset_ns", "error_ns", "rtt_ns", "drift_ppm", "drift_error_ppm"));
  EXPECT_THAT(Keys(json["events"][0]), ElementsAre("at_ns", "kind", "agent", "detail"));
  EXPECT_THAT(Keys(json["latency"]), ElementsAre("success", "failure"));
  EXPECT_THAT(Keys(json["latency"]["failure"]["service"]),
              ElementsAre("count", "min_ns", "mean_ns", "stddev_ns", "max_ns", "p50_ns", "p75_ns",
                          "p90_ns", "p95_ns", "p99_ns", "p99_9_ns", "p99_99_ns"));
  EXPECT_THAT(Keys(json["latency"]["failure"]), ElementsAre("service", "response"));
  EXPECT_THAT(Keys(json["timings"]),
              ElementsAre("resolve", "connect", "tls", "first_byte_fresh", "first_byte_reused",
                          "transfer_fresh", "transfer_reused"));
  EXPECT_EQ(Keys(json["timings"]["tls"]), Keys(json["latency"]["failure"]["service"]));
  EXPECT_THAT(Keys(json["addresses"][0]), ElementsAre("address", "connections", "requests"));
  EXPECT_THAT(Keys(json["errors"][0]), ElementsAre("kind", "count", "sample"));
  EXPECT_THAT(Keys(json["agents"][0]),
              ElementsAre("name", "address", "concurrency", "recorded", "succeeded", "failed",
                          "bytes_received", "bytes_sent", "connections", "resent",
                          "requests_per_second", "latency", "schedule_lag", "waited",
                          "waited_beside_free", "timings", "addresses", "host", "vitals"));
}

TEST(JsonReport, TellsTheExample) {
  const Json json = Parsed(ExampleResult());
  EXPECT_EQ(json["run"]["id"], "r-1");
  EXPECT_EQ(json["run"]["version"], std::string(kVersion));
  EXPECT_EQ(json["run"]["seed"], 42);
  EXPECT_EQ(json["run"]["started_at"], "2023-11-14T22:13:20.123Z");
  EXPECT_EQ(json["run"]["elapsed_ns"], 4'000'000'000);
  EXPECT_EQ(json["run"]["state"], "complete");
  EXPECT_EQ(json["totals"]["possibly_repeated"], 5);
  EXPECT_EQ(json["clocks"]["start_spread_ns"], 400'000);
  EXPECT_EQ(json["clocks"]["start_spread_error_ns"], 200'000);
  EXPECT_EQ(json["clocks"]["agents"][0]["offset_ns"], -3'600'000'000'000);
  EXPECT_EQ(json["clocks"]["agents"][0]["drift_ppm"], -12.5);
  EXPECT_EQ(json["events"][0]["kind"], "lost");
  EXPECT_EQ(json["events"][1]["kind"], "regranted");
  EXPECT_EQ(json["events"][0]["at_ns"], 2'000'000'000);
  EXPECT_EQ(json["totals"]["planned"], 2000);
  EXPECT_EQ(json["totals"]["recorded"], 2000);
  EXPECT_EQ(json["totals"]["succeeded"], 1994);
  EXPECT_EQ(json["totals"]["failed"], 6);
  EXPECT_EQ(json["totals"]["bytes_received"], 1997 * 500);
  EXPECT_EQ(json["totals"]["bytes_sent"], 2000 * 80);
  EXPECT_EQ(json["totals"]["connections"], 16);
  EXPECT_EQ(json["totals"]["resent"], 0);
  EXPECT_EQ(json["totals"]["requests_per_second"], 500.0);
  const Json& service = json["latency"]["success"]["service"];
  EXPECT_EQ(service["count"], 1994);
  EXPECT_EQ(service["min_ns"], 1'000'000);
  EXPECT_EQ(service["max_ns"], 1'999'000);
  // The sum of 2,000 times without those of the 6 failures, which are 1,000 to 1,005 µs.
  EXPECT_EQ(service["mean_ns"], std::llround((2'999'000e3 - 6'015e3) / 1994));
  EXPECT_NEAR(service["p99_ns"].get<double>(), 1'990e3, 2e3);
  EXPECT_EQ(json["status_codes"], Json({{"200", 1994}, {"404", 2}, {"503", 1}}));
  EXPECT_EQ(
      json["errors"],
      Json::array(
          {{{"kind", FailureName(v1::FAILURE_KIND_TIMEOUT)}, {"count", 3}, {"sample", "no answer"}},
           {{"kind", "status 404"}, {"count", 2}, {"sample", "<h1>not\r\n\tfound</h1>"}},
           {{"kind", "status 503"}, {"count", 1}, {"sample", ""}}}));
  EXPECT_EQ(json["agents"].size(), 3u);
  const Json& beta = json["agents"][1];
  EXPECT_EQ(beta["name"], "beta");
  EXPECT_EQ(beta["address"], "10.0.0.2:7400");
  EXPECT_EQ(beta["concurrency"], 8);
  EXPECT_EQ(beta["recorded"], 1000);
  EXPECT_EQ(beta["failed"], 0);
  EXPECT_EQ(beta["connections"], 8);
  EXPECT_EQ(beta["latency"]["success"]["service"]["count"], 1000);
  EXPECT_EQ(
      beta["host"],
      Json({{"os", "Linux 6.1.0"}, {"machine", "x86_64"}, {"cores", 4}, {"version", "0.1.0"}}));
}

TEST(JsonReport, TellsTimings) {
  const Json json = Parsed(ExampleResult());
  const Json& timings = json["timings"];
  EXPECT_EQ(timings["resolve"]["count"], 2);
  EXPECT_EQ(timings["resolve"]["max_ns"], 50'000);
  EXPECT_EQ(timings["connect"]["max_ns"], 250'000);
  EXPECT_EQ(timings["tls"]["count"], 0);
  EXPECT_TRUE(timings["tls"]["max_ns"].is_null());
  EXPECT_EQ(timings["first_byte_fresh"]["max_ns"], 600'000);
  EXPECT_EQ(timings["first_byte_reused"]["count"], 1995);
  EXPECT_EQ(timings["first_byte_reused"]["min_ns"], 901'000);
  EXPECT_EQ(timings["transfer_fresh"]["count"], 2);
  EXPECT_EQ(timings["transfer_reused"]["max_ns"], 100'000);
  EXPECT_EQ(json["agents"][1]["timings"]["first_byte_reused"]["count"], 999);
}

TEST(JsonReport, TellsAddresses) {
  const Json json = Parsed(ExampleResult());
  const Json first = {{"address", "10.1.0.1:80"}, {"connections", 8}, {"requests", 997}};
  const Json second = {{"address", "10.1.0.2:80"}, {"connections", 8}, {"requests", 1000}};
  EXPECT_EQ(json["addresses"], Json::array({first, second}));
  EXPECT_EQ(json["agents"][1]["addresses"], Json::array({second}));
}

TEST(JsonReport, TellsWhatWaitedUnderARateOnly) {
  const Json closed = Parsed(ExampleResult());
  for (const Json& part : {closed, closed["agents"][0]}) {
    EXPECT_TRUE(part["latency"]["success"]["response"].is_null());
    EXPECT_TRUE(part["latency"]["failure"]["response"].is_null());
    EXPECT_TRUE(part["schedule_lag"].is_null());
    EXPECT_TRUE(part["waited"].is_null());
    EXPECT_TRUE(part["waited_beside_free"].is_null());
  }
  const Json open = Parsed(ExampleOpenLoopResult());
  EXPECT_EQ(open["latency"]["success"]["response"]["count"], 1994);
  EXPECT_EQ(open["latency"]["success"]["response"]["max_ns"], 2'899'000);
  EXPECT_EQ(open["latency"]["success"]["service"]["max_ns"], 1'999'000);
  EXPECT_EQ(open["latency"]["failure"]["response"]["count"], 6);
  EXPECT_EQ(open["schedule_lag"]["count"], 2000);
  EXPECT_EQ(open["schedule_lag"]["max_ns"], 900'000);
  EXPECT_EQ(open["waited"], 40);
  EXPECT_EQ(open["waited_beside_free"], 3);
  EXPECT_EQ(open["agents"][1]["waited"], 20);
  EXPECT_EQ(open["agents"][1]["waited_beside_free"], 2);
  EXPECT_EQ(open["agents"][1]["schedule_lag"]["count"], 1000);
}

TEST(JsonReport, WritesThePlan) {
  RunResult result = ExampleResult();
  EXPECT_EQ(
      Parsed(result)["plan"],
      Json({{"seed", 42},
            {"request",
             {{"method", "GET"}, {"url", ""}, {"headers", Json::array()}, {"body_bytes", nullptr}}},
            {"mix", nullptr},
            {"urls",
             {{"name", "urls.txt"},
              {"size_bytes", 34},
              {"entries", 2},
              {"order", "shuffled"},
              {"methods", nullptr}}},
            {"templates", false},
            {"feeder", nullptr},
            {"script", nullptr},
            {"users", false},
            {"phases", Json::array({{{"measured", true},
                                     {"requests", 2000},
                                     {"duration_ns", 0},
                                     {"drain_ns", 30'000'000'000},
                                     {"arrivals", nullptr}}})},
            {"concurrency", 16},
            {"transport",
             {{"name", "http1"},
              {"http_version", "1.1"},
              {"streams", 1},
              {"no_keepalive", false},
              {"no_probe", false},
              {"timeout_ns", 30'000'000'000},
              {"follow", false},
              {"compressed", false},
              {"cookies", false},
              {"insecure", false},
              {"ca_pem_bytes", 0},
              {"client_certificate_bytes", 0},
              {"proxy", ""}}},
            {"checks", nullptr},
            {"fail_fast", nullptr},
            {"server_counts", nullptr}}));
}

TEST(JsonReport, TellsWhichScriptMadeTheRequests) {
  RunResult result = ExampleResult();
  result.plan.mutable_script()->set_name("checkout.lua");
  result.plan.mutable_script()->set_text("-- secret");
  result.plan.mutable_script()->add_arguments("token");
  EXPECT_EQ(Parsed(result)["plan"]["script"],
            Json({{"name", "checkout.lua"}, {"text_bytes", 9}, {"arguments", 1}}));
}

TEST(JsonReport, TellsOfTheWarmUp) {
  RunResult result = ExampleResult();
  EXPECT_TRUE(Parsed(result)["warmup"].is_null());
  result.warm_up = {.duration = 5 * kSecond, .recorded = 51'234, .failed = 3, .connections = 16};
  EXPECT_EQ(Parsed(result)["warmup"], Json({{"duration_ns", 5'000'000'000},
                                            {"recorded", 51'234},
                                            {"failed", 3},
                                            {"connections", 16}}));
}

TEST(JsonReport, KeepsSecretsAndBodiesToItself) {
  RunResult result = ExampleResult();
  result.plan.clear_urls();
  v1::Request* request = result.plan.mutable_request();
  request->set_url("http://user:hunter2@host/");
  request->set_body("hunter2");
  result.plan.mutable_transport()->set_client_certificate_pem("hunter2");
  result.plan.mutable_transport()->set_client_key_pem("hunter2");
  v1::Header* header = request->add_headers();
  header->set_name("authorization");
  header->set_value("Bearer hunter2");
  header = request->add_headers();
  header->set_name("Accept");
  header->set_value("*/*");
  result.plan.mutable_transport()->set_proxy("http://me:hunter2@proxy");
  result.plan.set_server_counts("http://me:hunter2@host/counts");
  EXPECT_EQ(JsonReport(result).find("hunter2"), std::string::npos);
  const Json plan = Parsed(result)["plan"];
  EXPECT_EQ(plan["server_counts"], "http://me:***@host/counts");
  EXPECT_EQ(plan["request"]["body_bytes"], 7);
  EXPECT_EQ(plan["request"]["headers"],
            Json::array({{{"name", "authorization"}, {"value", nullptr}},
                         {{"name", "Accept"}, {"value", "*/*"}}}));
  EXPECT_TRUE(plan["urls"].is_null());
}

TEST(JsonReport, HasNoNumbersOfNothing) {
  RunResult result;
  result.state = RunState::kIncomplete;
  result.notes = {"no agent was left"};
  const Json json = Parsed(result);
  EXPECT_EQ(json["run"]["state"], "incomplete");
  EXPECT_EQ(json["notes"], Json::array({"no agent was left"}));
  EXPECT_EQ(json["totals"]["requests_per_second"], 0.0);
  for (const auto& [key, value] : json["latency"]["success"]["service"].items()) {
    if (key == "count") {
      EXPECT_EQ(value, 0);
    } else {
      EXPECT_TRUE(value.is_null()) << key;
    }
  }
  EXPECT_EQ(json["status_codes"], Json::object());
  EXPECT_EQ(json["errors"], Json::array());
  EXPECT_EQ(json["agents"], Json::array());
}

TEST(JsonReport, SurvivesWhateverServersSend) {
  RunResult result = ExampleResult();
  result.state = RunState::kInterrupted;
  result.fleet = Metrics();
  result.agents[0].name = "\xff\x1b[2J";
  result.fleet.Add(0, {.service = 1},
                   Response(500, std::string_view("a\0\x1b[2J\xc3\x28\x7f\xc2\x9b", 12)));
  for (const char c : JsonReport(result)) EXPECT_TRUE((c >= ' ' && c <= '~') || c == '\n') << c;
  const Json json = Parsed(result);
  EXPECT_EQ(json["run"]["state"], "interrupted");
  EXPECT_EQ(json["agents"][0]["name"], "\xef\xbf\xbd\x1b[2J");
  EXPECT_EQ(json["errors"][0]["sample"], std::string("a\0\x1b[2J\xef\xbf\xbd\x28\x7f\xc2\x9b", 14));
}

TEST(JsonReport, KeepsWideIntegersExact) {
  RunResult result;
  result.plan.set_seed(UINT64_MAX);
  result.fleet.bytes_received = UINT64_MAX - 1;
  const Json json = Parsed(result);
  EXPECT_EQ(json["run"]["seed"].get<uint64_t>(), UINT64_MAX);
  EXPECT_EQ(json["totals"]["bytes_received"].get<uint64_t>(), UINT64_MAX - 1);
}

TEST(JsonReport, TellsOfEachNamedRequest) {
  const Json json = Parsed(ExampleMixResult());
  EXPECT_TRUE(json["plan"]["request"].is_null());
  EXPECT_EQ(json["plan"]["mix"][1], Json({{"name", "view"},
                                          {"weight", 1},
                                          {"method", "GET"},
                                          {"url", "http://h/view"},
                                          {"headers", Json::array()},
                                          {"body_bytes", nullptr},
                                          {"checks", nullptr}}));
  ASSERT_EQ(json["requests"].size(), 2u);
  const Json& list = json["requests"][0];
  EXPECT_THAT(Keys(list),
              ElementsAre("name", "weight", "recorded", "succeeded", "failed", "bytes_received",
                          "bytes_sent", "connections", "resent", "requests_per_second", "latency",
                          "schedule_lag", "status_codes", "errors"));
  EXPECT_EQ(list["weight"], 3);
  EXPECT_EQ(list["recorded"], 1500);
  EXPECT_EQ(list["requests_per_second"], 375.0);
  for (const char* key : {"recorded", "succeeded", "failed", "bytes_received", "connections"}) {
    EXPECT_EQ(list[key].get<uint64_t>() + json["requests"][1][key].get<uint64_t>(),
              json["totals"][key].get<uint64_t>())
        << key;
  }
}

TEST(JsonReport, HasWhatStepsOfUsersCameTo) {
  const Json json = Parsed(ExampleUsersResult());
  EXPECT_EQ(json["plan"]["users"], true);
  EXPECT_EQ(json["totals"]["recorded"], 2000);
  ASSERT_EQ(json["steps"].size(), 2u);
  const Json& item = json["steps"][0];
  EXPECT_THAT(Keys(item),
              ElementsAre("name", "recorded", "succeeded", "failed", "bytes_received", "bytes_sent",
                          "connections", "resent", "requests_per_second", "latency", "schedule_lag",
                          "waited", "status_codes", "errors"));
  EXPECT_EQ(item["name"], "item");
  EXPECT_EQ(item["recorded"], 2000);
  EXPECT_EQ(item["waited"], 3);
  EXPECT_EQ(item["errors"].size(), 3u);
  EXPECT_EQ(json["steps"][1]["waited"], 0);
}

}  // namespace
}  // namespace squall
