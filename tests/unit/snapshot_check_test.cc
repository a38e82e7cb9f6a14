#include "controller/snapshot_check.h"

#include <functional>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/metrics.h"
#include "common/span.h"
#include "tests/support/outcomes.h"

namespace squall {
namespace {

using testing::HasSubstr;

// Of two requests by name: the first had three, one of which failed and has no timings, the second
// had one. Of all together it is known what they took, from where, and that one waited.
struct Two {
  Two() {
    Outcome answer = Response(200);
    answer.timings = {.first_byte = 3, .transfer = 2};
    for (uint64_t n = 0; n < 2; ++n) first.Add(n, {.service = 5}, answer, of_all.timings);
    first.Add(2, {.service = 5}, Response(500, "why"), of_all.timings);
    second.Add(3, {.service = 7}, answer, of_all.timings);
    of_all.addresses["a:1"] = {1, 4};
    of_all.waited = 1;
  }

  v1::Snapshot Told() const {
    v1::Snapshot snapshot;
    *snapshot.mutable_held() = RunsToProto({{0, 1, 4}});
    *snapshot.mutable_metrics() = of_all.ToProto();
    *snapshot.add_requests()->mutable_metrics() = first.ToProto();
    snapshot.add_requests()->set_request(1);
    *snapshot.mutable_requests(1)->mutable_metrics() = second.ToProto();
    return snapshot;
  }

  Metrics first;
  Metrics second;
  Metrics of_all;
};

TEST(SumUpRequests, MakesTheSumOfAll) {
  const Two two;
  Metrics sum = two.of_all;
  sum.Merge(two.first);
  sum.Merge(two.second);
  for (const size_t requests : {2u, 3u}) {
    v1::Snapshot snapshot = two.Told();
    ASSERT_TRUE(SumUpRequests(snapshot, requests).ok());
    EXPECT_EQ(snapshot.metrics().SerializeAsString(), sum.ToProto().SerializeAsString());
    EXPECT_EQ(snapshot.metrics().timings().transfer_reused().count(), 3u);
    const auto checked = CheckSnapshot(snapshot, kSecond, 1);
    EXPECT_TRUE(checked.ok()) << checked.status();
  }
  v1::Snapshot nothing;
  EXPECT_TRUE(SumUpRequests(nothing, 2).ok());
  EXPECT_TRUE(CheckSnapshot(nothing, kSecond, 1).ok());
}

TEST(SumUpRequests, RefusesWhatCannotBe) {
  const struct {
    const char* name;
    std::function<void(v1::Snapshot&)> spoil;
    const char* message;
  } rows[] = {
      {"a sum that is there already",
       [](v1::Snapshot& snapshot) { *snapshot.mutable_metrics() = snapshot.requests(0).metrics(); },
       "what cannot be"},
      {"the same twice",
       [](v1::Snapshot& snapshot) { snapshot.mutable_requests(1)->set_request(0); },
       "what cannot be"},
      {"one that there is not",
       [](v1::Snapshot& snapshot) { snapshot.mutable_requests(1)->set_request(2); },
       "what cannot be"},
      {"addresses",
       [](v1::Snapshot& snapshot) {
         v1::AddressCount& count =
             *snapshot.mutable_requests(0)->mutable_metrics()->add_addresses();
         count.set_address("a:1");
         count.set_connections(1);
       },
       "what cannot be"},
      {"one that contradicts itself",
       [](v1::Snapshot& snapshot) {
         snapshot.mutable_requests(0)->mutable_metrics()->set_failed(7);
       },
       "metrics: "},
  };
  for (const auto& row : rows) {
    SCOPED_TRACE(row.name);
    v1::Snapshot snapshot = Two().Told();
    row.spoil(snapshot);
    const absl::Status status = SumUpRequests(snapshot, 2);
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    EXPECT_THAT(std::string(status.message()), HasSubstr(row.message));
  }
  v1::Snapshot snapshot = Two().Told();
  EXPECT_FALSE(SumUpRequests(snapshot, 0).ok()) << "the plan has none";
  EXPECT_FALSE(CheckSnapshot(snapshot, kSecond, 1).ok()) << "it is not summed up";
  snapshot.mutable_requests()->RemoveLast();
  ASSERT_TRUE(SumUpRequests(snapshot, 2).ok());
  EXPECT_FALSE(CheckSnapshot(snapshot, kSecond, 1).ok()) << "fewer than the numbers";
}

v1::Snapshot Steps() {
  v1::Snapshot snapshot = Two().Told();
  snapshot.clear_metrics();
  snapshot.mutable_requests(0)->set_name("item");
  snapshot.mutable_requests(1)->set_name("list");
  for (v1::RequestMetrics& of : *snapshot.mutable_requests()) of.set_request(0);
  return snapshot;
}

TEST(SumUpSteps, MakesTheSumOfAll) {
  const Two two;
  Metrics sum = two.first;
  sum.Merge(two.second);
  const absl::StatusOr<v1::Metrics> steps = SumUpSteps(Steps());
  ASSERT_TRUE(steps.ok()) << steps.status();
  EXPECT_EQ(steps->SerializeAsString(), sum.ToProto().SerializeAsString());
}

TEST(SumUpSteps, RefusesWhatCannotBe) {
  const struct {
    const char* name;
    std::function<void(v1::Snapshot&)> spoil;
  } rows[] = {
      {"no name", [](v1::Snapshot& snapshot) { snapshot.mutable_requests(0)->clear_name(); }},
      {"a name of control characters",
       [](v1::Snapshot& snapshot) { snapshot.mutable_requests(0)->set_name("a\n"); }},
      {"the same twice",
       [](v1::Snapshot& snapshot) { snapshot.mutable_requests(0)->set_name("list"); }},
      {"out of order", [](v1::Snapshot& snapshot) { snapshot.mutable_requests(0)->set_name("z"); }},
      {"named requests",
       [](v1::Snapshot& snapshot) { snapshot.mutable_requests(1)->set_request(1); }},
      {"one that contradicts itself",
       [](v1::Snapshot& snapshot) {
         snapshot.mutable_requests(0)->mutable_metrics()->set_failed(7);
       }},
      {"some under a rate, others not",
       [](v1::Snapshot& snapshot) {
         Metrics timed;
         timed.Add(9, {.service = 5, .lag = 1}, Response(200));
         *snapshot.mutable_requests(0)->mutable_metrics() = timed.ToProto();
       }},
      {"too many",
       [](v1::Snapshot& snapshot) {
         const v1::RequestMetrics one = snapshot.requests(0);
         snapshot.clear_requests();
         for (char first = 'a'; first <= 'j'; ++first) {
           for (char second = 'a'; second <= 'g'; ++second) {
             *snapshot.add_requests() = one;
             snapshot.mutable_requests()->rbegin()->set_name({first, second});
           }
         }
       }},
  };
  for (const auto& row : rows) {
    SCOPED_TRACE(row.name);
    v1::Snapshot snapshot = Steps();
    row.spoil(snapshot);
    EXPECT_FALSE(SumUpSteps(snapshot).ok());
  }
}

}  // namespace
}  // namespace squall
