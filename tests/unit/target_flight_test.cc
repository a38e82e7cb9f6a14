#include <atomic>
#include <memory>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "target/flight.h"
#include "target/server.h"
#include "tests/unit/raw_client.h"
#include "tests/unit/target_support.h"

namespace squall::target {
namespace {

TEST(TargetFlight, SumsRequestsOverTime) {
  Flight flight(2);
  const Nanos start = SteadyNow();
  EXPECT_EQ(flight.Read().request_ns, 0u);
  flight.Enter(0, start);
  flight.Enter(1, start + 10);
  flight.Leave(0, start + 100);
  EXPECT_EQ(flight.count(), 1u);
  EXPECT_EQ(flight.peak(), 2u);
  const Flight::Sum open = flight.Read();
  EXPECT_EQ(open.request_ns, 100u + static_cast<uint64_t>(open.now - start - 10));
  flight.Leave(1, start + 50);
  EXPECT_EQ(flight.Read().request_ns, 100u + 40u);
  flight.Enter(1, start + 50);
  flight.Leave(1, start + 80);
  EXPECT_EQ(flight.Read().request_ns, 100u + 70u) << "who enters when it left was never away";
  flight.RestartPeak();
  EXPECT_EQ(flight.peak(), 0u);
}

// Whoever looks sees each request in or out: each thread has one for good, and others that come and
// go in the same instant, long ago.
TEST(TargetFlight, IsReadWholeWhileOthersComeAndGo) {
  constexpr int kThreads = 3;
  Flight flight(kThreads);
  const Nanos now = SteadyNow();
  const Nanos long_ago = now - kSecond;
  std::atomic<bool> over{false};
  std::vector<std::thread> threads;
  for (int thread = 0; thread < kThreads; ++thread) flight.Enter(thread, now);
  for (int thread = 0; thread < kThreads; ++thread) {
    threads.emplace_back([&, thread] {
      while (!over.load()) {
        flight.Enter(thread, long_ago);
        flight.Leave(thread, long_ago);
      }
    });
  }
  uint64_t torn = 0;
  for (int i = 0; i < 1'000'000; ++i) {
    const Flight::Sum sum = flight.Read();
    const uint64_t others = sum.request_ns - kThreads * static_cast<uint64_t>(sum.now - now);
    const auto each = static_cast<uint64_t>(sum.now - long_ago);
    if (others % each != 0 || others / each > kThreads) ++torn;
  }
  over.store(true);
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(torn, 0u);
}

TEST(TargetFlight, GivesTheMeanBetweenTwoLooksAtTheServer) {
  Options options;
  options.body_bytes = 16 << 20;  // more than the sockets hold: what is not read stays in flight
  options.threads = 2;
  const auto server = StartServer(options);
  std::vector<std::unique_ptr<RawClient>> clients;
  for (int i = 0; i < 3; ++i) clients.push_back(std::make_unique<RawClient>(server->port(), 4096));
  const Nanos start = SteadyNow();
  for (auto& client : clients) client->Send(kGet);
  const auto stuck = [&](uint64_t count) {
    return server->counts().in_flight == count && server->counts().bytes_sent > 0;
  };
  ASSERT_TRUE(Eventually([&] { return stuck(3); }));
  std::this_thread::sleep_for(std::chrono::milliseconds(20));  // until no send is under way
  const Counts first = server->counts();
  EXPECT_LE(first.in_flight_ns, 3u * static_cast<uint64_t>(first.now - start));
  const Counts second = server->counts();
  EXPECT_GT(second.now, first.now);
  EXPECT_EQ(second.in_flight_ns - first.in_flight_ns,
            3u * static_cast<uint64_t>(second.now - first.now));

  const Nanos before = SteadyNow();
  server->ClearCounts();
  const Nanos after = SteadyNow();
  const Counts cleared = server->counts();
  EXPECT_LE(cleared.in_flight_ns, 3u * static_cast<uint64_t>(cleared.now - before));
  EXPECT_GE(cleared.in_flight_ns, 3u * static_cast<uint64_t>(cleared.now - after));

  for (auto& client : clients) EXPECT_EQ(client->Receive().body.size(), options.body_bytes);
  ASSERT_TRUE(Eventually([&] { return server->counts().in_flight == 0; }));
  const Counts last = server->counts();
  EXPECT_EQ(server->counts().in_flight_ns, last.in_flight_ns) << "nothing is in flight any more";
  EXPECT_GT(last.in_flight_ns, cleared.in_flight_ns);
  EXPECT_LE(last.in_flight_ns, 3u * static_cast<uint64_t>(last.now - before));
}

}  // namespace
}  // namespace squall::target
