#include "agent/routes.h"

#include <ev.h>
#include <map>
#include <memory>
#include <numeric>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/event_loop.h"
#include "tests/support/fake_names.h"

namespace squall::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using State = Route::State;

class RoutesTest : public ::testing::Test, private Route::Waiter {
 protected:
  ~RoutesTest() override {
    routes_.clear();
    ev_loop_destroy(loop_);
  }

  Routes& Make(uint32_t first_turn = 0) {
    return *routes_.emplace_back(std::make_unique<Routes>(transport_, network_, loop_, first_turn));
  }

  void Resolve(const std::string& host, uint32_t port, const std::vector<std::string>& addresses) {
    v1::Resolution& resolution = *transport_.add_resolutions();
    resolution.set_host(host);
    resolution.set_port(port);
    for (const std::string& address : addresses) resolution.add_addresses(address);
  }

  void Divert(const std::string& host, uint32_t port, const std::string& to, uint32_t to_port) {
    v1::Diversion& diversion = *transport_.add_diversions();
    diversion.set_host(host);
    diversion.set_port(port);
    diversion.set_to_host(to);
    diversion.set_to_port(to_port);
  }

  // Looks at the route and, if it is pending, waits.
  State Settle(Route& route) {
    State state = route.Look();
    if (state == State::kPending) {
      route.Wait(*this);
      ev_timer deadline;
      ev_timer_init(
          &deadline,
          [](struct ev_loop* loop, ev_timer*, int) noexcept {
            ADD_FAILURE() << "no answer";
            ev_break(loop, EVBREAK_ALL);
          },
          10., 0.);
      ev_timer_start(loop_, &deadline);
      ev_run(loop_, 0);
      ev_timer_stop(loop_, &deadline);
      state = route.Look();
    }
    return state;
  }

  // Looks, which begins a refresh, and turns the loop until its answer has come.
  void Refresh(Route& route, size_t lookups) {
    EXPECT_EQ(route.Look(), State::kReady);
    names_.AwaitAsked(lookups);
    Route& other = Make().Find("after-" + std::to_string(lookups), 1);
    Settle(other);  // names are looked up one after another
  }

  static std::string Next(Route& route) { return DisplayOf(route.Next()); }
  static std::vector<std::string> Next(Route& route, int count) {
    std::vector<std::string> next;
    for (int i = 0; i < count; ++i) next.push_back(Next(route));
    return next;
  }

  FakeNames names_;
  struct ev_loop* const loop_ = NewEventLoop();
  v1::Transport transport_;
  Network network_{names_.lookup(), names_.clock()};
  std::vector<std::unique_ptr<Routes>> routes_;

 private:
  void OnRoute() noexcept override { ev_break(loop_, EVBREAK_ALL); }
};

TEST_F(RoutesTest, NumericHostsNeedNoLookup) {
  Routes& routes = Make();
  for (const auto& [host, shown] :
       std::map<std::string, std::string>{{"192.0.2.1", "192.0.2.1:80"},
                                          {"::1", "[::1]:80"},
                                          {"fe80::1%lo", "[fe80::1%lo]:80"},
                                          {"fe80::2%25lo", "[fe80::2%lo]:80"}}) {
    Route& route = routes.Find(host, 80);
    ASSERT_EQ(route.Look(), State::kReady) << host;
    EXPECT_EQ(route.size(), 1u);
    EXPECT_EQ(Next(route), shown);
  }
  Route& bad = routes.Find("fe80::1%no-such-zone", 80);
  EXPECT_EQ(bad.Look(), State::kFailed);
  EXPECT_THAT(bad.error(), HasSubstr("fe80::1%no-such-zone: no such address"));
  EXPECT_TRUE(names_.asked().empty());
}

TEST_F(RoutesTest, AllAddressesOfANameInTurns) {
  names_.Set("api", {"10.0.0.3", "10.0.0.1", "10.0.0.2", "10.0.0.1"});
  Route& route = Make(4).Find("API", 8080);
  ASSERT_EQ(Settle(route), State::kReady);
  EXPECT_EQ(route.size(), 3u);
  EXPECT_THAT(Next(route, 4),
              ElementsAre("10.0.0.2:8080", "10.0.0.3:8080", "10.0.0.1:8080", "10.0.0.2:8080"));
  EXPECT_EQ(network_.addresses.Names().size(), 3u);
  EXPECT_EQ(network_.addresses.Names().at(route.Next().number), "10.0.0.3:8080");
}

TEST_F(RoutesTest, OneRouteForAHostAndPort) {
  Routes& routes = Make();
  EXPECT_EQ(&routes.Find("api", 80), &routes.Find("Api", 80));
  EXPECT_NE(&routes.Find("api", 80), &routes.Find("api", 81));
}

TEST_F(RoutesTest, ANameIsAskedForOnceByAllWorkers) {
  names_.Set("api", {"10.0.0.1"});
  names_.Hold();
  Route& first = Make().Find("api", 80);
  Route& second = Make().Find("api", 443);
  EXPECT_EQ(first.Look(), State::kPending);
  EXPECT_EQ(second.Look(), State::kPending);
  names_.Release();
  EXPECT_EQ(Settle(first), State::kReady);
  EXPECT_EQ(Settle(second), State::kReady);
  EXPECT_EQ(Make().Find("api", 80).Look(), State::kReady);
  EXPECT_THAT(names_.asked(), ElementsAre("api"));
}

TEST_F(RoutesTest, ConnectionsSpreadEvenlyOverAddresses) {
  struct Case {
    std::string name;
    std::vector<uint32_t> connections;  // of each worker
    uint32_t addresses;
  };
  const std::vector<Case> cases = {
      {"odd shares", {3, 3, 2}, 3},
      {"fewer connections than addresses", {1, 1, 1}, 5},
      {"one worker", {10}, 4},
      {"one address", {2, 3}, 1},
      {"many workers", {7, 7, 6, 6, 6, 6}, 5},
      {"as many as workers", {2, 2, 2}, 2},
  };
  for (const Case& c : cases) {
    std::vector<std::string> addresses;
    for (uint32_t i = 1; i <= c.addresses; ++i) addresses.push_back("10.0.0." + std::to_string(i));
    names_.Set(c.name, addresses);
    std::map<std::string, uint32_t> counts;
    uint32_t first_turn = 0;
    for (const uint32_t connections : c.connections) {
      Route& route = Make(first_turn).Find(c.name, 80);
      ASSERT_EQ(Settle(route), State::kReady);
      for (uint32_t i = 0; i < connections; ++i) ++counts[Next(route)];
      first_turn += connections;
    }
    EXPECT_EQ(counts.size(), std::min(first_turn, c.addresses)) << c.name;
    for (const auto& [address, count] : counts) {
      EXPECT_GE(count, first_turn / c.addresses) << c.name << " " << address;
      EXPECT_LE(count, (first_turn + c.addresses - 1) / c.addresses) << c.name << " " << address;
    }
  }
}

TEST_F(RoutesTest, AnAddressThatFailedIsPassedOverForAWhile) {
  names_.Set("api", {"10.0.0.1", "10.0.0.2", "10.0.0.3"});
  Route& route = Make().Find("api", 80);
  ASSERT_EQ(Settle(route), State::kReady);
  route.Next();
  const Endpoint failed = route.Next();
  route.Avoid(failed);
  EXPECT_THAT(Next(route, 4),
              ElementsAre("10.0.0.3:80", "10.0.0.1:80", "10.0.0.3:80", "10.0.0.1:80"));
  names_.Advance(Route::kAvoidTime);
  EXPECT_THAT(Next(route, 3), ElementsAre("10.0.0.2:80", "10.0.0.3:80", "10.0.0.1:80"));
}

TEST_F(RoutesTest, WhereAllFailedNoneIsPassedOver) {
  names_.Set("api", {"10.0.0.1", "10.0.0.2"});
  Route& route = Make().Find("api", 80);
  ASSERT_EQ(Settle(route), State::kReady);
  route.Avoid(route.Next());
  route.Avoid(route.Next());
  EXPECT_THAT(Next(route, 3), ElementsAre("10.0.0.1:80", "10.0.0.2:80", "10.0.0.1:80"));
}

TEST_F(RoutesTest, AConnectionsShareStaysTheSame) {
  names_.Set("api", {"10.0.0.1", "10.0.0.2", "10.0.0.3"});
  Route& route = Make(4).Find("api", 80);
  ASSERT_EQ(Settle(route), State::kReady);
  for (int round = 0; round < 2; ++round) {
    EXPECT_EQ(DisplayOf(route.Share(0)), "10.0.0.2:80");
    EXPECT_EQ(DisplayOf(route.Share(1)), "10.0.0.3:80");
    EXPECT_EQ(route.Share(4).uses, 2u) << "the ninth, by fours and threes";
  }
  route.Avoid(route.Share(1));
  EXPECT_EQ(DisplayOf(route.Share(0)), "10.0.0.2:80");
  EXPECT_EQ(DisplayOf(route.Share(1)), "10.0.0.2:80") << "the next in turn";
  EXPECT_EQ(DisplayOf(route.Share(1)), "10.0.0.1:80");
  names_.Advance(Route::kAvoidTime);
  EXPECT_EQ(DisplayOf(route.Share(1)), "10.0.0.3:80");
}

TEST_F(RoutesTest, OldAddressesAreUsedUntilThereAreNewOnes) {
  transport_.set_dns_refresh_ns(10 * kSecond);
  names_.Set("api", {"10.0.0.1", "10.0.0.2"});
  Route& route = Make().Find("api", 80);
  ASSERT_EQ(Settle(route), State::kReady);
  EXPECT_EQ(route.generation(), 0u);

  names_.Set("api", {"10.0.0.2", "10.0.0.1"});
  names_.Advance(10 * kSecond + 1);
  Refresh(route, 2);
  EXPECT_EQ(route.generation(), 0u) << "another order is no change";

  names_.Set("api", {"10.0.0.7"});
  EXPECT_EQ(route.Look(), State::kReady);
  EXPECT_EQ(names_.asked().size(), 3u) << "api twice, and Refresh's own";
  names_.Advance(10 * kSecond + 1);
  names_.Hold();
  EXPECT_EQ(route.Look(), State::kReady);
  EXPECT_EQ(Next(route), "10.0.0.1:80");
  names_.Release();
  Refresh(route, 4);
  EXPECT_EQ(Next(route), "10.0.0.7:80");
  EXPECT_EQ(route.generation(), 1u);

  names_.Set("api", {});
  names_.Advance(10 * kSecond + 1);
  Refresh(route, 6);
  EXPECT_EQ(Next(route), "10.0.0.7:80") << "not found any more";
  EXPECT_EQ(route.generation(), 1u);
}

TEST_F(RoutesTest, OldAddressesAreRefreshedWithoutBeingLookedAt) {
  transport_.set_dns_refresh_ns(5 * kMillisecond);
  names_.Set("api", {"10.0.0.1"});
  Route& route = Make().Find("api", 80);
  ASSERT_EQ(Settle(route), State::kReady);
  names_.Set("api", {"10.0.0.2"});
  names_.Advance(5 * kMillisecond + 1);
  const Nanos give_up_at = SteadyNow() + 10 * kSecond;
  while (route.generation() == 0 && SteadyNow() < give_up_at) ev_run(loop_, EVRUN_ONCE);
  EXPECT_EQ(route.generation(), 1u);
  EXPECT_EQ(Next(route), "10.0.0.2:80");
}

TEST_F(RoutesTest, WithoutRefreshANameIsAskedForOnce) {
  names_.Set("api", {"10.0.0.1"});
  Route& route = Make().Find("api", 80);
  ASSERT_EQ(Settle(route), State::kReady);
  names_.Advance(1'000'000 * kSecond);
  EXPECT_EQ(route.Look(), State::kReady);
  EXPECT_EQ(names_.asked().size(), 1u);
}

TEST_F(RoutesTest, ANameWithoutAddressesIsAskedForAgainAfterASecond) {
  Route& route = Make().Find("typo", 80);
  EXPECT_EQ(Settle(route), State::kFailed);
  EXPECT_EQ(route.error(), "typo: not known");
  names_.Set("typo", {"10.0.0.1"});
  names_.Advance(Resolver::kRetryInterval - 1);
  EXPECT_EQ(route.Look(), State::kFailed);
  EXPECT_EQ(route.error(), "typo: not known");
  names_.Advance(1);
  EXPECT_EQ(route.Look(), State::kPending);
  EXPECT_EQ(Settle(route), State::kReady);
}

TEST_F(RoutesTest, WhoeverStopsWaitingIsNotTold) {
  struct Other final : Route::Waiter {
    explicit Other(Route& to_wait_for) : route(to_wait_for) {}
    void OnRoute() noexcept override {
      ++told;
      if (victim != nullptr) route.StopWaiting(*victim);
    }
    Route& route;
    Other* victim = nullptr;
    int told = 0;
  };
  names_.Hold();
  Route& route = Make().Find("api", 80);
  EXPECT_EQ(route.Look(), State::kPending);
  Other before(route), first(route), second(route);
  first.victim = &second;
  for (Other* waiter : {&before, &first, &second}) route.Wait(*waiter);
  route.StopWaiting(before);
  names_.Release();
  EXPECT_EQ(Settle(route), State::kFailed);
  EXPECT_EQ(before.told, 0);
  EXPECT_EQ(first.told, 1);
  EXPECT_EQ(second.told, 0);
}

TEST_F(RoutesTest, AnAnswerMayComeWhenTheyHaveGone) {
  names_.Hold();
  EXPECT_EQ(Make().Find("api", 80).Look(), State::kPending);
  names_.AwaitAsked(1);
  routes_.clear();
  names_.Release();
  EXPECT_EQ(Settle(Make().Find("api", 80)), State::kFailed);
}

TEST_F(RoutesTest, ThePlansPlacesTakeThePlaceOfLookups) {
  Resolve("api", 80, {"10.0.0.9", "::1"});
  Divert("web", 443, "API", 80);
  names_.Set("api", {"10.0.0.1"});
  Routes& routes = Make();
  for (Route* route : {&routes.Find("Api", 80), &routes.Find("web", 443)}) {
    EXPECT_EQ(route->Look(), State::kReady);
    EXPECT_THAT(Next(*route, 3), ElementsAre("10.0.0.9:80", "[::1]:80", "10.0.0.9:80"));
  }
  Route& other_port = routes.Find("api", 81);
  EXPECT_EQ(Settle(other_port), State::kReady);
  EXPECT_EQ(Next(other_port), "10.0.0.1:81");
}

TEST_F(RoutesTest, AUnixSocketIsTheOnlyRoute) {
  transport_.set_unix_socket("/run/app.sock");
  Routes& routes = Make();
  Route& route = routes.Find("api", 80);
  EXPECT_EQ(route.Look(), State::kReady);
  EXPECT_EQ(&routes.Find("other", 443), &route);
  const Endpoint& endpoint = route.Next();
  EXPECT_EQ(endpoint.family(), AF_UNIX);
  EXPECT_EQ(network_.addresses.Names().at(endpoint.number), "unix:/run/app.sock");
  EXPECT_EQ(routes.Source(endpoint), nullptr);
}

TEST_F(RoutesTest, TheSystemChoosesTheSourceUnlessAsked) {
  Routes& routes = Make();
  EXPECT_EQ(routes.Source(routes.Find("10.0.0.1", 80).Next()), nullptr);
}

// Ports are scarce for each pair of addresses, so every pair is to be used.
TEST_F(RoutesTest, SourcesTakeTurnsForEachAddress) {
  for (const char* source : {"127.0.0.5", "::1", "127.0.0.6"}) {
    transport_.add_source_addresses(source);
  }
  Resolve("api", 80, {"10.0.0.1", "10.0.0.2", "::2"});
  std::map<std::string, int> pairs;
  for (const uint32_t first_turn : {0u, 5u, 10u}) {
    Routes& routes = Make(first_turn);
    Route& route = routes.Find("api", 80);
    ASSERT_EQ(route.Look(), State::kReady);
    for (uint32_t i = first_turn; i < first_turn + (first_turn == 10 ? 2 : 5); ++i) {
      const Endpoint& to = route.Next();
      ++pairs[HostOf(*routes.Source(to)) + " " + HostOf(to)];
    }
  }
  EXPECT_EQ(pairs, (std::map<std::string, int>{{"127.0.0.5 10.0.0.1", 2},
                                               {"127.0.0.6 10.0.0.1", 2},
                                               {"127.0.0.5 10.0.0.2", 2},
                                               {"127.0.0.6 10.0.0.2", 2},
                                               {"::1 ::2", 4}}));
}

TEST_F(RoutesTest, AddressesThatNoSourceCanReachAreLeftOut) {
  transport_.add_source_addresses("127.0.0.5");
  Resolve("both", 80, {"::2", "10.0.0.1"});
  names_.Set("six", {"::2"});
  Routes& routes = Make();
  EXPECT_THAT(Next(routes.Find("both", 80), 2), ElementsAre("10.0.0.1:80", "10.0.0.1:80"));
  Route& six = routes.Find("six", 80);
  EXPECT_EQ(Settle(six), State::kFailed);
  EXPECT_THAT(six.error(), HasSubstr("six: no address that can be sent to from"));
  Route& numeric = routes.Find("::2", 80);
  EXPECT_EQ(numeric.Look(), State::kFailed);
  EXPECT_THAT(numeric.error(), HasSubstr("::2: no address that can be sent to from"));
}

}  // namespace
}  // namespace squall::testing
