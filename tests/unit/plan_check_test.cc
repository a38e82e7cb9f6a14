#include "common/plan_check.h"

#include <functional>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/clock.h"
#include "common/protocol.h"

namespace squall {
namespace {

v1::Plan GoodPlan() {
  v1::Plan plan;
  plan.mutable_request()->set_method("GET");
  plan.mutable_request()->set_url("http://127.0.0.1/");
  plan.add_phases()->set_measured(true);
  plan.mutable_phases(0)->set_requests(1);
  plan.set_concurrency(1);
  plan.mutable_transport()->set_kind(v1::TRANSPORT_KIND_HTTP1);
  plan.mutable_transport()->set_http_version(v1::HTTP_VERSION_1_1);
  plan.mutable_transport()->set_streams(1);
  plan.mutable_transport()->set_timeout_ns(1);
  return plan;
}

void AddResolution(v1::Plan& plan, const std::string& host, const std::string& address) {
  v1::Resolution& resolution = *plan.mutable_transport()->add_resolutions();
  resolution.set_host(host);
  resolution.set_port(80);
  resolution.add_addresses(address);
}

TEST(CheckPlan, TakesAGoodOne) {
  v1::Plan plan = GoodPlan();
  EXPECT_TRUE(CheckPlan(plan).ok());
  *plan.add_phases() = plan.phases(0);
  plan.mutable_phases(0)->clear_measured();
  plan.mutable_phases(0)->set_duration_ns(1);
  EXPECT_TRUE(CheckPlan(plan).ok()) << "a warm-up in front";
}

TEST(CheckPlan, TakesEveryPlaceToConnectTo) {
  v1::Plan plan = GoodPlan();
  AddResolution(plan, "api", "10.0.0.1");
  v1::Transport& transport = *plan.mutable_transport();
  transport.add_diversions()->set_to_host("::1");
  transport.set_dns_refresh_ns(kSecond);
  transport.add_source_addresses("10.0.0.5");
  transport.add_source_addresses("::1");
  EXPECT_TRUE(CheckPlan(plan).ok()) << CheckPlan(plan);
  plan = GoodPlan();
  plan.mutable_transport()->set_unix_socket("/run/app.sock");
  EXPECT_TRUE(CheckPlan(plan).ok()) << CheckPlan(plan);
}

TEST(CheckPlan, NamesTheFieldThatIsWrong) {
  struct Row {
    const char* field;
    std::function<void(v1::Plan&)> spoil;
  };
  const Row rows[] = {
      {"request.method", [](v1::Plan& plan) { plan.mutable_request()->clear_method(); }},
      {"request.url", [](v1::Plan& plan) { plan.mutable_request()->clear_url(); }},
      {"request.method", [](v1::Plan& plan) { plan.mutable_request()->set_method("GET /\r\n"); }},
      {"request.url",
       [](v1::Plan& plan) { plan.mutable_request()->set_url("file:///etc/passwd"); }},
      {"request.headers",
       [](v1::Plan& plan) {
         v1::Header& header = *plan.mutable_request()->add_headers();
         header.set_name("A");
         header.set_value("b\r\nC: d");
       }},
      {"request.headers",
       [](v1::Plan& plan) { plan.mutable_request()->add_headers()->set_name("A: b"); }},
      {"request.headers",
       [](v1::Plan& plan) {
         plan.mutable_request()->set_tag(true);
         plan.mutable_request()->add_headers()->set_name("squall-request");
       }},
      {"server_counts", [](v1::Plan& plan) { plan.set_server_counts("/counts"); }},
      {"transport.proxy", [](v1::Plan& plan) { plan.mutable_transport()->set_proxy("ftp://x"); }},
      {"urls", [](v1::Plan& plan) { plan.mutable_urls()->set_order(v1::ORDER_RANDOM); }},
      {"urls.order",
       [](v1::Plan& plan) {
         plan.mutable_urls()->set_entries(1);
         plan.mutable_urls()->set_size_bytes(10);
       }},
      {"urls",
       [](v1::Plan& plan) {
         plan.mutable_urls()->set_order(v1::ORDER_RANDOM);
         plan.mutable_urls()->set_entries(1);
         plan.mutable_urls()->set_size_bytes((uint64_t{1} << 40) + 1);
       }},
      {"templates", [](v1::Plan& plan) { plan.add_insertions(); }},
      {"templates", [](v1::Plan& plan) { plan.mutable_feeder()->set_rows(1); }},
      {"insertions.kind",
       [](v1::Plan& plan) {
         plan.set_templates(true);
         plan.add_insertions();
       }},
      {"insertions",
       [](v1::Plan& plan) {
         plan.set_templates(true);
         plan.add_insertions()->set_kind(v1::INSERTION_KIND_FILE);
         plan.mutable_insertions(0)->set_value(std::string((size_t{8} << 20) + 1, 'x'));
       }},
      {"feeder.order",
       [](v1::Plan& plan) {
         plan.set_templates(true);
         plan.mutable_feeder()->set_rows(1);
       }},
      {"feeder",
       [](v1::Plan& plan) {
         plan.set_templates(true);
         plan.mutable_feeder()->set_order(v1::ORDER_RANDOM);
       }},
      {"request.url",
       [](v1::Plan& plan) {
         plan.set_templates(true);
         plan.mutable_request()->set_url("http://{{seq}}/");
       }},
      {"request.headers",
       [](v1::Plan& plan) {
         plan.set_templates(true);
         plan.mutable_request()->add_headers()->set_name("X");
         plan.mutable_request()->mutable_headers(0)->set_value("{{int 1}}");
       }},
      {"request.body",
       [](v1::Plan& plan) {
         plan.set_templates(true);
         plan.mutable_request()->set_body("{{");
       }},
      {"phases", [](v1::Plan& plan) { plan.mutable_phases(0)->clear_requests(); }},
      {"phases.requests",
       [](v1::Plan& plan) { plan.mutable_phases(0)->set_requests(uint64_t{1} << 63); }},
      {"phases.duration_ns", [](v1::Plan& plan) { plan.mutable_phases(0)->set_duration_ns(-1); }},
      {"phases.duration_ns",
       [](v1::Plan& plan) { plan.mutable_phases(0)->set_duration_ns(INT64_MAX); }},
      {"phases.drain_ns", [](v1::Plan& plan) { plan.mutable_phases(0)->set_drain_ns(-1); }},
      {"phases.drain_ns", [](v1::Plan& plan) { plan.mutable_phases(0)->set_drain_ns(INT64_MAX); }},
      {"phases", [](v1::Plan& plan) { plan.clear_phases(); }},
      {"phases",
       [](v1::Plan& plan) {
         for (int i = 0; i < 100; ++i) *plan.add_phases() = plan.phases(0);
       }},
      {"phases.measured", [](v1::Plan& plan) { plan.mutable_phases(0)->clear_measured(); }},
      {"phases.measured", [](v1::Plan& plan) { *plan.add_phases() = plan.phases(0); }},
      {"phases.duration_ns",
       [](v1::Plan& plan) {
         *plan.add_phases() = plan.phases(0);
         plan.mutable_phases(0)->clear_measured();
       }},
      {"concurrency", [](v1::Plan& plan) { plan.clear_concurrency(); }},
      {"concurrency", [](v1::Plan& plan) { plan.set_concurrency(UINT32_MAX); }},
      {"phases.arrivals.process",
       [](v1::Plan& plan) { plan.mutable_phases(0)->mutable_arrivals()->set_rate_nano(1); }},
      {"phases.arrivals.rate_nano",
       [](v1::Plan& plan) {
         plan.mutable_phases(0)->mutable_arrivals()->set_process(v1::ARRIVAL_PROCESS_POISSON);
       }},
      {"phases.arrivals.rate_nano",
       [](v1::Plan& plan) {
         v1::Arrivals& arrivals = *plan.mutable_phases(0)->mutable_arrivals();
         arrivals.set_process(v1::ARRIVAL_PROCESS_CONSTANT);
         arrivals.set_rate_nano(kMaxRateNano + 1);
       }},
      {"transport.kind", [](v1::Plan& plan) { plan.mutable_transport()->clear_kind(); }},
      {"transport.kind", [](v1::Plan& plan) { plan.mutable_transport()->set_follow(true); }},
      {"transport.http_version",
       [](v1::Plan& plan) {
         plan.mutable_transport()->set_http_version(static_cast<v1::HttpVersion>(9));
       }},
      {"transport.streams", [](v1::Plan& plan) { plan.mutable_transport()->clear_streams(); }},
      {"transport.streams", [](v1::Plan& plan) { plan.mutable_transport()->set_streams(2); }},
      {"transport.streams",
       [](v1::Plan& plan) {
         plan.mutable_transport()->set_http_version(v1::HTTP_VERSION_2);
         plan.mutable_transport()->set_streams(uint32_t{1} << 31);
       }},
      {"transport.client_key_pem",
       [](v1::Plan& plan) { plan.mutable_transport()->set_client_certificate_pem("x"); }},
      {"transport.client_key_pem",
       [](v1::Plan& plan) { plan.mutable_transport()->set_client_key_pem("x"); }},
      {"transport.timeout_ns", [](v1::Plan& plan) { plan.mutable_transport()->set_timeout_ns(0); }},
      {"transport.resolutions",
       [](v1::Plan& plan) { plan.mutable_transport()->add_resolutions()->set_host("api"); }},
      {"transport.resolutions", [](v1::Plan& plan) { AddResolution(plan, "API", "::1"); }},
      {"transport.resolutions", [](v1::Plan& plan) { AddResolution(plan, "api", "10.0.0.256"); }},
      {"transport.resolutions",
       [](v1::Plan& plan) {
         AddResolution(plan, "api", "::1");
         AddResolution(plan, "api", "::2");
       }},
      {"transport.diversions",
       [](v1::Plan& plan) { plan.mutable_transport()->add_diversions()->set_port(65'536); }},
      {"transport.diversions",
       [](v1::Plan& plan) { plan.mutable_transport()->add_diversions()->set_to_host("A"); }},
      {"transport.dns_refresh_ns",
       [](v1::Plan& plan) { plan.mutable_transport()->set_dns_refresh_ns(1); }},
      {"transport.source_addresses",
       [](v1::Plan& plan) { plan.mutable_transport()->add_source_addresses("eth0"); }},
      {"transport.source_addresses",
       [](v1::Plan& plan) { plan.mutable_transport()->add_source_addresses("::1,::2"); }},
      {"transport.unix_socket",
       [](v1::Plan& plan) { plan.mutable_transport()->set_unix_socket(std::string(108, 'x')); }},
      {"transport.unix_socket",
       [](v1::Plan& plan) {
         plan.mutable_transport()->set_unix_socket("x");
         plan.mutable_transport()->add_source_addresses("::1");
       }},
      {"transport.proxy",
       [](v1::Plan& plan) {
         plan.mutable_transport()->set_proxy("http://proxy:3128");
         AddResolution(plan, "api", "::1");
       }},
      {"transport.timeout_ns",
       [](v1::Plan& plan) { plan.mutable_transport()->set_timeout_ns(INT64_MAX); }},
  };
  for (const Row& row : rows) {
    v1::Plan plan = GoodPlan();
    row.spoil(plan);
    const absl::Status status = CheckPlan(plan);
    EXPECT_TRUE(absl::IsInvalidArgument(status)) << row.field;
    EXPECT_THAT(std::string(status.message()),
                testing::StartsWith(std::string("plan: ") + row.field + ":"));
  }
}

v1::NamedRequest& AddNamed(v1::Plan& plan, const std::string& name, uint32_t weight) {
  v1::NamedRequest& named = *plan.add_mix();
  named.set_name(name);
  named.set_weight(weight);
  named.mutable_request()->set_method("GET");
  named.mutable_request()->set_url("http://127.0.0.1/" + std::to_string(plan.mix_size()));
  return named;
}

v1::Plan MixedPlan() {
  v1::Plan plan = GoodPlan();
  plan.clear_request();
  AddNamed(plan, "list", 3);
  AddNamed(plan, "über uns", 1);
  return plan;
}

TEST(CheckPlan, TakesNamedRequests) {
  v1::Plan plan = MixedPlan();
  plan.mutable_request()->set_tag(true);
  plan.mutable_mix(1)->mutable_checks()->add_bodies("x");
  EXPECT_TRUE(CheckPlan(plan).ok()) << CheckPlan(plan);
  plan = MixedPlan();
  plan.mutable_mix(0)->set_weight(30'000'000);
  plan.mutable_mix(1)->set_weight(10'000'000);
  EXPECT_TRUE(CheckPlan(plan).ok()) << "what they have in common does not count";
  while (plan.mix_size() < kMaxNamedRequests) {
    AddNamed(plan, std::to_string(plan.mix_size()), 10'000'000);
  }
  EXPECT_TRUE(CheckPlan(plan).ok()) << CheckPlan(plan);
}

TEST(CheckPlan, RefusesNamedRequests) {
  const struct {
    const char* message;
    std::function<void(v1::Plan&)> spoil;
  } rows[] = {
      {"mix: beside a list", [](v1::Plan& plan) { plan.mutable_urls(); }},
      {"mix: beside a request without a name",
       [](v1::Plan& plan) { plan.mutable_request()->set_method("GET"); }},
      {"mix: beside a request without a name", [](v1::Plan& plan) { plan.mutable_checks(); }},
      {"mix: more than 64",
       [](v1::Plan& plan) {
         while (plan.mix_size() <= kMaxNamedRequests)
           AddNamed(plan, std::to_string(plan.mix_size()), 1);
       }},
      {"mix.name: list: twice", [](v1::Plan& plan) { plan.mutable_mix(1)->set_name("list"); }},
      {"mix.name: a request without a name",
       [](v1::Plan& plan) { plan.mutable_mix(0)->clear_name(); }},
      {"mix.name: xxxxx",
       [](v1::Plan& plan) { plan.mutable_mix(0)->set_name(std::string(65, 'x')); }},
      {"mix.name: a\\x1b[2J: a name has no control characters",
       [](v1::Plan& plan) { plan.mutable_mix(0)->set_name("a\x1b[2J"); }},
      {"mix.weight: must be", [](v1::Plan& plan) { plan.mutable_mix(1)->set_weight(0); }},
      {"mix.weight: together more than 10000",
       [](v1::Plan& plan) { plan.mutable_mix(0)->set_weight(10'000); }},
      {"mix.request.tag: ",
       [](v1::Plan& plan) { plan.mutable_mix(0)->mutable_request()->set_tag(true); }},
      {"mix[1].request.method: ",
       [](v1::Plan& plan) { plan.mutable_mix(1)->mutable_request()->clear_method(); }},
      {"mix[0].request.url: ",
       [](v1::Plan& plan) { plan.mutable_mix(0)->mutable_request()->set_url("x"); }},
      {"checks.", [](v1::Plan& plan) { plan.mutable_mix(0)->mutable_checks()->add_bodies("("); }},
      {"mix[1].request.body: ",
       [](v1::Plan& plan) {
         plan.set_templates(true);
         plan.mutable_mix(1)->mutable_request()->set_body("{{sqe}}");
       }},
      {"transport.kind: http1 cannot do a header Expect",
       [](v1::Plan& plan) {
         v1::Header& header = *plan.mutable_mix(1)->mutable_request()->add_headers();
         header.set_name("expect");
         header.set_value("100-continue");
       }},
  };
  for (const auto& row : rows) {
    SCOPED_TRACE(row.message);
    v1::Plan plan = MixedPlan();
    row.spoil(plan);
    const absl::Status status = CheckPlan(plan);
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    EXPECT_THAT(std::string(status.message()),
                testing::StartsWith(std::string("plan: ") + row.message));
  }
}

v1::Plan ScriptedPlan() {
  v1::Plan plan = GoodPlan();
  plan.mutable_script()->set_text("wrk.method = 'PUT'");
  return plan;
}

TEST(CheckPlan, TakesAScript) {
  v1::Plan plan = ScriptedPlan();
  plan.mutable_script()->set_text(std::string(kMaxScriptBytes, ' '));
  plan.mutable_script()->add_arguments(std::string(kMaxScriptArguments - 1, 'a'));
  plan.mutable_checks()->add_bodies("x");
  EXPECT_TRUE(CheckPlan(plan).ok()) << CheckPlan(plan);
}

TEST(CheckPlan, RefusesWhatHasNoMeaningBesideAScript) {
  const struct {
    const char* message;
    std::function<void(v1::Plan&)> spoil;
  } rows[] = {
      {"script: larger than 1 MiB",
       [](v1::Plan& plan) {
         plan.mutable_script()->set_text(std::string(kMaxScriptBytes + 1, ' '));
       }},
      {"script.arguments: larger than 64 KiB",
       [](v1::Plan& plan) {
         plan.mutable_script()->add_arguments(std::string(kMaxScriptArguments, 'a'));
       }},
      {"script: beside several requests",
       [](v1::Plan& plan) {
         plan.clear_request();
         AddNamed(plan, "list", 1);
       }},
      {"script: beside a list of URLs",
       [](v1::Plan& plan) {
         plan.mutable_urls()->set_order(v1::ORDER_SHUFFLED);
         plan.mutable_urls()->set_entries(1);
         plan.mutable_urls()->set_size_bytes(1);
       }},
      {"script: beside placeholders", [](v1::Plan& plan) { plan.set_templates(true); }},
      {"script: beside tags", [](v1::Plan& plan) { plan.mutable_request()->set_tag(true); }},
      {"script: beside a user",
       [](v1::Plan& plan) { plan.mutable_request()->set_url("http://ann:secret@127.0.0.1/"); }},
      {"script: over another transport",
       [](v1::Plan& plan) { plan.mutable_transport()->set_kind(v1::TRANSPORT_KIND_CURL); }},
      {"transport.kind: http1 cannot do",
       [](v1::Plan& plan) { plan.mutable_transport()->set_follow(true); }},
  };
  for (const auto& row : rows) {
    SCOPED_TRACE(row.message);
    v1::Plan plan = ScriptedPlan();
    row.spoil(plan);
    const absl::Status status = CheckPlan(plan);
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    EXPECT_THAT(std::string(status.message()),
                testing::StartsWith(std::string("plan: ") + row.message));
  }
}

}  // namespace
}  // namespace squall
