#include <atomic>
#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "target/counts.h"
#include "target/server.h"
#include "tests/unit/raw_client.h"
#include "tests/unit/target_support.h"

namespace squall::target {
namespace {

using testing::ElementsAre;
using testing::Pair;

TEST(TargetCounts, DelaysEachAnswerAndCountsTheRequestsInFlight) {
  Options options;
  options.delay = absl::Milliseconds(50);
  options.jitter = absl::Milliseconds(10);
  const auto server = StartServer(options);
  std::vector<std::unique_ptr<RawClient>> clients;
  for (int i = 0; i < 50; ++i) clients.push_back(std::make_unique<RawClient>(server->port()));
  ASSERT_TRUE(Eventually([&] { return server->counts().open_connections == 50; }));

  for (const int round : {1, 2}) {
    const auto start = std::chrono::steady_clock::now();
    for (auto& client : clients) client->Send(kGet);
    for (auto& client : clients) {
      EXPECT_EQ(client->Receive().status, 200);
      EXPECT_GE(std::chrono::steady_clock::now() - start, std::chrono::milliseconds(50));
    }
    const Counts counts = server->counts();
    EXPECT_EQ(counts.peak_in_flight, 50u);
    EXPECT_EQ(counts.in_flight, 0u);
    EXPECT_EQ(counts.requests, 50u * static_cast<unsigned>(round));
    EXPECT_EQ(counts.peak_connections, 50u);
  }
}

TEST(TargetCounts, FailsEveryThirdFromTheLastClearOn) {
  Options options;
  options.fail_every = 3;
  const auto server = StartServer(options);
  RawClient client(server->port());
  for (const int round : {1, 2}) {
    SCOPED_TRACE(round);
    for (int i = 1; i <= 10; ++i) EXPECT_EQ(client.Get().status, i % 3 == 0 ? 500 : 200) << i;
    EXPECT_THAT(server->counts().statuses, ElementsAre(Pair(200, 7), Pair(500, 3)));
    server->ClearCounts();
  }
}

TEST(TargetCounts, TellsItsCountsWithoutThoseWhoAsk) {
  Options options;
  options.fail_every = 4;
  const auto server = StartServer(options);
  RawClient client(server->port());
  RawClient asker(server->port());
  size_t sent = 0;
  for (int i = 0; i < 4; ++i) {
    asker.Get("/__stats");
    const RawResponse response = client.Get("/__statsx");
    sent += response.head.size() + response.body.size();
  }
  const RawResponse response = asker.Get("/__stats?pretty");
  EXPECT_EQ(response.status, 200);
  nlohmann::json counts = nlohmann::json::parse(response.body);
  EXPECT_EQ(counts["clients"].size(), 1u);
  counts.erase("clients");
  EXPECT_GT(counts["in_flight_ns"], 0);
  EXPECT_GT(counts["now_ns"], counts["in_flight_ns"]);
  for (const char* changing : {"in_flight_ns", "now_ns", "counted_since_ns", "server_id", "history",
                               "history_since_ns", "history_interval_ns"}) {
    EXPECT_EQ(counts.erase(changing), 1u) << changing;
  }
  EXPECT_EQ(counts,
            nlohmann::json({{"requests", 4},
                            {"responses", 4},
                            {"in_flight", 0},
                            {"peak_in_flight", 1},
                            {"connections", 1},
                            {"open_connections", 1},
                            {"peak_connections", 1},
                            {"statuses", {{"200", 3}, {"500", 1}}},
                            {"bytes_received",
                             4 * std::string("GET /__statsx HTTP/1.1\r\nHost: t\r\n\r\n").size()},
                            {"bytes_sent", sent}}));
  EXPECT_EQ(asker.Get("/__stats", "PATCH").status, 405);

  EXPECT_EQ(asker.Get("/").status, 200) << "and now it is a client like any other";
  EXPECT_EQ(server->counts().connections, 2u);
  EXPECT_EQ(server->counts().peak_connections, 2u);
}

TEST(TargetCounts, LeavesOutConnectionsThatEndWithoutAByte) {
  const auto server = StartServer();
  const auto open = [&](uint64_t count) {
    return Eventually([&] { return server->counts().open_connections == count; });
  };
  {
    RawClient probe(server->port());
    RawClient another(server->port());
    ASSERT_TRUE(open(2));
    EXPECT_EQ(server->counts().connections, 2u) << "what they are is not known yet";
  }
  ASSERT_TRUE(open(0));
  EXPECT_EQ(server->counts().connections, 0u);
  EXPECT_EQ(server->counts().peak_connections, 0u);

  RawClient client(server->port());
  client.Get();
  {
    RawClient broken_off(server->port());
    broken_off.Send("G");
    ASSERT_TRUE(open(2));
  }
  ASSERT_TRUE(open(1));
  EXPECT_EQ(server->counts().connections, 2u);
  EXPECT_EQ(server->counts().peak_connections, 2u);
  {
    RawClient probe(server->port());
    ASSERT_TRUE(open(2));
    server->ClearCounts();
  }
  ASSERT_TRUE(open(1));
  EXPECT_EQ(server->counts().connections, 0u) << "it was counted before the counts were cleared";
}

TEST(TargetCounts, ClearsItsCountsButNotWhatIsGoingOn) {
  // More than the sockets hold: what is not read stays in flight.
  Options options;
  options.body_bytes = 8 << 20;
  const auto server = StartServer(options);
  std::vector<std::unique_ptr<RawClient>> clients;
  for (int i = 0; i < 3; ++i) clients.push_back(std::make_unique<RawClient>(server->port(), 65536));
  for (auto& client : clients) client->Send(kGet);
  clients[0]->Receive();
  ASSERT_TRUE(Eventually(
      [&] { return server->counts().responses == 1 && server->counts().in_flight == 2; }));
  EXPECT_EQ(server->counts().peak_in_flight, 3u);

  RawClient asker(server->port());
  EXPECT_EQ(asker.Get("/__stats", "DELETE").status, 204);
  Counts counts = server->counts();
  EXPECT_EQ(counts.requests, 0u);
  EXPECT_EQ(counts.responses, 0u);
  EXPECT_EQ(counts.bytes_received, 0u);
  EXPECT_EQ(counts.connections, 0u);
  EXPECT_EQ(counts.in_flight, 2u);
  EXPECT_EQ(counts.peak_in_flight, 2u);
  EXPECT_EQ(counts.open_connections, 3u);
  EXPECT_EQ(counts.peak_connections, 3u);

  EXPECT_EQ(clients[1]->Receive().body.size(), options.body_bytes);
  EXPECT_EQ(clients[2]->Receive().body.size(), options.body_bytes);
  counts = server->counts();
  EXPECT_EQ(counts.responses, 2u);
  EXPECT_EQ(counts.in_flight, 0u);
}

// Clients that each wait for the answer, looked at from outside, on threads that race: no answer
// that a client has may be missing from the counts, and no request may overlap the one before it.
TEST(TargetCounts, NeverCountsMoreInFlightThanThereAreOverSeveralThreads) {
  constexpr int kClients = 4;
  constexpr int kRequests = 500;
  Options options;
  options.threads = 3;
  const auto server = StartServer(options);
  std::atomic<uint64_t> answered{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < kClients; ++i) {
    threads.emplace_back([&] {
      // Two connections in turn, which different threads of the server may have.
      RawClient clients[] = {RawClient(server->port()), RawClient(server->port())};
      for (int n = 0; n < kRequests; ++n) {
        EXPECT_EQ(clients[n % 2].Get().status, 200);
        const uint64_t at_least = answered.fetch_add(1) + 1;
        EXPECT_GE(server->counts().responses, at_least);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  const Counts counts = server->counts();
  EXPECT_EQ(counts.requests, uint64_t{kClients * kRequests});
  EXPECT_EQ(counts.responses, uint64_t{kClients * kRequests});
  EXPECT_LE(counts.peak_in_flight, uint64_t{kClients});
  EXPECT_EQ(counts.connections, 2u * kClients);
}

TEST(TargetCounts, ReadForPeople) {
  Counts counts;
  counts.requests = 3;
  counts.responses = 2;
  counts.statuses = {{200, 1}, {500, 1}};
  counts.peak_in_flight = 2;
  counts.connections = 5;
  counts.peak_connections = 4;
  counts.bytes_received = 10;
  counts.bytes_sent = 20;
  EXPECT_EQ(CountsToText(counts),
            "requests     3\n"
            "responses    2\n"
            "  200        1\n"
            "  500        1\n"
            "in flight    peak 2\n"
            "connections  5, peak 4\n"
            "bytes        10 received, 20 sent\n");
}

}  // namespace
}  // namespace squall::target
