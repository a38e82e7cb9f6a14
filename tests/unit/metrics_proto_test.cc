// What is decoded, and what is refused as no agent could have made it.
#include <cstdint>
#include <string>

#include <gtest/gtest.h>

#include "common/decoded_metrics.h"
#include "common/histogram_cells.h"
#include "common/metrics.h"
#include "common/metrics_parts.h"
#include "tests/unit/metrics_support.h"

namespace squall {
namespace {

void AddStatus(v1::Metrics& proto, uint32_t status, uint64_t count) {
  v1::StatusCount& entry = *proto.add_statuses();
  entry.set_status(status);
  entry.set_count(count);
}

void AddFailure(v1::Metrics& proto, int kind, uint64_t count) {
  v1::FailureCount& entry = *proto.add_failures();
  entry.set_kind(static_cast<v1::FailureKind>(kind));
  entry.set_count(count);
}

// Buckets of which the last one's second number is missing.
constexpr const char* kNotWhole = "\7";

// As many values of 5 ns.
v1::Histogram Fives(uint64_t count) {
  v1::Histogram proto;
  proto.set_count(count);
  proto.set_min_ns(5);
  proto.set_max_ns(5);
  proto.set_sum_high(absl::Uint128High64(absl::uint128(count) * 5));
  proto.set_sum_low(absl::Uint128Low64(absl::uint128(count) * 5));
  CellWriter(proto).Add(5, count);
  return proto;
}

// As many values as can be counted, of 0 to 7 ns.
v1::Histogram MostValues() {
  v1::Histogram proto;
  CellWriter cells(proto);
  for (uint64_t value = 0; value < 8; ++value) {
    cells.Add(value, kMaxCellCount - (value == 0 ? 1 : 0));
  }
  const absl::uint128 sum = absl::uint128(kMaxCellCount) * 28;
  proto.set_count(UINT64_MAX);
  proto.set_max_ns(7);
  proto.set_sum_high(absl::Uint128High64(sum));
  proto.set_sum_low(absl::Uint128Low64(sum));
  return proto;
}

// Two successes; failures: 404 twice, timeout and TLS. The third and the sixth opened a connection.
v1::Metrics GoodProto(const Latency& latency) {
  Metrics metrics = Of({{1, latency, v1::FAILURE_KIND_NONE, 200, "", {-1, -1, -1, 4, 1}},
                        {2, latency, v1::FAILURE_KIND_NONE, 302, ""},
                        {3, latency, v1::FAILURE_KIND_NONE, 404, "a", {5, 5, 5, 5, 5}},
                        {4, latency, v1::FAILURE_KIND_NONE, 404, "b"},
                        {5, latency, v1::FAILURE_KIND_TLS, 0, "c"},
                        {6, latency, v1::FAILURE_KIND_TIMEOUT, 0, "d"}});
  metrics.addresses = {{"a:1", {2, 0}}, {"b:1", {0, 4}}};
  if (latency.lag >= 0) metrics.waited = 3, metrics.waited_beside_free = 2;
  return metrics.ToProto();
}

// Their memory is used again, but not before it is given back.
TEST(DecodedMetricsTest, SeveralKeepTheirOwnBuckets) {
  const v1::Metrics first = GoodProto({.service = 100});
  const v1::Metrics second = GoodProto({.service = 900});
  for (int turn = 0; turn < 3; ++turn) {
    const DecodedMetrics a = *DecodedMetrics::Of(first);
    const DecodedMetrics b = *DecodedMetrics::Of(second);
    EXPECT_EQ(a[MetricsPart::kSuccessService].cells.front().index, 100u);
    EXPECT_EQ(b[MetricsPart::kSuccessService].cells.front().index, 900u);
  }
}

TEST(MetricsProto, RefusesCountsThatContradictEachOther) {
  const v1::Metrics good = GoodProto({.service = 5});
  ASSERT_TRUE(Metrics::FromProto(good).ok());
  ASSERT_EQ(good.statuses(2).status(), 404u);
  ASSERT_EQ(good.failures(0).kind(), v1::FAILURE_KIND_TLS);
  const struct {
    const char* name;
    void (*spoil)(v1::Metrics& proto);
  } kCases[] = {
      {"malformed success histogram",
       [](auto& p) { p.mutable_success_service()->set_cells(kNotWhole); }},
      {"malformed failure histogram",
       [](auto& p) { p.mutable_failure_service()->set_cells(kNotWhole); }},
      {"no success histogram", [](auto& p) { p.clear_success_service(); }},
      {"no failure histogram", [](auto& p) { p.clear_failure_service(); }},
      {"one success more", [](auto& p) { p.set_succeeded(3); }},
      {"one failure more", [](auto& p) { p.set_failed(5); }},
      {"success histogram counts more", [](auto& p) { *p.mutable_success_service() = Fives(3); }},
      {"success and its histogram more",
       [](auto& p) { p.set_succeeded(3), *p.mutable_success_service() = Fives(3); }},
      {"failure and its histogram more",
       [](auto& p) { p.set_failed(5), *p.mutable_failure_service() = Fives(5); }},
      {"totals overflow",
       [](auto& p) {
         p.set_succeeded(UINT64_MAX), *p.mutable_success_service() = MostValues();
         p.mutable_statuses(0)->set_count(UINT64_MAX - 1);
       }},
      {"failures overflow to their sum",
       [](auto& p) { AddStatus(p, 500, UINT64_MAX), AddStatus(p, 501, 1); }},
      {"failures and statuses overflow to their sum",
       [](auto& p) { AddStatus(p, 500, UINT64_MAX), AddFailure(p, v1::FAILURE_KIND_OTHER, 1); }},
      {"kinds overflow to their sum",
       [](auto& p) {
         p.mutable_failures(0)->set_count(UINT64_MAX), AddFailure(p, v1::FAILURE_KIND_OTHER, 2);
       }},
      {"status of 0", [](auto& p) { p.mutable_statuses(0)->set_status(0); }},
      {"status of 99", [](auto& p) { p.mutable_statuses(0)->set_status(99); }},
      {"status of 1000", [](auto& p) { p.mutable_statuses(2)->set_status(1000); }},
      {"huge status", [](auto& p) { p.mutable_statuses(2)->set_status(UINT32_MAX); }},
      {"statuses out of order", [](auto& p) { p.mutable_statuses()->SwapElements(0, 1); }},
      {"status twice", [](auto& p) { p.mutable_statuses(1)->set_status(200); }},
      {"status count of 0", [](auto& p) { AddStatus(p, 500, 0); }},
      {"failure counted as success", [](auto& p) { p.mutable_statuses(2)->set_status(399); }},
      {"success counted as failure", [](auto& p) { p.mutable_statuses(1)->set_status(403); }},
      {"more failed than came", [](auto& p) { p.mutable_statuses(2)->set_failed(100); }},
      {"failed that did not", [](auto& p) { p.mutable_statuses(0)->set_failed(1); }},
      {"not failed that did", [](auto& p) { p.mutable_statuses(2)->set_failed(0); }},
      {"an answer's failure without an answer",
       [](auto& p) { p.mutable_failures(1)->set_kind(v1::FAILURE_KIND_BODY); }},
      {"status missing", [](auto& p) { p.mutable_statuses()->RemoveLast(); }},
      {"kind missing", [](auto& p) { p.mutable_failures()->RemoveLast(); }},
      {"kind NONE", [](auto& p) { p.mutable_failures(0)->set_kind(v1::FAILURE_KIND_NONE); }},
      {"kind STATUS", [](auto& p) { p.mutable_failures(0)->set_kind(v1::FAILURE_KIND_STATUS); }},
      {"kind unknown",
       [](auto& p) { p.mutable_failures(1)->set_kind(static_cast<v1::FailureKind>(16)); }},
      {"kind negative",
       [](auto& p) { p.mutable_failures(0)->set_kind(static_cast<v1::FailureKind>(-1)); }},
      {"kind twice", [](auto& p) { p.mutable_failures(1)->set_kind(v1::FAILURE_KIND_TLS); }},
      {"kinds out of order", [](auto& p) { p.mutable_failures()->SwapElements(0, 1); }},
      {"kind count of 0", [](auto& p) { AddFailure(p, v1::FAILURE_KIND_OTHER, 0); }},
      {"sample too long", [](auto& p) { p.mutable_samples(0)->set_detail(std::string(257, 'x')); }},
      {"more samples than failures of a status", [](auto& p) { *p.add_samples() = p.samples(0); }},
      {"sample of a success", [](auto& p) { p.mutable_samples(0)->set_status(302); }},
      {"sample of a status not seen", [](auto& p) { p.mutable_samples(0)->set_status(500); }},
      {"sample of a huge status", [](auto& p) { p.mutable_samples(0)->set_status(100'000); }},
      {"sample of kind NONE",
       [](auto& p) {
         p.mutable_samples(0)->set_kind(v1::FAILURE_KIND_NONE), p.mutable_samples(0)->set_status(0);
       }},
      {"sample of a kind not seen",
       [](auto& p) {
         p.mutable_samples(0)->set_kind(v1::FAILURE_KIND_SEND), p.mutable_samples(0)->set_status(0);
       }},
      {"sample of an unknown kind",
       [](auto& p) {
         p.mutable_samples(0)->set_kind(static_cast<v1::FailureKind>(99));
         p.mutable_samples(0)->set_status(0);
       }},
      {"sample of another kind with a status",
       [](auto& p) { p.mutable_samples(0)->set_kind(v1::FAILURE_KIND_TLS); }},
  };
  for (const auto& test : kCases) {
    v1::Metrics proto = good;
    test.spoil(proto);
    EXPECT_EQ(Metrics::FromProto(proto).status().code(), absl::StatusCode::kInvalidArgument)
        << test.name;
  }
}

TEST(MetricsProto, RefusesWhatRequestsCannotHaveAdded) {
  const v1::Metrics closed = GoodProto({.service = 5});
  const v1::Metrics open = GoodProto({.service = 5, .lag = 0});
  ASSERT_TRUE(Metrics::FromProto(closed).ok());
  ASSERT_TRUE(Metrics::FromProto(open).ok());
  const struct {
    const char* name;
    const v1::Metrics& good;
    void (*spoil)(v1::Metrics& proto);
  } kCases[] = {
      {"lag in a closed loop", closed, [](auto& p) { *p.mutable_schedule_lag() = Fives(6); }},
      {"response in a closed loop", closed,
       [](auto& p) { *p.mutable_success_response() = Fives(2); }},
      {"no lag", open, [](auto& p) { p.clear_schedule_lag(); }},
      {"less lag", open, [](auto& p) { *p.mutable_schedule_lag() = Fives(5); }},
      {"no response times", open, [](auto& p) { p.clear_success_response(); }},
      {"more response times", open, [](auto& p) { *p.mutable_success_response() = Fives(3); }},
      {"no failures' response times", open, [](auto& p) { p.clear_failure_response(); }},
      {"fewer failures' response times", open,
       [](auto& p) { *p.mutable_failure_response() = Fives(3); }},
      {"again in a closed loop", closed,
       [](auto& p) { *p.mutable_success_response_again() = Fives(1); }},
      {"more again than response times", open,
       [](auto& p) { *p.mutable_success_response_again() = Fives(3); }},
      {"malformed again", open,
       [](auto& p) { p.mutable_success_response_again()->set_cells(kNotWhole); }},
      {"malformed lag", open, [](auto& p) { p.mutable_schedule_lag()->set_cells(kNotWhole); }},
      {"more waited beside a free one than waited", open,
       [](auto& p) { p.set_waited_beside_free(4); }},
      {"more resent than recorded", closed, [](auto& p) { p.set_resent(7); }},
      {"malformed timing", closed,
       [](auto& p) { p.mutable_timings()->mutable_tls()->set_cells(kNotWhole); }},
      {"first bytes without transfer", closed,
       [](auto& p) { p.mutable_timings()->clear_transfer_fresh(); }},
      {"transfer without first byte", closed,
       [](auto& p) { p.mutable_timings()->clear_first_byte_reused(); }},
      {"more resolved than opened", closed,
       [](auto& p) { *p.mutable_timings()->mutable_resolve() = Fives(2); }},
      {"more connected than opened", closed,
       [](auto& p) { *p.mutable_timings()->mutable_connect() = Fives(2); }},
      {"more handshakes than opened", closed,
       [](auto& p) { *p.mutable_timings()->mutable_tls() = Fives(2); }},
      {"more opened than connections", closed,
       [](auto& p) {
         *p.mutable_timings()->mutable_first_byte_fresh() = Fives(3);
         *p.mutable_timings()->mutable_transfer_fresh() = Fives(3);
       }},
      {"more first bytes than responses", closed,
       [](auto& p) {
         *p.mutable_timings()->mutable_first_byte_reused() = Fives(4);
         *p.mutable_timings()->mutable_transfer_reused() = Fives(4);
       }},
      {"first bytes overflow to the responses", closed,
       [](auto& p) {
         *p.mutable_timings()->mutable_first_byte_reused() = MostValues();
         *p.mutable_timings()->mutable_transfer_reused() = MostValues();
       }},
      {"more answers than responses", closed,
       [](auto& p) { p.mutable_addresses(1)->set_requests(5); }},
      {"answers overflow to the responses", closed,
       [](auto& p) { p.mutable_addresses(0)->set_requests(UINT64_MAX); }},
      {"addresses out of order", closed,
       [](auto& p) { p.mutable_addresses()->SwapElements(0, 1); }},
      {"address twice", closed, [](auto& p) { p.mutable_addresses(1)->set_address("a:1"); }},
      {"address without a name", closed, [](auto& p) { p.mutable_addresses(0)->clear_address(); }},
      {"address not used", closed, [](auto& p) { p.mutable_addresses(0)->clear_connections(); }},
      {"address too long", closed,
       [](auto& p) { p.mutable_addresses(1)->set_address(std::string(257, 'x')); }},
  };
  for (const auto& test : kCases) {
    v1::Metrics proto = test.good;
    test.spoil(proto);
    EXPECT_EQ(Metrics::FromProto(proto).status().code(), absl::StatusCode::kInvalidArgument)
        << test.name;
  }
}

TEST(MetricsProto, BoundsAddresses) {
  const auto decodes = [](size_t count) {
    Metrics metrics;
    for (size_t i = 0; i < count; ++i) metrics.addresses[std::to_string(i)].connections = 1;
    return Metrics::FromProto(metrics.ToProto()).ok();
  };
  EXPECT_TRUE(decodes(Metrics::kMaxAddresses));
  EXPECT_FALSE(decodes(Metrics::kMaxAddresses + 1));
}

TEST(MetricsProto, BoundsSamples) {
  const auto decodes = [](uint32_t statuses, uint64_t each) {
    v1::Metrics proto;
    proto.set_failed(statuses * 10);
    *proto.mutable_failure_service() = Fives(statuses * 10);
    for (uint32_t i = 0; i < statuses; ++i) {
      AddStatus(proto, 400 + i, 10);
      for (uint64_t sample = 0; sample < each; ++sample) {
        v1::FailureSample& entry = *proto.add_samples();
        entry.set_kind(v1::FAILURE_KIND_STATUS);
        entry.set_status(400 + i);
        entry.set_number(i * each + sample);
      }
    }
    return Metrics::FromProto(proto).ok();
  };
  EXPECT_TRUE(decodes(1, FailureSample::kMaxOfAKind));
  EXPECT_FALSE(decodes(1, FailureSample::kMaxOfAKind + 1));
  EXPECT_TRUE(decodes(FailureSample::kMaxSamples, 1));
  EXPECT_FALSE(decodes(FailureSample::kMaxSamples + 1, 1));
}

}  // namespace
}  // namespace squall
