#include "controller/fleet_check.h"

#include <cmath>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/fake_check.h"

namespace squall {
namespace {

using State = AgentCheck::State;

constexpr Nanos kShort = 250 * kMillisecond;

std::vector<AgentCheck> Look(FakeCheckDialer& dialer, Nanos timeout = 60 * kSecond) {
  auto found = FleetCheck(dialer).Run(dialer.addresses(), timeout);
  EXPECT_TRUE(found.ok()) << found.status();
  EXPECT_EQ(dialer.open, 0);
  return *std::move(found);
}

// Good but for one kind of message.
template <typename Change>
Answer WelcomesWith(Change change) {
  return [change](const v1::ControllerMessage& message) -> Reactions {
    if (!message.has_hello()) return Good(message);
    v1::AgentMessage welcome = WelcomeOf();
    change(*welcome.mutable_welcome());
    return {welcome};
  };
}

template <typename Change>
Answer PongsWith(Change change) {
  return [change](const v1::ControllerMessage& message) -> Reactions {
    if (!message.has_ping()) return Good(message);
    v1::AgentMessage pong = PongTo(message.ping());
    change(*pong.mutable_pong(), LoadOf(message) > 0);
    return {pong};
  };
}

Answer FailsWith(v1::Failed::Code code) {
  return [code](const v1::ControllerMessage&) -> Reactions {
    v1::AgentMessage message;
    message.mutable_failed()->set_code(code);
    message.mutable_failed()->set_message("so it says");
    return {message, AgentClosed{}};
  };
}

void ExpectOk(const AgentCheck& found) {
  EXPECT_EQ(found.state, State::kOk) << found.detail;
  EXPECT_EQ(found.detail, "");
  EXPECT_EQ(found.host.cores(), 2u);
  ASSERT_TRUE(found.clock);
  EXPECT_GE(found.clock->error, 0);
  EXPECT_GE(found.clock->rtt, 0);
  EXPECT_GT(found.to_agent_bytes_per_second.value_or(0), 0);
  EXPECT_GT(found.from_agent_bytes_per_second.value_or(0), 0);
}

TEST(FleetCheck, ALookAloneLoadsNoWay) {
  FakeCheckDialer dialer({Good, Good});
  auto found = FleetCheck(dialer, /*measures=*/false).Run(dialer.addresses(), 60 * kSecond);
  ASSERT_TRUE(found.ok()) << found.status();
  for (const AgentCheck& agent : *found) {
    EXPECT_EQ(agent.state, State::kOk) << agent.detail;
    EXPECT_TRUE(agent.clock);
    EXPECT_TRUE(agent.not_measured);
    EXPECT_FALSE(agent.to_agent_bytes_per_second);
    EXPECT_FALSE(agent.from_agent_bytes_per_second);
  }
  for (const FakeCheckDialer::Heard& heard : dialer.heard) EXPECT_EQ(heard.load, 0u);
  EXPECT_EQ(dialer.open, 0);
}

TEST(FleetCheck, GoodAgentsAreKnownAndNotTaken) {
  FakeCheckDialer dialer({Good, Good, Good});
  const auto found = Look(dialer);
  ASSERT_EQ(found.size(), 3u);
  for (const AgentCheck& agent : found) ExpectOk(agent);
  EXPECT_EQ(found[1].address, "host-1:7400");
  EXPECT_EQ(found[1].name, "fake");
  for (const auto& heard : dialer.heard) {
    EXPECT_TRUE(heard.check || heard.kind == v1::ControllerMessage::kPing) << heard.kind;
  }
}

TEST(FleetCheck, TellsTheClock) {
  FakeCheckDialer dialer({[](const v1::ControllerMessage& message) -> Reactions {
    if (message.has_ping()) return {PongTo(message.ping(), 3600 * kSecond)};
    return Good(message);
  }});
  const auto found = Look(dialer);
  ExpectOk(found[0]);
  EXPECT_NEAR(static_cast<double>(found[0].clock->offset), 3600e9,
              static_cast<double>(found[0].clock->error));
}

TEST(FleetCheck, LoadsOneWayAfterTheOtherAndWithinBounds) {
  FakeCheckDialer dialer({Good, Good, Good});
  Look(dialer);
  std::vector<size_t> turns;  // whose way is loaded
  std::vector<uint64_t> bytes(3);
  for (const auto& heard : dialer.heard) {
    if (heard.load == 0) continue;
    if (turns.empty() || turns.back() != heard.index) turns.push_back(heard.index);
    bytes[heard.index] += heard.load;
    EXPECT_LE(heard.load, 16u << 20);
  }
  EXPECT_THAT(turns, testing::ElementsAre(0, 1, 2));
  EXPECT_THAT(bytes, testing::Each(testing::Le(64u << 20)));
}

TEST(FleetCheck, SaysWhyAnAgentCannotBeUsedAndGoesOnWithTheOthers) {
  struct Row {
    const char* name;
    Answer answer;
    State state;
    const char* words;
  };
  const double nan = std::nan("");
  const Row rows[] = {
      {"busy", WelcomesWith([](v1::Welcome& w) { w.set_busy("ann runs it"); }), State::kBusy,
       "ann runs it"},
      {"refuses as busy", FailsWith(v1::Failed::CODE_BUSY), State::kBusy, "so it says"},
      {"cannot be reached",
       [](const auto&) { return Reactions{AgentClosed{absl::UnavailableError("no way there")}}; },
       State::kUnreachable, "no way there"},
      {"ends at once", [](const auto&) { return Reactions{AgentClosed{}}; }, State::kUnreachable,
       "ended the conversation"},
      {"silent", [](const auto&) { return Reactions{}; }, State::kUnreachable,
       "no answer within 250 ms"},
      {"silent after Welcome",
       [](const auto& message) { return message.has_hello() ? Good(message) : Reactions{}; },
       State::kUnreachable, "stopped answering"},
      {"breaks after some round trips",
       [](const auto& message) {
         if (message.ping().id() < 4) return Good(message);
         return Reactions{AgentClosed{absl::UnavailableError("cut off")}};
       },
       State::kUnreachable, "cut off"},
      {"breaks when it is loaded",
       [](const auto& message) {
         if (LoadOf(message) == 0) return Good(message);
         return Reactions{AgentClosed{absl::UnavailableError("cut off")}};
       },
       State::kUnreachable, "cut off"},
      {"refuses the version", FailsWith(v1::Failed::CODE_VERSION), State::kOtherVersion,
       "so it says"},
      {"another version",
       WelcomesWith([](v1::Welcome& w) { w.set_protocol_version(kProtocolVersion + 1); }),
       State::kOtherVersion, "install the same version"},
      {"fails", FailsWith(v1::Failed::CODE_INTERNAL), State::kUnusable, "so it says"},
      {"no cores", WelcomesWith([](v1::Welcome& w) { w.mutable_host()->set_cores(0); }),
       State::kUnusable, "0 cores"},
      {"all cores", WelcomesWith([](v1::Welcome& w) { w.mutable_host()->set_cores(UINT32_MAX); }),
       State::kUnusable, "cores"},
      {"a load that is none",
       WelcomesWith([nan](v1::Welcome& w) { w.mutable_host()->set_load(nan); }), State::kUnusable,
       "load is nan"},
      {"a clock that runs backwards",
       PongsWith([](v1::Pong& pong, bool) { pong.set_sent_ns(pong.received_ns() - 1); }),
       State::kUnusable, "times that cannot be"},
      {"more time there than has passed",
       PongsWith([](v1::Pong& pong, bool) { pong.set_sent_ns(pong.received_ns() + kSecond); }),
       State::kUnusable, "times that cannot be"},
      {"a clock that lies when it is loaded", PongsWith([](v1::Pong& pong, bool load) {
         if (load) pong.set_received_ns(-1);
       }),
       State::kUnusable, "times that cannot be"},
      {"sends less than it was asked for",
       PongsWith([](v1::Pong& pong, bool) { pong.clear_padding(); }), State::kUnusable,
       "answered with 0 bytes"},
      {"sends more than it was asked for",
       PongsWith([](v1::Pong& pong, bool) { pong.mutable_padding()->push_back('z'); }),
       State::kUnusable, "answered with 1 bytes where 0"},
      {"answers what was not asked",
       PongsWith([](v1::Pong& pong, bool) { pong.set_id(pong.id() + 1); }), State::kUnusable,
       "out of order"},
      {"speaks out of turn",
       [](const auto&) {
         v1::AgentMessage message;
         message.mutable_snapshot();
         return Reactions{message};
       },
       State::kUnusable, "out of order"},
      {"welcomes twice",
       [](const auto& message) {
         Reactions news = Good(message);
         if (message.has_hello()) news.push_back(WelcomeOf());
         return news;
       },
       State::kUnusable, "out of order"},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.name);
    FakeCheckDialer dialer({Good, row.answer, Good});
    const auto found = Look(dialer, kShort);
    ExpectOk(found[0]);
    ExpectOk(found[2]);
    EXPECT_EQ(found[1].state, row.state);
    EXPECT_THAT(found[1].detail, testing::HasSubstr(row.words));
  }
}

TEST(FleetCheck, ABusyAgentIsTimedButItsWayIsNotLoaded) {
  int hellos = 0;
  FakeCheckDialer dialer({[](const v1::ControllerMessage& message) -> Reactions {
                            return message.has_hello() ? Reactions{WelcomeOf("ann runs it")}
                                                       : Good(message);
                          },
                          // Somebody's run begins between the round trips and the load.
                          [&hellos](const v1::ControllerMessage& message) -> Reactions {
                            if (!message.has_hello()) return Good(message);
                            return {WelcomeOf(++hellos > 1 ? "bob runs it" : "")};
                          }});
  const auto found = Look(dialer);
  for (const AgentCheck& agent : found) {
    EXPECT_EQ(agent.state, State::kBusy);
    EXPECT_THAT(agent.detail, testing::HasSubstr("runs it"));
    EXPECT_TRUE(agent.clock);
    EXPECT_FALSE(agent.to_agent_bytes_per_second);
    EXPECT_FALSE(agent.from_agent_bytes_per_second);
  }
  for (const auto& heard : dialer.heard) EXPECT_EQ(heard.load, 0u) << heard.index;
}

TEST(FleetCheck, OneAgentUnderTwoNamesIsFound) {
  const auto instance = [](const std::string& name) {
    return WelcomesWith([name](v1::Welcome& w) { w.set_instance(name); });
  };
  FakeCheckDialer dialer({instance("a"), instance("b"), instance("a")});
  const auto found = Look(dialer);
  ExpectOk(found[0]);
  ExpectOk(found[1]);
  EXPECT_EQ(found[2].state, State::kUnusable);
  EXPECT_THAT(found[2].detail, testing::HasSubstr("is host-0:7400 under another name"));
}

TEST(FleetCheck, SomeRoundTripsAreEnoughWhenTimeIsOver) {
  FakeCheckDialer dialer({[](const v1::ControllerMessage& message) -> Reactions {
    const bool late = message.has_ping() && LoadOf(message) == 0 && message.ping().id() > 3;
    return late ? Reactions{} : Good(message);
  }});
  const auto found = Look(dialer, kShort);
  EXPECT_TRUE(found[0].clock);
  // The pong that never came is not one that load is measured by.
  EXPECT_EQ(found[0].state, State::kOk) << found[0].detail;
}

TEST(FleetCheck, AnInterruptEndsIt) {
  std::function<void()> interrupt;
  FakeCheckDialer dialer({Good, [&interrupt](const v1::ControllerMessage&) -> Reactions {
                            interrupt();
                            return {};
                          }});
  FleetCheck check(dialer);
  interrupt = [&check] { check.Interrupt(); };
  EXPECT_TRUE(absl::IsCancelled(check.Run(dialer.addresses(), kForever / 4).status()));
  EXPECT_EQ(dialer.open, 0);
}

// The largest pieces never get through.
TEST(AgentProbe, KeepsWhatItKnowsWhenGivenUp) {
  AgentProbe probe("host:7400");
  Nanos now = kSecond;
  const auto answer = [&](const v1::ControllerMessage& message) {
    probe.Leaves(now);
    now += kMillisecond;
    v1::AgentMessage reply = WelcomeOf();
    if (message.has_ping()) {
      reply = PongTo(message.ping());
      reply.mutable_pong()->set_received_ns(now);
      reply.mutable_pong()->set_sent_ns(now);
    }
    return probe.OnSaid(reply, now);
  };
  AgentProbe::Words words = probe.Greet();
  while (words) words = answer(*words);
  EXPECT_FALSE(probe.waits());
  words = answer(probe.Measure());
  while (words && words->ping().padding().size() < 1 << 20) words = answer(*words);
  ASSERT_TRUE(words);
  EXPECT_TRUE(probe.waits());
  probe.Leaves(now);
  probe.GiveUp(now + kSecond, kSecond);
  EXPECT_TRUE(probe.over());
  EXPECT_TRUE(probe.found().ok());
  EXPECT_NEAR(probe.found().to_agent_bytes_per_second.value_or(0), 1 << 20, 1);
  EXPECT_FALSE(probe.found().from_agent_bytes_per_second);
  EXPECT_EQ(probe.found().clock->rtt, kMillisecond);
}

}  // namespace
}  // namespace squall
