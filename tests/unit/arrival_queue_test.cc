#include "agent/arrival_queue.h"

#include <algorithm>
#include <string>
#include <thread>

#include <gtest/gtest.h>

namespace squall {
namespace {

constexpr uint64_t kUnit = 1'000'000'000;  // of rate_nano: one request per second

Schedule Make(v1::ArrivalProcess process, uint64_t rate) {
  v1::Arrivals arrivals;
  arrivals.set_process(process);
  arrivals.set_rate_nano(rate * kUnit);
  return {arrivals, 1};
}

// Number n is due after n * `gap`.
Schedule Every(Nanos gap) {
  return Make(v1::ARRIVAL_PROCESS_CONSTANT, static_cast<uint64_t>(kSecond / gap));
}

// A queue with all of n = 0 … 999,999 and a short way to draw from it.
struct Fixture {
  Fixture(Nanos gap, uint32_t workers, std::optional<uint64_t> max_backlog = std::nullopt)
      : queue(Every(gap), workers, max_backlog) {
    queue.Add({{.first = 0, .stride = 1, .count = 1'000'000}});
  }

  std::vector<uint64_t> Draw(uint32_t worker, size_t connections, Nanos now) {
    std::vector<ArrivalQueue::Arrival> drawn;
    waited = queue.Draw(worker, connections, now, drawn);
    std::vector<uint64_t> numbers;
    for (const ArrivalQueue::Arrival& arrival : drawn) numbers.push_back(arrival.number);
    return numbers;
  }

  ArrivalQueue queue;
  ArrivalQueue::Waited waited;  // of the last draw
};

using Numbers = std::vector<uint64_t>;
using Runs = std::vector<NumberRun>;

TEST(ArrivalQueue, LanesAreMergedWithTheirTimes) {
  ArrivalQueue queue(Every(kMillisecond), 1, std::nullopt);
  queue.Add({{.first = 101, .stride = 4, .count = 2}, {.first = 3, .stride = 4, .count = 3}});
  queue.Add({{.first = 1, .stride = 4, .count = 3}});
  std::vector<ArrivalQueue::Arrival> drawn;
  queue.Draw(0, 50, kSecond, drawn);
  Numbers numbers;
  for (const ArrivalQueue::Arrival& arrival : drawn) {
    EXPECT_EQ(arrival.due, static_cast<Nanos>(arrival.number) * kMillisecond);
    numbers.push_back(arrival.number);
  }
  EXPECT_EQ(numbers, (Numbers{1, 3, 5, 7, 9, 11, 101, 105}));
  queue.Draw(0, 50, kSecond, drawn);
  EXPECT_EQ(drawn.size(), 8u);
}

TEST(ArrivalQueue, GivesOutWhatIsDueOrSoon) {
  const struct {
    std::string name;
    Nanos gap;
    size_t connections;
    Nanos now;
    size_t want;
  } kCases[] = {
      {"the first at the beginning", kSecond, 10, 0, 1},
      {"what is due", kSecond, 10, 3 * kSecond, 4},
      {"no more than connections", kSecond, 2, 3 * kSecond, 2},
      {"a millisecond ahead", kMillisecond / 4, 10, 0, 5},
      {"due and ahead", kMillisecond / 4, 20, kMillisecond, 9},
      {"a chunk", kMillisecond, 1'000, kSecond, 64},
      {"no connections", kSecond, 0, 3 * kSecond, 0},
  };
  for (const auto& c : kCases) {
    EXPECT_EQ(Fixture(c.gap, 1).Draw(0, c.connections, c.now).size(), c.want) << c.name;
  }
}

TEST(ArrivalQueue, GivesEachIdleWorkerOneThatIsFarAhead) {
  Fixture fixture(kSecond, 2);
  fixture.Draw(0, 10, 0);
  EXPECT_EQ(fixture.Draw(0, 9, 1), Numbers{1});
  EXPECT_EQ(fixture.Draw(1, 10, 2), Numbers{2});
}

TEST(ArrivalQueue, AnEarlierNumberThatIsAddedLaterComesFirst) {
  ArrivalQueue queue(Every(kMillisecond), 1, 10);
  queue.Add({{.first = 100, .stride = 1, .count = 2}});
  std::vector<ArrivalQueue::Arrival> drawn;
  queue.Draw(0, 0, kSecond, drawn);
  queue.TakeDropped(kSecond, 1);  // moves 100 and 101 to those that wait
  queue.Add({{.first = 7, .stride = 1, .count = 1}});
  queue.Draw(0, 2, kSecond, drawn);
  ASSERT_EQ(drawn.size(), 2u);
  EXPECT_EQ(drawn[0].number, 7u);
  EXPECT_EQ(drawn[1].number, 100u);
}

// Numbers are due every 10 ms; both workers have two connections.
TEST(ArrivalQueue, SaysWhatWaitedForAConnection) {
  constexpr Nanos kGap = 10 * kMillisecond;
  {
    SCOPED_TRACE("a thread that is late with a connection to spare");
    Fixture fixture(kGap, 2);
    EXPECT_EQ(fixture.Draw(0, 2, 5 * kGap), (Numbers{0, 1}));
    EXPECT_EQ(fixture.waited.all, 0u);
  }
  {
    SCOPED_TRACE("all busy");
    Fixture fixture(kGap, 2);
    fixture.Draw(0, 2, kGap);      // 0, 1
    fixture.Draw(1, 2, 3 * kGap);  // 2, 3
    EXPECT_EQ(fixture.Draw(0, 1, 5 * kGap + 1), Numbers{4});
    EXPECT_EQ(fixture.waited.all, 1u);
    EXPECT_EQ(fixture.waited.beside_free, 0u);
  }
  {
    SCOPED_TRACE("not due before the connection was free");
    Fixture fixture(kGap, 1);
    fixture.Draw(0, 2, kGap);  // 0, 1
    EXPECT_EQ(fixture.Draw(0, 2, 2 * kGap), (Numbers{2}));
    EXPECT_EQ(fixture.waited.all, 0u);
  }
  {
    SCOPED_TRACE("another worker had connections all the time");
    Fixture fixture(kGap, 2);
    fixture.Draw(0, 2, kGap);  // 0, 1
    EXPECT_EQ(fixture.Draw(0, 2, 3 * kGap + 1), (Numbers{2, 3}));
    EXPECT_EQ(fixture.waited.all, 2u);
    EXPECT_EQ(fixture.waited.beside_free, 2u);
  }
  {
    SCOPED_TRACE("another worker has had one since one of two was due");
    Fixture fixture(kGap, 2);
    fixture.Draw(0, 2, kGap);      // 0, 1
    fixture.Draw(1, 2, 3 * kGap);  // 2, 3
    fixture.queue.Freed(1, 4 * kGap + 1);
    EXPECT_EQ(fixture.Draw(0, 2, 5 * kGap + 1), (Numbers{4, 5}));
    EXPECT_EQ(fixture.waited.all, 2u);
    EXPECT_EQ(fixture.waited.beside_free, 1u);
  }
  {
    SCOPED_TRACE("no connections from the beginning");
    Fixture fixture(kGap, 2);
    fixture.Draw(0, 0, 0);
    fixture.Draw(1, 0, 0);
    EXPECT_EQ(fixture.Draw(1, 2, kGap + 1), (Numbers{0, 1}));
    EXPECT_EQ(fixture.waited.all, 2u);
    EXPECT_EQ(fixture.waited.beside_free, 0u);
  }
}

// Numbers are due every 10 ms; the only worker has taken 0 and 1, and its connections are busy.
TEST(ArrivalQueue, DropsWhatFallsDueBeyondTheBacklog) {
  constexpr Nanos kGap = 10 * kMillisecond;
  const struct {
    std::string name;
    uint64_t max_backlog;
    Nanos now;
    Runs dropped;
    Numbers drawn;  // by two connections afterwards
  } kCases[] = {
      {"fits", 3, 4 * kGap + 1, {}, {2, 3}},
      {"one too many", 3, 5 * kGap + 1, {{5, 1}}, {2, 3}},
      {"due now is not late", 3, 5 * kGap, {}, {2, 3}},
      {"many too many", 3, 1'000 * kGap + 1, {{5, 996}}, {2, 3}},
      {"one may wait", 1, 4 * kGap + 1, {{3, 2}}, {2}},
      {"none may wait", 0, 4 * kGap + 1, {{2, 3}}, {5}},
  };
  for (const auto& c : kCases) {
    Fixture fixture(kGap, 1, c.max_backlog);
    ASSERT_EQ(fixture.Draw(0, 2, kGap), (Numbers{0, 1})) << c.name;
    Fixture other(kGap, 1, c.max_backlog);
    other.Draw(0, 2, kGap);
    EXPECT_EQ(fixture.queue.TakeDropped(c.now, 1), c.dropped) << c.name;
    EXPECT_EQ(fixture.queue.TakeDropped(c.now, 1), Runs()) << c.name;
    EXPECT_EQ(fixture.Draw(0, 2, c.now), c.drawn) << c.name;
    // The same if nobody looked before the draw.
    EXPECT_EQ(other.Draw(0, 2, c.now), c.drawn) << c.name;
    EXPECT_EQ(other.queue.TakeDropped(c.now, 1), c.dropped) << c.name;
  }
}

// What fell due while a lost agent had it is not dropped for having come late, and does not wait.
TEST(ArrivalQueue, WhatALostAgentHadIsDrawnByItsNumberAndNeverDropped) {
  constexpr Nanos kGap = 10 * kMillisecond;
  Fixture fixture(kGap, 1, 0);
  fixture.Draw(0, 2, kGap);  // 0, 1
  fixture.queue.Freed(0, 4 * kGap + 1);
  fixture.queue.Add({{.first = 2'000'000, .stride = 1, .count = 1}}, true);
  EXPECT_EQ(fixture.queue.TakeDropped(4 * kGap + 1, 1), (Runs{{2, 3}}));
  fixture.queue.Add({{.first = 2, .stride = 2, .count = 1}}, true);
  std::vector<ArrivalQueue::Arrival> drawn;
  EXPECT_EQ(fixture.queue.Draw(0, 2, 5 * kGap, drawn).all, 0u);
  ASSERT_EQ(drawn.size(), 2u);
  EXPECT_EQ(drawn[0].number, 2u);
  EXPECT_EQ(drawn[0].due, 2 * kGap);
  EXPECT_TRUE(drawn[0].again);
  EXPECT_EQ(drawn[1].number, 5u);
  EXPECT_FALSE(drawn[1].again);
  fixture.queue.Add({{.first = 3, .stride = 1, .count = 1}}, true);
  fixture.queue.Finish(6 * kGap);
  EXPECT_EQ(fixture.queue.TakeUnsent(1).runs, (Runs{{3, 1}}));
}

TEST(ArrivalQueue, ABoundThatSinksDropsOnlyWhatFallsDueFromThenOn) {
  constexpr Nanos kGap = 10 * kMillisecond;
  Fixture fixture(kGap, 1, 4);
  fixture.Draw(0, 2, kGap);                                       // 0, 1
  EXPECT_EQ(fixture.queue.TakeDropped(5 * kGap + 1, 1), Runs());  // 2 to 5 wait
  fixture.queue.SetMaxBacklog(1);
  EXPECT_EQ(fixture.queue.TakeDropped(6 * kGap + 1, 1), (Runs{{6, 1}}));
  fixture.queue.SetMaxBacklog(6);
  EXPECT_EQ(fixture.queue.TakeDropped(9 * kGap + 1, 1), (Runs{{9, 1}}));
  EXPECT_EQ(fixture.Draw(0, 5, 9 * kGap + 1), (Numbers{2, 3, 4, 5, 7}));

  Fixture unbound(kGap, 1);
  unbound.Draw(0, 2, kGap);
  unbound.queue.SetMaxBacklog(0);
  EXPECT_EQ(unbound.queue.TakeDropped(kSecond, 1), Runs());
}

TEST(ArrivalQueue, WhatIsDrawnMakesRoomForWhatFallsDueLater) {
  constexpr Nanos kGap = 10 * kMillisecond;
  Fixture fixture(kGap, 1, 2);
  fixture.Draw(0, 2, kGap);                                   // 0, 1
  EXPECT_EQ(fixture.Draw(0, 1, 4 * kGap + 1), Numbers{2});    // 3 waits, 4 was too many
  EXPECT_EQ(fixture.Draw(0, 1, 6 * kGap + 1), Numbers{3});    // 5 waits, 6 was too many
  EXPECT_EQ(fixture.Draw(0, 3, 6 * kGap + 2), (Numbers{5}));  // 7 is not due
  EXPECT_EQ(fixture.queue.TakeDropped(6 * kGap + 2, 1), (Runs{{4, 1}, {6, 1}}));
}

TEST(ArrivalQueue, DropsNothingWhileAConnectionIsFree) {
  constexpr Nanos kGap = 10 * kMillisecond;
  Fixture fixture(kGap, 2, 0);
  fixture.Draw(0, 2, kGap);  // 0, 1; worker 1 is late
  EXPECT_EQ(fixture.queue.TakeDropped(5 * kGap + 1, 1), Runs());
  EXPECT_EQ(fixture.Draw(0, 1, 5 * kGap + 1), Numbers{2});
  EXPECT_EQ(fixture.Draw(1, 2, 5 * kGap + 1), (Numbers{3, 4}));
  // Now all are busy, and 5 was too many all along.
  EXPECT_EQ(fixture.queue.TakeDropped(5 * kGap + 1, 1), (Runs{{5, 1}}));
  fixture.queue.Freed(1, 6 * kGap);
  EXPECT_EQ(fixture.queue.TakeDropped(9 * kGap, 1), Runs());
}

TEST(ArrivalQueue, TheEndLeavesWhatWasDueAndNotDrawn) {
  constexpr Nanos kGap = 10 * kMillisecond;
  const struct {
    std::string name;
    std::optional<uint64_t> max_backlog;
    Nanos end;
    Runs unsent;
    Nanos oldest_age;
    Runs dropped;
  } kCases[] = {
      {"nothing due", std::nullopt, 2 * kGap, {}, 0, {}},
      {"some", std::nullopt, 5 * kGap, {{2, 3}}, 3 * kGap, {}},
      {"some waited, some were too many", 2, 6 * kGap, {{2, 2}}, 4 * kGap, {{4, 2}}},
  };
  for (const auto& c : kCases) {
    Fixture fixture(kGap, 1, c.max_backlog);
    fixture.Draw(0, 2, kGap);  // 0, 1
    EXPECT_EQ(fixture.queue.TakeUnsent(1).runs, Runs()) << c.name;
    fixture.queue.Finish(c.end);
    fixture.queue.Finish(100 * kGap);
    EXPECT_EQ(fixture.Draw(0, 2, c.end), Numbers()) << c.name;
    const ArrivalQueue::Unsent unsent = fixture.queue.TakeUnsent(1);
    EXPECT_EQ(unsent.runs, c.unsent) << c.name;
    EXPECT_EQ(unsent.oldest_age, c.oldest_age) << c.name;
    EXPECT_EQ(fixture.queue.TakeUnsent(1).runs, Runs()) << c.name;
    EXPECT_EQ(fixture.queue.TakeDropped(100 * kGap, 1), c.dropped) << c.name;
  }
}

TEST(ArrivalQueue, WhatIsGivenBackAfterTheEndIsUnsent) {
  constexpr Nanos kGap = 10 * kMillisecond;
  Fixture fixture(kGap, 1, 0);
  fixture.Draw(0, 10, 2 * kGap);
  fixture.queue.Finish(2 * kGap + 1);
  fixture.queue.Add({{.first = 1, .stride = 1, .count = 2}});
  const ArrivalQueue::Unsent unsent = fixture.queue.TakeUnsent(1);
  EXPECT_EQ(unsent.runs, (Runs{{1, 2}}));
  EXPECT_EQ(unsent.oldest_age, kGap + 1);
  EXPECT_EQ(fixture.queue.TakeDropped(kSecond, 1), Runs());
}

TEST(ArrivalQueue, ThreadsNeverDrawTheSameNumber) {
  constexpr uint32_t kThreads = 4;
  constexpr uint64_t kNumbers = 100'000;
  ArrivalQueue queue(Make(v1::ARRIVAL_PROCESS_POISSON, kUnit / 1'000), kThreads, std::nullopt);
  for (uint64_t lane = 0; lane < 10; ++lane) queue.Add({{lane, 10, kNumbers / 10}});
  std::vector<ArrivalQueue::Arrival> drawn[kThreads];
  std::vector<std::thread> threads;
  for (uint32_t worker = 0; worker < kThreads; ++worker) {
    threads.emplace_back([&queue, &numbers = drawn[worker], worker] {
      size_t before = 0;
      do {
        before = numbers.size();
        queue.Draw(worker, 1 + before % 7, kSecond, numbers);
        queue.Freed(worker, kSecond);
      } while (numbers.size() > before);
    });
  }
  for (std::thread& thread : threads) thread.join();
  Numbers all;
  for (const auto& numbers : drawn) {
    EXPECT_TRUE(std::is_sorted(numbers.begin(), numbers.end(),
                               [](const auto& a, const auto& b) { return a.number < b.number; }));
    for (const ArrivalQueue::Arrival& arrival : numbers) all.push_back(arrival.number);
  }
  std::sort(all.begin(), all.end());
  ASSERT_EQ(all.size(), kNumbers);
  for (uint64_t i = 0; i < kNumbers; ++i) ASSERT_EQ(all[i], i);
}

// What the agent's owner lets it send goes before what is due, and changes nothing of when it was.
TEST(ArrivalQueue, NoMoreThanTheOwnersRate) {
  ArrivalQueue queue(Every(kMillisecond), 1, std::nullopt, 100 * kUnit);
  queue.Add({{.first = 0, .stride = 1, .count = 1'000}});
  std::vector<ArrivalQueue::Arrival> drawn;
  for (int i = 0; i < 3; ++i) queue.Draw(0, 64, kSecond, drawn);
  ASSERT_EQ(drawn.size(), 102u) << "a second's worth, and the next in turn";
  for (size_t i = 0; i < drawn.size(); ++i) {
    EXPECT_EQ(drawn[i].due, static_cast<Nanos>(i) * kMillisecond);
    EXPECT_EQ(drawn[i].not_before, i < 101 ? kSecond : kSecond + kSecond / 100);
  }
}

}  // namespace
}  // namespace squall
