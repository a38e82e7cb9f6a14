#include "agent/recorder.h"

#include <gtest/gtest.h>

#include "tests/support/outcomes.h"

namespace squall {
namespace {

constexpr Sample kSample = {.number = 7, .intended_start = 100, .start = 130, .end = 190};

TEST(Recorder, KeepsIntendedStartsInAnOpenLoopOnly) {
  for (const bool open_loop : {false, true}) {
    SCOPED_TRACE(open_loop);
    Recorder recorder({open_loop});
    recorder.Record(kSample, Response(200));
    recorder.Record(kSample, Response(500));
    Sample again = kSample;
    again.again = true;
    again.end = 160;
    recorder.Record(again, Response(500));
    Interval swapped(1);
    recorder.Swap(swapped);
    const PhaseInterval& interval = swapped.phases[0];
    const uint64_t each = open_loop ? 1 : 0;
    EXPECT_EQ(interval.metrics.success_response_again.count(), 0u);
    recorder.Record(again, Response(200));
    Interval swapped_again(1);
    recorder.Swap(swapped_again);
    EXPECT_EQ(swapped_again.phases[0].metrics.success_response_again.count(), each);
    EXPECT_EQ(swapped_again.phases[0].metrics.success_response_again.max(), each * 60);
    EXPECT_EQ(interval.metrics.success_service.max(), 60u);
    EXPECT_EQ(interval.metrics.failure_service.max(), 60u);
    EXPECT_EQ(interval.metrics.success_response.count(), each);
    EXPECT_EQ(interval.metrics.success_response.max(), each * 90);
    EXPECT_EQ(interval.metrics.failure_response.max(), each * 90);
    EXPECT_EQ(interval.metrics.schedule_lag.count(), each * 3);
    EXPECT_EQ(interval.metrics.schedule_lag.max(), each * 30);
  }
}

TEST(Recorder, ThinkTimeIsNoneOfAFlows) {
  Recorder recorder({true});
  recorder.RecordFlow(kSample, 25, Response(200));
  recorder.RecordStep(kSample, "item", 12, true, Response(200));
  recorder.RecordStep(kSample, "item", 12, false, Response(404));
  Interval swapped(1);
  recorder.Swap(swapped);
  const PhaseInterval& interval = swapped.phases[0];
  EXPECT_EQ(interval.metrics.success_service.max(), 35u);
  EXPECT_EQ(interval.metrics.success_response.max(), 65u);
  EXPECT_EQ(interval.metrics.schedule_lag.max(), 30u);
  EXPECT_EQ(interval.last_end, 190);
  EXPECT_EQ(interval.numbers, std::vector<uint64_t>{7});
  const Metrics& step = interval.steps.all().at("item");
  EXPECT_EQ(step.recorded(), 2u);
  EXPECT_EQ(step.waited, 1u);
  EXPECT_EQ(step.success_service.max(), 12u);
  EXPECT_EQ(step.schedule_lag.count(), 0u) << "a step is never due";
}

// A transport's clock and the worker's are one, but a request may end before it began to be timed.
TEST(Recorder, HasNoNegativeTimes) {
  Recorder recorder({true});
  recorder.Record({.number = 1, .intended_start = 200, .start = 150, .end = 140}, Response(200));
  Interval swapped(1);
  recorder.Swap(swapped);
  const PhaseInterval& interval = swapped.phases[0];
  EXPECT_EQ(interval.metrics.success_service.max(), 0u);
  EXPECT_EQ(interval.metrics.success_response.max(), 0u);
  EXPECT_EQ(interval.metrics.schedule_lag.max(), 0u);
}

TEST(Recorder, CountsAddressesByNumber) {
  Recorder recorder({false});
  Outcome outcome = Response(200);
  recorder.Record(kSample, outcome);  // from nowhere
  outcome.address = 2;
  recorder.RecordConnecting(0, 2);
  recorder.Record(kSample, outcome);
  recorder.Record(kSample, outcome);
  recorder.RecordConnecting(0, 0);
  outcome.kind = v1::FAILURE_KIND_TIMEOUT;
  recorder.Record(kSample, outcome);
  Interval swapped(1);
  recorder.Swap(swapped);
  const PhaseInterval& interval = swapped.phases[0];
  EXPECT_EQ(interval.addresses, (std::vector<AddressCounts>{{1, 0}, {0, 0}, {1, 2}}));

  swapped.Clear();
  EXPECT_EQ(interval.addresses, std::vector<AddressCounts>(3)) << "the memory is kept";
}

TEST(Recorder, SwapsOutEverythingAtOnce) {
  Recorder recorder({true});
  recorder.Record(kSample, Response(200));
  recorder.RecordConnecting(0, 0);
  recorder.RecordWaiting(0, 1, 0);
  recorder.RecordWaiting(0, 1, 1);
  Interval swapped(1);
  recorder.Swap(swapped);
  const PhaseInterval& first = swapped.phases[0];
  EXPECT_EQ(first.numbers, std::vector<uint64_t>{7});
  EXPECT_EQ(first.last_end, 190);
  EXPECT_EQ(first.metrics.waited, 2u);
  EXPECT_EQ(first.metrics.waited_beside_free, 1u);
  Interval swapped_again(1);
  recorder.Swap(swapped_again);
  const PhaseInterval& second = swapped_again.phases[0];
  EXPECT_EQ(second.numbers, std::vector<uint64_t>{});
  EXPECT_EQ(second.last_end, 0);
  EXPECT_EQ(second.addresses, std::vector<AddressCounts>{});
  EXPECT_EQ(second.metrics.ToProto().SerializeAsString(), Metrics().ToProto().SerializeAsString());
}

TEST(Recorder, KeepsPhasesApart) {
  Recorder recorder({true, false});
  recorder.Record({.phase = 1, .number = 7, .start = 130, .end = 190}, Response(200));
  recorder.Record({.phase = 0, .number = 9, .start = 130, .end = 200}, Response(500));
  recorder.RecordConnecting(1, 0);
  Interval swapped(2);
  recorder.Swap(swapped);
  EXPECT_EQ(swapped.phases[0].numbers, std::vector<uint64_t>{9});
  EXPECT_EQ(swapped.phases[0].metrics.failed, 1u);
  EXPECT_EQ(swapped.phases[0].metrics.schedule_lag.count(), 1u);
  EXPECT_EQ(swapped.phases[0].last_end, 200);
  EXPECT_TRUE(swapped.phases[0].addresses.empty());
  EXPECT_EQ(swapped.phases[1].numbers, std::vector<uint64_t>{7});
  EXPECT_EQ(swapped.phases[1].metrics.succeeded, 1u);
  EXPECT_EQ(swapped.phases[1].metrics.schedule_lag.count(), 0u);
  EXPECT_EQ(swapped.phases[1].last_end, 190);
  EXPECT_EQ(swapped.phases[1].addresses, (std::vector<AddressCounts>{{1, 0}}));
}

TEST(Recorder, KeepsNamedRequestsApart) {
  Recorder recorder({false, false}, 2);
  Sample second = kSample;
  second.phase = 1;
  second.request = 1;
  recorder.Record(kSample, Response(200));
  recorder.Record(second, Response(500));
  recorder.Record(second, Response(200));
  Interval swapped(2, 2);
  recorder.Swap(swapped);
  const auto recorded = [&](size_t phase, size_t request) {
    return swapped.phases[phase].of_requests[request].recorded();
  };
  EXPECT_EQ(recorded(0, 0), 1u);
  EXPECT_EQ(recorded(0, 1), 0u);
  EXPECT_EQ(recorded(1, 0), 0u);
  EXPECT_EQ(recorded(1, 1), 2u);
  EXPECT_EQ(swapped.phases[1].metrics.recorded(), 0u) << "their sum is the controller's to make";
  Interval sum(2);
  for (size_t i = 0; i < 2; ++i) sum.phases[i].Merge(swapped.phases[i]);
  EXPECT_EQ(sum.phases[1].of_requests[1].failed, 1u);
  swapped.Clear();
  EXPECT_EQ(recorded(1, 1), 0u);
}

}  // namespace
}  // namespace squall
