#include "common/plan_check.h"

#include <functional>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/protocol.h"

namespace squall {
namespace {

v1::Plan GoodPlan() {
  v1::Plan plan;
  plan.mutable_request()->set_method("GET");
  plan.mutable_request()->set_url("http://127.0.0.1/");
  plan.mutable_phase()->set_requests(1);
  plan.mutable_phase()->set_concurrency(1);
  plan.mutable_transport()->set_http_version(v1::HTTP_VERSION_1_1);
  plan.mutable_transport()->set_streams(1);
  plan.mutable_transport()->set_timeout_ns(1);
  return plan;
}

TEST(CheckPlan, TakesAGoodOne) { EXPECT_TRUE(CheckPlan(GoodPlan()).ok()); }

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
         plan.mutable_urls()->set_size_bytes(uint64_t{1} << 40);
       }},
      {"phase", [](v1::Plan& plan) { plan.mutable_phase()->clear_requests(); }},
      {"phase.requests",
       [](v1::Plan& plan) { plan.mutable_phase()->set_requests(uint64_t{1} << 63); }},
      {"phase.duration_ns", [](v1::Plan& plan) { plan.mutable_phase()->set_duration_ns(-1); }},
      {"phase.duration_ns",
       [](v1::Plan& plan) { plan.mutable_phase()->set_duration_ns(INT64_MAX); }},
      {"phase.concurrency", [](v1::Plan& plan) { plan.mutable_phase()->clear_concurrency(); }},
      {"phase.concurrency",
       [](v1::Plan& plan) { plan.mutable_phase()->set_concurrency(UINT32_MAX); }},
      {"phase.arrivals.process",
       [](v1::Plan& plan) { plan.mutable_phase()->mutable_arrivals()->set_rate_nano(1); }},
      {"phase.arrivals.rate_nano",
       [](v1::Plan& plan) {
         plan.mutable_phase()->mutable_arrivals()->set_process(v1::ARRIVAL_PROCESS_POISSON);
       }},
      {"phase.arrivals.rate_nano",
       [](v1::Plan& plan) {
         v1::Arrivals& arrivals = *plan.mutable_phase()->mutable_arrivals();
         arrivals.set_process(v1::ARRIVAL_PROCESS_CONSTANT);
         arrivals.set_rate_nano(kMaxRateNano + 1);
       }},
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

}  // namespace
}  // namespace squall
