#include "common/metrics.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <ostream>
#include <random>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "common/decoded_metrics.h"
#include "tests/support/outcomes.h"
#include "tests/unit/metrics_support.h"

namespace squall {

void PrintTo(const Metrics::Sample& sample, std::ostream* out) {
  *out << FailureName(sample.kind) << " " << sample.status << " n=" << sample.number << " "
       << sample.detail;
}

namespace {

using Sample = Metrics::Sample;

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
    std::optional<v1::FailureKind> judged = {};
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
      {"error that is expected", v1::FAILURE_KIND_NONE, 404, true, {}, 0, v1::FAILURE_KIND_NONE},
      {"success that is not", v1::FAILURE_KIND_NONE, 200, false, v1::FAILURE_KIND_STATUS, 200,
       v1::FAILURE_KIND_STATUS},
      {"body that is not", v1::FAILURE_KIND_NONE, 200, false, v1::FAILURE_KIND_BODY, 0,
       v1::FAILURE_KIND_BODY},
      {"JSON of an error", v1::FAILURE_KIND_NONE, 500, false, v1::FAILURE_KIND_JSON, 0,
       v1::FAILURE_KIND_JSON},
  };
  for (const auto& test : kCases) {
    SCOPED_TRACE(test.name);
    Metrics metrics;
    metrics.Add(17, {.service = 5000},
                {.kind = test.kind,
                 .judged = test.judged,
                 .status = test.status,
                 .bytes_received = 11,
                 .bytes_sent = 12,
                 .connections = 2,
                 .resent = true,
                 .detail = "why"});
    EXPECT_EQ(metrics.recorded(), 1u);
    EXPECT_EQ(metrics.succeeded, test.succeeded ? 1u : 0u);
    EXPECT_EQ(metrics.failed, test.succeeded ? 0u : 1u);
    EXPECT_EQ(metrics.bytes_received, 11u);
    EXPECT_EQ(metrics.bytes_sent, 12u);
    EXPECT_EQ(metrics.connections, 2u);
    EXPECT_EQ(metrics.resent, 1u);
    const Histogram& with = test.succeeded ? metrics.success_service : metrics.failure_service;
    const Histogram& without = test.succeeded ? metrics.failure_service : metrics.success_service;
    EXPECT_EQ(with.count(), 1u);
    EXPECT_EQ(with.sum(), 5000u);
    EXPECT_EQ(without.count(), 0u);
    const bool response = test.kind == v1::FAILURE_KIND_NONE;
    EXPECT_EQ(metrics.responses(), response ? 1u : 0u);
    EXPECT_EQ(metrics.statuses[test.status], response ? 1u : 0u);
    const bool by_status = test.sampled == v1::FAILURE_KIND_STATUS;
    EXPECT_EQ(metrics.failed_statuses[test.status], by_status ? 1u : 0u);
    EXPECT_EQ(metrics.failures[static_cast<size_t>(test.sampled)],
              test.succeeded || by_status ? 0u : 1u);
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
      {"a check in place of an answer", v1::FAILURE_KIND_BODY, 200},
      {"unknown kind", v1::FailureKind_ARRAYSIZE, 0},
      {"negative kind", -1, 0},
  };
  for (const auto& test : kCases) {
    Metrics metrics;
    Outcome outcome;
    outcome.kind = static_cast<v1::FailureKind>(test.kind);
    outcome.status = test.status;
    EXPECT_DEATH(metrics.Add(0, {}, outcome), "broken invariant") << test.name;
  }
}

TEST(MetricsTest, ResponseTimeAndLagAreThoseOfAnOpenLoop) {
  Metrics metrics;
  metrics.Add(0, {.service = 50, .lag = 0}, Response(200));
  metrics.Add(1, {.service = 50, .lag = 7}, Response(302));
  metrics.Add(2, {.service = 40, .lag = 9}, Failure(v1::FAILURE_KIND_TIMEOUT));
  EXPECT_EQ(metrics.success_service.sum(), 100u);
  EXPECT_EQ(metrics.success_response.sum(), 107u);
  EXPECT_EQ(metrics.success_response.count(), 2u);
  EXPECT_EQ(metrics.failure_response.sum(), 49u);
  EXPECT_EQ(metrics.schedule_lag.sum(), 16u);
  EXPECT_EQ(metrics.schedule_lag.count(), 3u);
  EXPECT_EQ(metrics.success_response_again.count(), 0u);
  metrics.Add(3, {.service = 50, .lag = 8, .again = true}, Response(200));
  metrics.Add(4, {.service = 50, .lag = 9, .again = true}, Response(500));
  EXPECT_EQ(metrics.success_response.sum(), 107u + 58u);
  EXPECT_EQ(metrics.success_response_again.sum(), 58u);
  EXPECT_EQ(metrics.success_response_again.count(), 1u) << "successes";

  metrics = Metrics();
  metrics.Add(0, {.service = 50, .again = true}, Response(200));
  metrics.Add(1, {.service = 50}, Response(404));
  EXPECT_EQ(metrics.success_response.count() + metrics.failure_response.count(), 0u);
  EXPECT_EQ(metrics.schedule_lag.count() + metrics.success_response_again.count(), 0u);
}

// By name: resolve, connect, tls, first byte and transfer, each on fresh and on reused connections.
std::vector<uint64_t> Counts(const TimingHistograms& timings) {
  return {timings.resolve.count(),
          timings.connect.count(),
          timings.tls.count(),
          timings.first_byte_fresh.count(),
          timings.first_byte_reused.count(),
          timings.transfer_fresh.count(),
          timings.transfer_reused.count()};
}

TEST(MetricsTest, TimingsAreOfWholeResponsesThatHaveThem) {
  const Timings all = {1, 2, 3, 4, 5};
  const struct {
    const char* name;
    Outcome outcome;
    std::vector<uint64_t> counts;
  } kCases[] = {
      {"fresh", {.status = 200, .connections = 1, .timings = all}, {1, 1, 1, 1, 0, 1, 0}},
      {"an error's too", {.status = 500, .connections = 1, .timings = all}, {1, 1, 1, 1, 0, 1, 0}},
      {"fresh, without name or TLS",
       {.status = 200, .connections = 2, .timings = {-1, 2, -1, 4, 5}},
       {0, 1, 0, 1, 0, 1, 0}},
      {"reused", {.status = 200, .timings = {-1, -1, -1, 4, 5}}, {0, 0, 0, 0, 1, 0, 1}},
      {"no time at all", {.status = 200, .timings = {0, 0, 0, 0, 0}}, {0, 0, 0, 0, 1, 0, 1}},
      {"reused opens nothing", {.status = 200, .timings = all}, {0, 0, 0, 0, 1, 0, 1}},
      {"unknown", {.status = 200}, {0, 0, 0, 0, 0, 0, 0}},
      {"no transfer", {.status = 200, .timings = {1, 2, 3, 4, -1}}, {0, 0, 0, 0, 0, 0, 0}},
      {"resent",
       {.status = 200, .connections = 1, .resent = true, .timings = all},
       {0, 0, 0, 0, 0, 0, 0}},
      {"no response",
       {.kind = v1::FAILURE_KIND_INCOMPLETE, .connections = 1, .timings = all},
       {0, 0, 0, 0, 0, 0, 0}},
  };
  for (const auto& test : kCases) {
    Metrics metrics;
    metrics.Add(0, {.service = 15}, test.outcome);
    EXPECT_EQ(Counts(metrics.timings), test.counts) << test.name;
  }
  Metrics metrics;
  metrics.Add(0, {.service = 15}, kCases[0].outcome);
  metrics.Add(1, {.service = 15}, kCases[3].outcome);
  EXPECT_EQ(metrics.timings.resolve.max(), 1u);
  EXPECT_EQ(metrics.timings.connect.max(), 2u);
  EXPECT_EQ(metrics.timings.tls.max(), 3u);
  EXPECT_EQ(metrics.timings.first_byte_fresh.max(), 4u);
  EXPECT_EQ(metrics.timings.transfer_fresh.max(), 5u);
  EXPECT_EQ(metrics.timings.first_byte_reused.max(), 4u);
  EXPECT_EQ(metrics.timings.transfer_reused.max(), 5u);
}

TEST(MetricsTest, SamplesAreTheFirstOfEachKindAndStatus) {
  Metrics metrics;
  for (const uint64_t number : {90u, 50u, 70u, 60u, 80u}) {
    Add(metrics, {number, {1}, v1::FAILURE_KIND_NONE, 404, "a"});
    Add(metrics, {number + 1, {1}, v1::FAILURE_KIND_NONE, 500, "b"});
    Add(metrics, {number + 2, {1}, v1::FAILURE_KIND_TLS, 0, "c"});
  }
  EXPECT_EQ(SampledNumbers(metrics), (std::vector<uint64_t>{50, 51, 52, 60, 61, 62, 70, 71, 72}));
}

TEST(MetricsTest, FrequentFailuresDoNotCrowdOutRareOnes) {
  std::vector<Request> requests;
  uint64_t number = 0;
  for (uint32_t status = 400; status < 463; ++status) {
    for (int i = 0; i < 5; ++i) {
      requests.push_back({number++, {1}, v1::FAILURE_KIND_NONE, status, "frequent"});
    }
  }
  requests.push_back({number, {1}, v1::FAILURE_KIND_TLS, 0, "rare"});
  const Metrics metrics = Of(requests);
  ASSERT_EQ(metrics.samples.size(), FailureSample::kMaxSamples);
  EXPECT_EQ(metrics.samples.back().detail, "rare");
}

TEST(MetricsTest, DetailsAreCut) {
  const std::string detail(10'000, 'x');
  const Metrics metrics = Of({{0, {1}, v1::FAILURE_KIND_OTHER, 0, detail}});
  EXPECT_EQ(metrics.samples[0].detail, detail.substr(0, Metrics::kMaxDetailBytes));
}

std::vector<Request> AnyRequests(std::mt19937_64& random) {
  std::vector<Request> requests(random() % 600);
  const uint32_t statuses = random() % 2 == 0 ? 5 : 300;  // the latter: more than 64 samples
  const bool open_loop = random() % 2 == 0;
  const bool checked = random() % 2 == 0;
  constexpr std::array kVerdicts = {v1::FAILURE_KIND_NONE, v1::FAILURE_KIND_NONE,
                                    v1::FAILURE_KIND_STATUS, v1::FAILURE_KIND_JSON,
                                    v1::FAILURE_KIND_HEADER};
  const auto any_time = [&random] { return static_cast<Nanos>(random() >> (2 + random() % 62)); };
  const auto any_part = [&] { return random() % 3 == 0 ? -1 : any_time(); };
  std::vector<uint64_t> numbers(requests.size());
  for (size_t i = 0; i < numbers.size(); ++i) numbers[i] = i * 3;
  std::shuffle(numbers.begin(), numbers.end(), random);
  for (size_t i = 0; i < requests.size(); ++i) {
    Request& request = requests[i];
    request.number = numbers[i];
    request.latency.service = any_time();
    if (open_loop) request.latency.lag = any_time();
    request.latency.again = random() % 4 == 0;
    request.timings = {any_part(), any_part(), any_part(), any_part(), any_part()};
    if (random() % 4 == 0) {
      request.kind = static_cast<v1::FailureKind>(2 + random() % (v1::FAILURE_KIND_HEADER - 2));
    } else {
      request.status = 398 + static_cast<uint32_t>(random() % statuses);
      if (checked) request.judged = kVerdicts[random() % kVerdicts.size()];
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
    v1::FailureKind kind = request.kind;
    if (response && request.judged) kind = *request.judged;
    if (response && !request.judged && request.status >= 400) kind = v1::FAILURE_KIND_STATUS;
    if (kind == v1::FAILURE_KIND_NONE) continue;
    const uint32_t status = kind == v1::FAILURE_KIND_STATUS ? request.status : 0;
    by_kind[{kind, status}][request.number] = {kind, status, request.number,
                                               request.detail.substr(0, Metrics::kMaxDetailBytes)};
  }
  std::vector<Sample> selected;
  for (size_t rank = 0; rank < FailureSample::kMaxOfAKind; ++rank) {
    std::map<uint64_t, Sample> of_rank;
    for (auto& [kind, samples] : by_kind) {
      if (samples.empty()) continue;
      of_rank.insert(samples.extract(samples.begin()));
    }
    for (auto& [number, sample] : of_rank) selected.push_back(sample);
  }
  selected.resize(std::min(selected.size(), FailureSample::kMaxSamples));
  return selected;
}

// What comes beside requests, to the whole and to a part.
void AddUnnumbered(uint64_t random, Metrics& whole, Metrics& part) {
  for (Metrics* metrics : {&whole, &part}) {
    ++metrics->waited;
    metrics->waited_beside_free += random % 2;
    ++metrics->addresses["10.0.0." + std::to_string(random % 10) + ":80"].connections;
  }
}

TEST(MetricsTest, MergedIsWhatOneRecorderWouldHaveMade) {
  for (uint64_t seed = 0; seed < 50; ++seed) {
    std::mt19937_64 random(seed);
    const std::vector<Request> requests = AnyRequests(random);
    const Metrics single = Of(requests);
    std::vector<Metrics> parts(1 + random() % 7);
    Metrics whole = single;
    for (const Request& request : requests) Add(parts[random() % parts.size()], request);
    for (int i = 0; i < 20; ++i) AddUnnumbered(random(), whole, parts[random() % parts.size()]);
    while (parts.size() > 1) {
      std::shuffle(parts.begin(), parts.end(), random);
      const Metrics last = random() % 2 == 0 ? ThroughWire(parts.back()) : parts.back();
      parts.pop_back();
      if (random() % 2 == 0) {
        const v1::Metrics proto = last.ToProto();
        parts.back().Merge(*DecodedMetrics::Of(proto));
      } else {
        parts.back().Merge(last);
      }
    }
    const Metrics merged = ThroughWire(parts[0]);
    ASSERT_EQ(merged.recorded(), requests.size());
    ASSERT_EQ(merged.success_service, single.success_service) << seed;
    ASSERT_EQ(merged.failure_service, single.failure_service) << seed;
    ASSERT_EQ(merged.statuses, single.statuses) << seed;
    ASSERT_EQ(merged.failed_statuses, single.failed_statuses) << seed;
    ASSERT_EQ(merged.failures, single.failures) << seed;
    ASSERT_EQ(merged.samples, Selected(requests)) << seed;
    ASSERT_EQ(merged.addresses, whole.addresses) << seed;
    ASSERT_EQ(merged.ToProto().SerializeAsString(), whole.ToProto().SerializeAsString()) << seed;
  }
}

TEST(MetricsTest, ClearForgetsEverything) {
  std::mt19937_64 random(1);
  Metrics metrics = Of(AnyRequests(random));
  ASSERT_GT(metrics.recorded(), 0u);
  Metrics unused;
  AddUnnumbered(1, metrics, unused);
  metrics.Clear();
  EXPECT_EQ(metrics.ToProto().SerializeAsString(), Metrics().ToProto().SerializeAsString());
  EXPECT_EQ(metrics.recorded(), 0u);
  EXPECT_EQ(metrics.responses(), 0u);
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
