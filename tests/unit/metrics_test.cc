#include "common/metrics.h"

#include <algorithm>
#include <cstdint>
#include <map>
#include <ostream>
#include <random>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gtest/gtest.h"

namespace squall {

void PrintTo(const Metrics::Sample& sample, std::ostream* out) {
  *out << FailureName(sample.kind) << " " << sample.status << " n=" << sample.number << " "
       << sample.detail;
}

namespace {

using Sample = Metrics::Sample;

// What a worker hands to Add(), with a detail of its own.
struct Request {
  uint64_t number = 0;
  uint64_t service_ns = 0;
  v1::FailureKind kind = v1::FAILURE_KIND_NONE;
  uint32_t status = 0;
  std::string detail;
};

void Add(Metrics& metrics, const Request& request) {
  Outcome outcome;
  outcome.kind = request.kind;
  outcome.status = request.status;
  outcome.bytes_received = request.number % 1000;
  outcome.bytes_sent = request.number % 77;
  outcome.connections = request.number % 3 == 0 ? 1 : 0;
  outcome.detail = request.detail;
  metrics.Add(request.number, request.service_ns, outcome);
}

Metrics Of(const std::vector<Request>& requests) {
  Metrics metrics;
  for (const Request& request : requests) Add(metrics, request);
  return metrics;
}

std::vector<uint64_t> SampledNumbers(const Metrics& metrics) {
  std::vector<uint64_t> numbers;
  for (const Sample& sample : metrics.samples) numbers.push_back(sample.number);
  return numbers;
}

Metrics ThroughWire(const Metrics& metrics) {
  v1::Metrics proto;
  EXPECT_TRUE(proto.ParseFromString(metrics.ToProto().SerializeAsString()));
  absl::StatusOr<Metrics> decoded = Metrics::FromProto(proto);
  EXPECT_TRUE(decoded.ok()) << decoded.status();
  return decoded.ok() ? *std::move(decoded) : Metrics();
}

TEST(MetricsTest, EachOutcomeIsCountedInItsClass) {
  const struct {
    const char* name;
    v1::FailureKind kind;
    uint32_t status;
    bool succeeded;
    v1::FailureKind sampled;
    uint32_t sampled_status;
  } kCases[] = {
      {"lowest status", v1::FAILURE_KIND_NONE, 100, true, {}, 0},
      {"ok", v1::FAILURE_KIND_NONE, 200, true, {}, 0},
      {"last success", v1::FAILURE_KIND_NONE, 399, true, {}, 0},
      {"first failure", v1::FAILURE_KIND_NONE, 400, false, v1::FAILURE_KIND_STATUS, 400},
      {"highest status", v1::FAILURE_KIND_NONE, 999, false, v1::FAILURE_KIND_STATUS, 999},
      {"timeout", v1::FAILURE_KIND_TIMEOUT, 0, false, v1::FAILURE_KIND_TIMEOUT, 0},
      {"other", v1::FAILURE_KIND_OTHER, 0, false, v1::FAILURE_KIND_OTHER, 0},
      {"status of what is no response", v1::FAILURE_KIND_REDIRECTS, 302, false,
       v1::FAILURE_KIND_REDIRECTS, 0},
  };
  for (const auto& test : kCases) {
    SCOPED_TRACE(test.name);
    Metrics metrics;
    metrics.Add(17, 5000,
                {.kind = test.kind,
                 .status = test.status,
                 .bytes_received = 11,
                 .bytes_sent = 12,
                 .connections = 2,
                 .detail = "why"});
    EXPECT_EQ(metrics.recorded(), 1u);
    EXPECT_EQ(metrics.succeeded, test.succeeded ? 1u : 0u);
    EXPECT_EQ(metrics.failed, test.succeeded ? 0u : 1u);
    EXPECT_EQ(metrics.bytes_received, 11u);
    EXPECT_EQ(metrics.bytes_sent, 12u);
    EXPECT_EQ(metrics.connections, 2u);
    const Histogram& with = test.succeeded ? metrics.success_service : metrics.failure_service;
    const Histogram& without = test.succeeded ? metrics.failure_service : metrics.success_service;
    EXPECT_EQ(with.count(), 1u);
    EXPECT_EQ(with.sum(), 5000u);
    EXPECT_EQ(without.count(), 0u);
    const bool response = test.kind == v1::FAILURE_KIND_NONE;
    EXPECT_EQ(metrics.responses(), response ? 1u : 0u);
    EXPECT_EQ(metrics.statuses[test.status], response ? 1u : 0u);
    EXPECT_EQ(metrics.failures[static_cast<size_t>(test.kind)], response ? 0u : 1u);
    const std::vector<Sample> sampled = {{test.sampled, test.sampled_status, 17, "why"}};
    EXPECT_EQ(metrics.samples, test.succeeded ? std::vector<Sample>() : sampled);
    EXPECT_EQ(ThroughWire(metrics).ToProto().SerializeAsString(),
              metrics.ToProto().SerializeAsString());
  }
}

TEST(MetricsDeathTest, ImpossibleOutcomesAreBrokenInvariants) {
  const struct {
    const char* name;
    int kind;
    uint32_t status;
  } kCases[] = {
      {"response without a status", v1::FAILURE_KIND_NONE, 0},
      {"status below 100", v1::FAILURE_KIND_NONE, 99},
      {"status above 999", v1::FAILURE_KIND_NONE, 1000},
      {"rule on statuses applied by a transport", v1::FAILURE_KIND_STATUS, 404},
      {"unknown kind", v1::FailureKind_ARRAYSIZE, 0},
      {"negative kind", -1, 0},
  };
  for (const auto& test : kCases) {
    Metrics metrics;
    Outcome outcome;
    outcome.kind = static_cast<v1::FailureKind>(test.kind);
    outcome.status = test.status;
    EXPECT_DEATH(metrics.Add(0, 0, outcome), "broken invariant") << test.name;
  }
}

TEST(MetricsTest, SamplesAreTheFirstOfEachKindAndStatus) {
  Metrics metrics;
  for (const uint64_t number : {90u, 50u, 70u, 60u, 80u}) {
    Add(metrics, {number, 1, v1::FAILURE_KIND_NONE, 404, "a"});
    Add(metrics, {number + 1, 1, v1::FAILURE_KIND_NONE, 500, "b"});
    Add(metrics, {number + 2, 1, v1::FAILURE_KIND_TLS, 0, "c"});
  }
  EXPECT_EQ(SampledNumbers(metrics), (std::vector<uint64_t>{50, 51, 52, 60, 61, 62, 70, 71, 72}));
}

TEST(MetricsTest, FrequentFailuresDoNotCrowdOutRareOnes) {
  std::vector<Request> requests;
  uint64_t number = 0;
  for (uint32_t status = 400; status < 463; ++status) {
    for (int i = 0; i < 5; ++i) {
      requests.push_back({number++, 1, v1::FAILURE_KIND_NONE, status, "frequent"});
    }
  }
  requests.push_back({number, 1, v1::FAILURE_KIND_TLS, 0, "rare"});
  const Metrics metrics = Of(requests);
  ASSERT_EQ(metrics.samples.size(), Metrics::kMaxSamples);
  EXPECT_EQ(metrics.samples.back().detail, "rare");
}

TEST(MetricsTest, DetailsAreCut) {
  const std::string detail(10'000, 'x');
  const Metrics metrics = Of({{0, 1, v1::FAILURE_KIND_OTHER, 0, detail}});
  EXPECT_EQ(metrics.samples[0].detail, detail.substr(0, Metrics::kMaxDetailBytes));
}

std::vector<Request> AnyRequests(std::mt19937_64& random) {
  std::vector<Request> requests(random() % 600);
  const uint32_t statuses = random() % 2 == 0 ? 5 : 300;  // the latter: more than 64 samples
  std::vector<uint64_t> numbers(requests.size());
  for (size_t i = 0; i < numbers.size(); ++i) numbers[i] = i * 3;
  std::shuffle(numbers.begin(), numbers.end(), random);
  for (size_t i = 0; i < requests.size(); ++i) {
    Request& request = requests[i];
    request.number = numbers[i];
    request.service_ns = random() >> (2 + random() % 62);
    if (random() % 4 == 0) {
      request.kind = static_cast<v1::FailureKind>(2 + random() % (v1::FailureKind_ARRAYSIZE - 2));
    } else {
      request.status = 398 + static_cast<uint32_t>(random() % statuses);
    }
    request.detail = std::string(random() % 300, static_cast<char>('a' + i % 26));
  }
  return requests;
}

// The samples that should be kept, from a list of all failures.
std::vector<Sample> Selected(const std::vector<Request>& requests) {
  std::map<std::pair<int, uint32_t>, std::map<uint64_t, Sample>> by_kind;
  for (const Request& request : requests) {
    const bool response = request.kind == v1::FAILURE_KIND_NONE;
    if (response && request.status < 400) continue;
    const v1::FailureKind kind = response ? v1::FAILURE_KIND_STATUS : request.kind;
    by_kind[{kind, request.status}][request.number] = {
        kind, request.status, request.number, request.detail.substr(0, Metrics::kMaxDetailBytes)};
  }
  std::vector<Sample> selected;
  for (size_t rank = 0; rank < Metrics::kSamplesPerKind; ++rank) {
    std::map<uint64_t, Sample> of_rank;
    for (auto& [kind, samples] : by_kind) {
      if (samples.empty()) continue;
      of_rank.insert(samples.extract(samples.begin()));
    }
    for (auto& [number, sample] : of_rank) selected.push_back(sample);
  }
  selected.resize(std::min(selected.size(), Metrics::kMaxSamples));
  return selected;
}

TEST(MetricsTest, MergedIsWhatOneRecorderWouldHaveMade) {
  for (uint64_t seed = 0; seed < 50; ++seed) {
    std::mt19937_64 random(seed);
    const std::vector<Request> requests = AnyRequests(random);
    const Metrics single = Of(requests);
    std::vector<Metrics> parts(1 + random() % 7);
    for (const Request& request : requests) Add(parts[random() % parts.size()], request);
    while (parts.size() > 1) {
      std::shuffle(parts.begin(), parts.end(), random);
      const Metrics last = random() % 2 == 0 ? ThroughWire(parts.back()) : parts.back();
      parts.pop_back();
      parts.back().Merge(last);
    }
    const Metrics merged = ThroughWire(parts[0]);
    ASSERT_EQ(merged.recorded(), requests.size());
    ASSERT_EQ(merged.success_service, single.success_service) << seed;
    ASSERT_EQ(merged.failure_service, single.failure_service) << seed;
    ASSERT_EQ(merged.statuses, single.statuses) << seed;
    ASSERT_EQ(merged.failures, single.failures) << seed;
    ASSERT_EQ(merged.samples, Selected(requests)) << seed;
    ASSERT_EQ(merged.ToProto().SerializeAsString(), single.ToProto().SerializeAsString()) << seed;
  }
}

TEST(MetricsTest, ClearForgetsEverything) {
  std::mt19937_64 random(1);
  Metrics metrics = Of(AnyRequests(random));
  ASSERT_GT(metrics.recorded(), 0u);
  metrics.Clear();
  EXPECT_EQ(metrics.ToProto().SerializeAsString(), Metrics().ToProto().SerializeAsString());
  EXPECT_EQ(metrics.recorded(), 0u);
  EXPECT_EQ(metrics.responses(), 0u);
}

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

// As many values of 5 ns.
v1::Histogram Fives(uint64_t count) {
  v1::Histogram proto;
  proto.set_count(count);
  proto.set_min_ns(5);
  proto.set_max_ns(5);
  proto.set_sum_high(absl::Uint128High64(absl::uint128(count) * 5));
  proto.set_sum_low(absl::Uint128Low64(absl::uint128(count) * 5));
  proto.add_gaps(6);
  proto.add_counts(count);
  return proto;
}

TEST(MetricsTest, DecodeRefusesWhatContradictsItself) {
  // Two successes; failures: 404 twice, timeout and TLS.
  const v1::Metrics good = Of({{1, 5, v1::FAILURE_KIND_NONE, 200, ""},
                               {2, 5, v1::FAILURE_KIND_NONE, 302, ""},
                               {3, 5, v1::FAILURE_KIND_NONE, 404, "a"},
                               {4, 5, v1::FAILURE_KIND_NONE, 404, "b"},
                               {5, 5, v1::FAILURE_KIND_TLS, 0, "c"},
                               {6, 5, v1::FAILURE_KIND_TIMEOUT, 0, "d"}})
                               .ToProto();
  ASSERT_TRUE(Metrics::FromProto(good).ok());
  ASSERT_EQ(good.statuses(2).status(), 404u);
  ASSERT_EQ(good.failures(0).kind(), v1::FAILURE_KIND_TLS);
  const struct {
    const char* name;
    void (*spoil)(v1::Metrics& proto);
  } kCases[] = {
      {"malformed success histogram", [](auto& p) { p.mutable_success_service()->add_gaps(1); }},
      {"malformed failure histogram", [](auto& p) { p.mutable_failure_service()->add_gaps(1); }},
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
         p.set_succeeded(UINT64_MAX), *p.mutable_success_service() = Fives(UINT64_MAX);
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

TEST(MetricsTest, DecodeBoundsSamples) {
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
  EXPECT_TRUE(decodes(1, Metrics::kSamplesPerKind));
  EXPECT_FALSE(decodes(1, Metrics::kSamplesPerKind + 1));
  EXPECT_TRUE(decodes(Metrics::kMaxSamples, 1));
  EXPECT_FALSE(decodes(Metrics::kMaxSamples + 1, 1));
}

TEST(MetricsTest, EveryKindHasANameOfItsOwn) {
  std::set<std::string_view> names;
  for (int kind = 0; kind < v1::FailureKind_ARRAYSIZE; ++kind) {
    const std::string_view name = FailureName(static_cast<v1::FailureKind>(kind));
    EXPECT_FALSE(name.empty()) << kind;
    EXPECT_TRUE(names.insert(name).second) << name;
  }
  EXPECT_EQ(FailureName(v1::FAILURE_KIND_REFUSED), "connection refused");
  EXPECT_EQ(FailureName(v1::FAILURE_KIND_CLOSED_BEFORE_RESPONSE), "closed before response");
  EXPECT_EQ(FailureName(v1::FAILURE_KIND_CUT_OFF), "cut off");
  EXPECT_EQ(FailureName(v1::FAILURE_KIND_OTHER), "other");
}

}  // namespace
}  // namespace squall
