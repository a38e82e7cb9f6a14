#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "target/clients.h"
#include "target/server.h"
#include "tests/unit/raw_client.h"
#include "tests/unit/target_support.h"

namespace squall::target {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::Field;
using testing::IsEmpty;

auto Of(const std::string& address, uint64_t requests) {
  return AllOf(Field(&ClientCounts::address, address), Field(&ClientCounts::requests, requests));
}

TEST(TargetClients, CountByAddressOverAllThreads) {
  Clients clients(2);
  const std::shared_ptr<Client> b = clients.Find("b");
  const std::shared_ptr<Client> a = clients.Find("a");
  EXPECT_EQ(clients.Find("a"), a);
  EXPECT_THAT(clients.Read(), IsEmpty());

  const Nanos start = SteadyNow();
  b->CountRequest(0, start);
  const Nanos first = SteadyNow() - start;
  while (SteadyNow() - start == first) {
  }
  b->CountRequest(1, start);
  a->CountRequest(1, start);
  const std::vector<ClientCounts> counts = clients.Read();
  ASSERT_THAT(counts, ElementsAre(Of("a", 1), Of("b", 2)));
  EXPECT_GT(counts[0].first_request, first);
  EXPECT_LE(counts[1].first_request, first);
}

TEST(TargetClients, KeepTheEarliestFirstRequestOfThreadsThatRace) {
  constexpr int kThreads = 4;
  constexpr int kRequests = 10'000;
  Clients clients(kThreads);
  const Nanos start = SteadyNow();
  std::vector<Nanos> latest_first(kThreads);
  std::vector<std::thread> threads;
  for (int thread = 0; thread < kThreads; ++thread) {
    threads.emplace_back([&, thread] {
      const std::shared_ptr<Client> client = clients.Find("a");
      client->CountRequest(thread, start);
      latest_first[static_cast<size_t>(thread)] = SteadyNow() - start;
      for (int i = 1; i < kRequests; ++i) client->CountRequest(thread, start);
    });
  }
  for (std::thread& thread : threads) thread.join();
  const std::vector<ClientCounts> counts = clients.Read();
  ASSERT_THAT(counts, ElementsAre(Of("a", uint64_t{kThreads} * kRequests)));
  for (const Nanos latest : latest_first) EXPECT_LE(counts[0].first_request, latest);
}

TEST(TargetClients, StartAgainWhenCleared) {
  Clients clients(1);
  const std::shared_ptr<Client> client = clients.Find("a");
  const Nanos start = SteadyNow();
  client->CountRequest(0, start);
  const Nanos before = clients.Read().at(0).first_request;
  clients.Clear();
  EXPECT_THAT(clients.Read(), IsEmpty());
  while (SteadyNow() - start == before) {
  }
  client->CountRequest(0, start);
  ASSERT_THAT(clients.Read(), ElementsAre(Of("a", 1)));
  EXPECT_GT(clients.Read()[0].first_request, before);
}

TEST(TargetClients, AreBoundedAndForgottenWhenClearedWithoutAConnection) {
  Clients clients(1);
  const std::shared_ptr<Client> kept = clients.Find("kept");
  for (size_t i = 1; i < kMostClients; ++i) EXPECT_NE(clients.Find(std::to_string(i)), nullptr);
  EXPECT_EQ(clients.Find("one more"), nullptr);
  EXPECT_EQ(clients.Find("kept"), kept);
  clients.Clear();
  EXPECT_NE(clients.Find("one more"), nullptr);
  EXPECT_EQ(clients.Find("kept"), kept);
}

TEST(TargetClients, AreToldByTheirAddressesAtTheServer) {
  const auto server = StartServer();
  RawClient asker(server->port());
  asker.Get("/__stats");
  EXPECT_THAT(server->counts().clients, IsEmpty());
  RawClient one(server->port());
  RawClient other(server->port());
  one.Get();
  const auto first = nlohmann::json::parse(asker.Get("/__stats").body)["clients"];
  EXPECT_GT(first[0]["first_request_ns"], 0);
  other.Get();
  EXPECT_EQ(nlohmann::json::parse(asker.Get("/__stats").body)["clients"],
            nlohmann::json({{{"address", "127.0.0.1"},
                             {"requests", 2},
                             {"first_request_ns", first[0]["first_request_ns"]}}}));
  asker.Get("/__stats", "DELETE");
  EXPECT_THAT(server->counts().clients, IsEmpty());
  one.Get();
  const std::vector<ClientCounts> again = server->counts().clients;
  ASSERT_THAT(again, ElementsAre(Of("127.0.0.1", 1)));
  EXPECT_GT(again[0].first_request, first[0]["first_request_ns"].get<Nanos>());
}

}  // namespace
}  // namespace squall::target
