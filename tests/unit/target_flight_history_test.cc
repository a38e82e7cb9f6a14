#include <atomic>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "target/flight.h"
#include "target/flight_history.h"
#include "target/server.h"
#include "tests/unit/raw_client.h"
#include "tests/unit/target_support.h"

namespace squall::target {
namespace {

using testing::ElementsAre;

constexpr Nanos kInterval = FlightHistory::kInterval;
// The beginning of an interval that is over soon.
Nanos BeginningOfAnInterval() { return SteadyNow() / kInterval * kInterval - 10 * kInterval; }

std::vector<uint64_t> MostOf(const Flight& flight) {
  std::vector<uint64_t> most;
  for (const FlightHistory::Point& point : flight.history().Read(SteadyNow())) {
    most.push_back(point.most);
  }
  return most;
}

TEST(TargetFlightHistory, HasTheMostOfEachInterval) {
  Flight flight(2);
  const Nanos begin = BeginningOfAnInterval();
  for (int i = 0; i < 5; ++i) flight.Enter(i % 2, begin + i);
  for (int i = 0; i < 3; ++i) flight.Leave(i % 2, begin + 10 + i);
  flight.Enter(0, begin + 20);
  EXPECT_THAT(MostOf(flight), ElementsAre(5u));
  // Three go on into an interval whose first event takes one of them away.
  flight.Leave(0, begin + kInterval);
  EXPECT_THAT(MostOf(flight), ElementsAre(5u, 3u));
  // In the third nobody comes or goes.
  flight.Enter(0, begin + 3 * kInterval);
  flight.Leave(0, begin + 3 * kInterval + 1);
  EXPECT_THAT(MostOf(flight), ElementsAre(5u, 3u, 3u));
  const auto points = flight.history().Read(SteadyNow());
  EXPECT_EQ(points[0].count, 0u);
  EXPECT_EQ(points[1].count, 3u);
  EXPECT_EQ(points[2].count, 2u);
}

TEST(TargetFlightHistory, ForgetsWhatIsLongOver) {
  Flight flight(1);
  const Nanos now = SteadyNow();
  const Nanos oldest = FlightHistory::Reaches(now);
  EXPECT_LE(oldest, now - static_cast<Nanos>(FlightHistory::kIntervals - 1) * kInterval);
  EXPECT_EQ(oldest % kInterval, 0);
  for (const Nanos at : {oldest - 1, oldest, now}) {
    flight.Enter(0, at);
    flight.Leave(0, at);
  }
  EXPECT_EQ(flight.history().Read(now).size(), 2u);
  EXPECT_EQ(flight.history().Read(now + 100 * kSecond).size(), 0u);
  // As late as this, the place of one is another's.
  const Nanos later = oldest + static_cast<Nanos>(FlightHistory::kIntervals) * kInterval;
  flight.Enter(0, later);
  flight.Enter(0, oldest);  // and of the one before nothing is heard any more
  EXPECT_EQ(flight.history().Read(later).size(), 2u);
}

// Two that enter and two that leave before the next round: at no time more than four.
TEST(TargetFlightHistory, IsWholeWhileOthersComeAndGo) {
  constexpr int kThreads = 2;
  Flight flight(kThreads);
  std::atomic<bool> over{false};
  std::vector<std::thread> threads;
  for (int thread = 0; thread < kThreads; ++thread) {
    threads.emplace_back([&, thread] {
      while (!over.load()) {
        flight.Enter(thread, SteadyNow());
        flight.Enter(thread, SteadyNow());
        flight.Leave(thread, SteadyNow());
        flight.Leave(thread, SteadyNow());
      }
    });
  }
  const Nanos end = SteadyNow() + 3 * kInterval;
  uint64_t reads = 0;
  while (SteadyNow() < end) {
    const Flight::Sum sum = flight.Read();
    Nanos last = 0;
    for (const FlightHistory::Point& point : flight.history().Read(sum.now)) {
      EXPECT_GE(point.at, last);
      EXPECT_LE(point.count, 2u * kThreads);
      EXPECT_GE(point.most, point.count);
      EXPECT_LE(point.most, 2u * kThreads);
      last = point.at;
    }
    ++reads;
  }
  over.store(true);
  for (std::thread& thread : threads) thread.join();
  EXPECT_GT(reads, 10u);
  EXPECT_GE(MostOf(flight).size(), 3u);
}

TEST(TargetFlightHistory, IsToldWithTheCounts) {
  Options options;
  options.delay = absl::Milliseconds(150);
  const auto server = StartServer(options);
  RawClient client(server->port());
  RawClient asker(server->port());
  client.Get();
  const auto told = nlohmann::json::parse(asker.Get("/__stats").body);
  EXPECT_EQ(told["server_id"].get<std::string>().size(), 16u);
  EXPECT_LE(told["counted_since_ns"], told["history_since_ns"]);
  EXPECT_EQ(told["history_interval_ns"], kInterval);
  // It came in one interval and left in another.
  ASSERT_EQ(told["history"].size(), 2u);
  const auto& came = told["history"][0];
  const auto& left = told["history"][1];
  EXPECT_EQ(came[1], 0);
  EXPECT_EQ(came[2], 0);
  EXPECT_EQ(came[3], 1);
  EXPECT_EQ(left[2], 1);
  EXPECT_EQ(left[3], 1);
  EXPECT_GT(left[1], 0);
  EXPECT_LE(left[1], told["in_flight_ns"]);
  EXPECT_LE(left[0], told["now_ns"]);

  const Nanos before = SteadyNow();
  server->ClearCounts();
  const auto cleared = nlohmann::json::parse(asker.Get("/__stats").body);
  EXPECT_EQ(cleared["server_id"], told["server_id"]);
  EXPECT_GE(cleared["counted_since_ns"], before);
  EXPECT_EQ(cleared["history"].size(), 0u);
}

}  // namespace
}  // namespace squall::target
