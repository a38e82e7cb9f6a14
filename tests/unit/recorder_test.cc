#include "agent/recorder.h"

#include <gtest/gtest.h>

#include "tests/support/outcomes.h"

namespace squall {
namespace {

constexpr Sample kSample = {.number = 7, .intended_start = 100, .start = 130, .end = 190};

TEST(Recorder, KeepsIntendedStartsInAnOpenLoopOnly) {
  for (const bool open_loop : {false, true}) {
    SCOPED_TRACE(open_loop);
    Recorder recorder(open_loop);
    recorder.Record(kSample, Response(200));
    recorder.Record(kSample, Response(500));
    Interval interval;
    recorder.Swap(interval);
    const uint64_t each = open_loop ? 1 : 0;
    EXPECT_EQ(interval.metrics.success_service.max(), 60u);
    EXPECT_EQ(interval.metrics.failure_service.max(), 60u);
    EXPECT_EQ(interval.metrics.success_response.count(), each);
    EXPECT_EQ(interval.metrics.success_response.max(), each * 90);
    EXPECT_EQ(interval.metrics.failure_response.max(), each * 90);
    EXPECT_EQ(interval.metrics.schedule_lag.count(), each * 2);
    EXPECT_EQ(interval.metrics.schedule_lag.max(), each * 30);
  }
}

// A transport's clock and the worker's are one, but a request may end before it began to be timed.
TEST(Recorder, HasNoNegativeTimes) {
  Recorder recorder(true);
  recorder.Record({.number = 1, .intended_start = 200, .start = 150, .end = 140}, Response(200));
  Interval interval;
  recorder.Swap(interval);
  EXPECT_EQ(interval.metrics.success_service.max(), 0u);
  EXPECT_EQ(interval.metrics.success_response.max(), 0u);
  EXPECT_EQ(interval.metrics.schedule_lag.max(), 0u);
}

TEST(Recorder, CountsAddressesByNumber) {
  Recorder recorder(false);
  Outcome outcome = Response(200);
  recorder.Record(kSample, outcome);  // from nowhere
  outcome.address = 2;
  recorder.RecordConnecting(2);
  recorder.Record(kSample, outcome);
  recorder.Record(kSample, outcome);
  recorder.RecordConnecting(0);
  outcome.kind = v1::FAILURE_KIND_TIMEOUT;
  recorder.Record(kSample, outcome);
  Interval interval;
  recorder.Swap(interval);
  EXPECT_EQ(interval.addresses, (std::vector<AddressCounts>{{1, 0}, {0, 0}, {1, 2}}));

  interval.Clear();
  EXPECT_EQ(interval.addresses, std::vector<AddressCounts>(3)) << "the memory is kept";
}

TEST(Recorder, SwapsOutEverythingAtOnce) {
  Recorder recorder(true);
  recorder.Record(kSample, Response(200));
  recorder.RecordConnecting(0);
  recorder.RecordWaiting(false);
  recorder.RecordWaiting(true);
  Interval first;
  recorder.Swap(first);
  EXPECT_EQ(first.numbers, std::vector<uint64_t>{7});
  EXPECT_EQ(first.last_end, 190);
  EXPECT_EQ(first.metrics.waited, 2u);
  EXPECT_EQ(first.metrics.waited_beside_free, 1u);
  Interval second;
  recorder.Swap(second);
  EXPECT_EQ(second.numbers, std::vector<uint64_t>{});
  EXPECT_EQ(second.last_end, 0);
  EXPECT_EQ(second.addresses, std::vector<AddressCounts>{});
  EXPECT_EQ(second.metrics.ToProto().SerializeAsString(), Metrics().ToProto().SerializeAsString());
}

}  // namespace
}  // namespace squall
