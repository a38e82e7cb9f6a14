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

// Of two requests by name: the first had three, one of them failed, the second one.
v1::Snapshot OfTwo() {
  Metrics first;
  Metrics second;
  for (uint64_t n = 0; n < 2; ++n) first.Add(n, {.service = 5}, Response(200));
  first.Add(2, {.service = 5}, Response(500));
  second.Add(3, {.service = 5}, Response(200));
  Metrics all = first;
  all.Merge(second);
  v1::Snapshot snapshot;
  *snapshot.mutable_held() = RunsToProto({{0, 1, 4}});
  *snapshot.mutable_metrics() = all.ToProto();
  *snapshot.add_requests()->mutable_metrics() = first.ToProto();
  snapshot.add_requests()->set_request(1);
  *snapshot.mutable_requests(1)->mutable_metrics() = second.ToProto();
  return snapshot;
}

absl::Status Check(const v1::Snapshot& snapshot, size_t requests) {
  return CheckSnapshot(snapshot, requests, kSecond, 1).status();
}

TEST(CheckSnapshot, TakesWhatSumsUp) {
  EXPECT_TRUE(Check(OfTwo(), 2).ok()) << Check(OfTwo(), 2);
  EXPECT_TRUE(Check(OfTwo(), 3).ok()) << "one of them came to nothing";
  v1::Snapshot plain = OfTwo();
  plain.clear_requests();
  EXPECT_TRUE(Check(plain, 0).ok());
}

TEST(CheckSnapshot, RefusesRequestsByNameThatAreNotAllThatThereWere) {
  const struct {
    const char* name;
    std::function<void(v1::Snapshot&)> spoil;
    const char* message;
  } rows[] = {
      {"none", [](v1::Snapshot& snapshot) { snapshot.clear_requests(); }, "fewer requests by name"},
      {"one is left out", [](v1::Snapshot& snapshot) { snapshot.mutable_requests()->RemoveLast(); },
       "fewer requests by name"},
      {"more than all",
       [](v1::Snapshot& snapshot) { *snapshot.add_requests() = snapshot.requests(0); },
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
    v1::Snapshot snapshot = OfTwo();
    row.spoil(snapshot);
    const absl::Status status = Check(snapshot, 2);
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    EXPECT_THAT(std::string(status.message()), HasSubstr(row.message));
  }
  EXPECT_FALSE(Check(OfTwo(), 0).ok()) << "the plan has none";
}

}  // namespace
}  // namespace squall
