#include <chrono>
#include <memory>
#include <vector>

#include <gtest/gtest.h>

#include "common/event_loop.h"
#include "target/loop_thread.h"
#include "target/server.h"
#include "target/workers.h"
#include "tests/unit/raw_client.h"
#include "tests/unit/target_support.h"

namespace squall::target {
namespace {

void Ignore(struct ev_loop*, ev_async*, int) {}

class FakeLoop {
 public:
  FakeLoop() : loop_(NewEventLoop()) {
    ev_async_init(&turn_, &Ignore);
    ev_async_start(loop_.get(), &turn_);
  }

  operator Workers::Loop() { return {loop_.get(), &turn_}; }

  // Whether it was woken since the last time that this was asked.
  bool WasWoken() {
    const bool woken = ev_async_pending(&turn_) != 0;
    ev_run(loop_.get(), EVRUN_NOWAIT);
    return woken;
  }

 private:
  const std::unique_ptr<struct ev_loop, LoopDeleter> loop_;
  ev_async turn_;
};

// Never looked into: names for connections.
Connection* Named(int number) {
  static char names[8];
  return reinterpret_cast<Connection*>(&names[number]);
}

TEST(TargetWorkers, TakeAtMostTheirNumberAndThenInTheOrderOfComingOverAllLoops) {
  FakeLoop a;
  FakeLoop b;
  Workers workers(2);
  EXPECT_FALSE(workers.Take(a, Named(0)));
  EXPECT_FALSE(workers.Take(b, Named(1)));
  EXPECT_TRUE(workers.Take(a, Named(2)));
  EXPECT_TRUE(workers.Take(b, Named(3)));
  EXPECT_TRUE(workers.Take(b, Named(4)));
  EXPECT_TRUE(workers.Take(a, Named(5)));
  EXPECT_EQ(workers.Next(a), nullptr) << "no worker is free";

  workers.Release();
  workers.Release();
  EXPECT_TRUE(a.WasWoken());
  EXPECT_FALSE(b.WasWoken());
  EXPECT_TRUE(workers.Take(b, Named(6))) << "nobody overtakes those that wait";
  EXPECT_EQ(workers.Next(b), nullptr);
  EXPECT_EQ(workers.Next(a), Named(2));
  EXPECT_EQ(workers.Next(a), nullptr);
  EXPECT_TRUE(b.WasWoken()) << "the turn is passed on";
  EXPECT_EQ(workers.Next(b), Named(3));
  EXPECT_EQ(workers.Next(b), nullptr) << "no worker is free";

  workers.Release();
  EXPECT_TRUE(b.WasWoken());
  EXPECT_EQ(workers.Next(b), Named(4));
  for (const int number : {5, 6}) {
    workers.Release();
    EXPECT_EQ(workers.Next(number == 5 ? a : b), Named(number));
  }
  workers.Release();
  EXPECT_EQ(workers.Next(a), nullptr) << "nobody waits";
  EXPECT_FALSE(workers.Take(a, Named(7)));
}

TEST(TargetWorkers, PassTheTurnOnWhereTheFirstLeaves) {
  FakeLoop a;
  FakeLoop b;
  Workers workers(1);
  EXPECT_FALSE(workers.Take(a, Named(0)));
  const auto place = workers.Take(a, Named(1));
  ASSERT_TRUE(place);
  EXPECT_TRUE(workers.Take(b, Named(2)));
  workers.Release();
  EXPECT_TRUE(a.WasWoken());
  workers.LeaveRow(*place);
  EXPECT_EQ(workers.Next(a), nullptr);
  EXPECT_TRUE(b.WasWoken());
  EXPECT_EQ(workers.Next(b), Named(2));
}

TEST(TargetWorkers, OfAServerWorkOnSoManyAtATimeOverAllItsThreads) {
  struct Case {
    const char* name;
    absl::Duration jitter;
    int threads;
    uint64_t workers;
    int rounds_at_least;  // of the delay, until the last of 7 is answered
  };
  for (const Case& c : {Case{"One", absl::ZeroDuration(), 1, 1, 7},
                        Case{"OneOverThreads", absl::ZeroDuration(), 3, 1, 7},
                        Case{"TwoOverThreads", absl::ZeroDuration(), 3, 2, 4},
                        Case{"Jitter", absl::Milliseconds(5), 3, 2, 4},
                        Case{"Enough", absl::ZeroDuration(), 3, 7, 1}}) {
    SCOPED_TRACE(c.name);
    Options options;
    options.delay = absl::Milliseconds(20);
    options.jitter = c.jitter;
    options.threads = c.threads;
    options.workers = c.workers;
    const auto server = StartServer(options);
    std::vector<std::unique_ptr<RawClient>> clients;
    const auto start = std::chrono::steady_clock::now();
    for (uint64_t i = 0; i < 7; ++i) {
      clients.push_back(std::make_unique<RawClient>(server->port()));
      clients.back()->Send(kGet);
      ASSERT_TRUE(Eventually([&] { return server->counts().requests == i + 1; }));
    }
    EXPECT_EQ(clients.back()->Receive().status, 200);
    const Counts counts = server->counts();
    const auto took = std::chrono::steady_clock::now() - start;
    EXPECT_GE(took, c.rounds_at_least * std::chrono::milliseconds(20));
    if (c.workers == 1 && c.threads == 1) {
      EXPECT_EQ(counts.responses, 7u) << "the last to come was the last";
    }
    for (size_t i = 0; i < 6; ++i) EXPECT_EQ(clients[i]->Receive().status, 200);
    EXPECT_EQ(server->counts().in_flight, 0u);
  }
}

TEST(TargetWorkers, WorkAtTheSameTime) {
  Options options;
  options.delay = absl::Milliseconds(400);
  options.workers = 3;
  options.threads = 2;
  const auto server = StartServer(options);
  std::vector<std::unique_ptr<RawClient>> clients;
  const auto start = std::chrono::steady_clock::now();
  for (int i = 0; i < 6; ++i) {
    clients.push_back(std::make_unique<RawClient>(server->port()));
    clients.back()->Send(kGet);
  }
  ASSERT_TRUE(Eventually([&] { return server->counts().in_flight == 6; }))
      << "those that wait, too";
  for (auto& client : clients) EXPECT_EQ(client->Receive().status, 200);
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::milliseconds(3 * 400));
}

TEST(TargetWorkers, ServePipelinedAndBadRequestsWithoutDelayAsWell) {
  Options options;
  options.workers = 1;
  options.threads = 2;
  const auto server = StartServer(options);
  RawClient client(server->port());
  std::string requests;
  for (int i = 0; i < 100; ++i) requests += kGet;
  client.Send(requests + "rubbish\r\n\r\n");
  for (int i = 0; i < 100; ++i) EXPECT_EQ(client.Receive().status, 200);
  EXPECT_EQ(client.Receive().status, 400);
}

TEST(TargetWorkers, StopWhoeverWaits) {
  Options options;
  options.delay = absl::Hours(1);
  options.workers = 2;
  options.threads = 3;
  const auto server = StartServer(options);
  std::vector<std::unique_ptr<RawClient>> clients;
  for (int i = 0; i < 9; ++i) {
    clients.push_back(std::make_unique<RawClient>(server->port()));
    clients.back()->Send(kGet);
  }
  ASSERT_TRUE(Eventually([&] { return server->counts().in_flight == 9; }));
  server->Stop();
  for (auto& client : clients) EXPECT_TRUE(client->IsClosed());
  EXPECT_EQ(server->counts().in_flight, 0u);
}

}  // namespace
}  // namespace squall::target
