#include "agent/resolver.h"

#include <optional>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/mailbox.h"
#include "tests/support/fake_names.h"

namespace squall::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using AnswerPtr = Resolver::AnswerPtr;

class ResolverTest : public ::testing::Test {
 protected:
  ResolverTest() { resolver_.emplace(names_.lookup(), names_.clock()); }

  AnswerPtr Ask(const std::string& name, Nanos not_before = 0) {
    return resolver_->Ask(name, not_before,
                          [this](AnswerPtr answer) { answers_.Push(std::move(answer)); });
  }
  AnswerPtr Next() {
    auto answer = answers_.PopUntil(SteadyNow() + 10 * kSecond);
    return answer ? *answer : nullptr;
  }
  static std::vector<std::string> Hosts(const AnswerPtr& answer) {
    std::vector<std::string> hosts;
    for (const Endpoint& address : answer->addresses) hosts.push_back(HostOf(address));
    return hosts;
  }

  FakeNames names_;
  Mailbox<AnswerPtr> answers_;
  std::optional<Resolver> resolver_;
};

TEST_F(ResolverTest, GivesEachAddressOnceAndInOrder) {
  names_.Set("api", {"10.0.0.9", "::1", "10.0.0.1", "10.0.0.9"});
  EXPECT_EQ(Ask("api"), nullptr);
  EXPECT_THAT(Hosts(Next()), ElementsAre("10.0.0.1", "10.0.0.9", "::1"));
}

TEST_F(ResolverTest, AsksOnceForAll) {
  names_.Set("api", {"10.0.0.1"});
  names_.Hold();
  Ask("other");
  Ask("api");
  Ask("api");
  names_.Release();
  EXPECT_THAT(Next()->error, HasSubstr("other: not known"));
  const AnswerPtr first = Next();
  EXPECT_EQ(Next(), first);
  EXPECT_EQ(Ask("api"), first) << "later ones have it at once";
  EXPECT_THAT(names_.asked(), ElementsAre("other", "api"));
}

TEST_F(ResolverTest, AsksAnewForWhatIsTooOld) {
  names_.Set("api", {"10.0.0.1"});
  Ask("api");
  const AnswerPtr old = Next();
  names_.Set("api", {"10.0.0.2"});
  names_.Advance(5 * kSecond);
  EXPECT_EQ(Ask("api", old->at), old);
  EXPECT_EQ(Ask("api", old->at + 1), nullptr);
  EXPECT_THAT(Hosts(Next()), ElementsAre("10.0.0.2"));
}

TEST_F(ResolverTest, KeepsTheAddressesOfANameThatIsNotFoundAgain) {
  names_.Set("api", {"10.0.0.1"});
  Ask("api");
  const Nanos at = Next()->at;
  names_.Set("api", {});
  names_.Advance(5 * kSecond);
  Ask("api", at + 1);
  const AnswerPtr kept = Next();
  EXPECT_THAT(Hosts(kept), ElementsAre("10.0.0.1"));
  EXPECT_EQ(kept->at, at + 5 * kSecond);
}

TEST_F(ResolverTest, AsksForANameWithoutAddressesOnceASecond) {
  Ask("typo");
  const AnswerPtr failed = Next();
  EXPECT_EQ(failed->error, "typo: not known");
  EXPECT_THAT(failed->addresses, IsEmpty());
  names_.Advance(kSecond - 1);
  EXPECT_EQ(Ask("typo", failed->at + 1), failed);
  names_.Advance(1);
  EXPECT_EQ(Ask("typo"), nullptr);
  EXPECT_NE(Next(), failed);
  EXPECT_THAT(names_.asked(), ElementsAre("typo", "typo"));
}

// The system's lookups last for seconds when name servers are silent.
TEST(Resolver, GoesWithoutWaitingForALookup) {
  auto answers = std::make_shared<Mailbox<AnswerPtr>>();
  FakeNames names;
  names.Hold();
  {
    Resolver resolver(names.lookup(), names.clock());
    const auto deliver = [answers](AnswerPtr answer) { answers->Push(std::move(answer)); };
    resolver.Ask("slow", 0, deliver);
    resolver.Ask("never looked up", 0, deliver);
    names.AwaitAsked(1);
  }
  names.Release();
  EXPECT_TRUE(answers->PopUntil(SteadyNow() + 10 * kSecond)) << "answers may come after the end";
}

TEST(Resolver, TheSystemKnowsLocalhost) {
  const auto found = Resolver::AskSystem("localhost");
  ASSERT_TRUE(found.ok()) << found.status();
  std::set<std::string> hosts;
  for (const Endpoint& address : *found) hosts.insert(HostOf(address));
  EXPECT_TRUE(hosts.count("127.0.0.1") + hosts.count("::1") > 0);
  EXPECT_EQ(hosts.size(), found->size());
}

TEST(Resolver, TheSystemSaysWhyNot) {
  const auto found = Resolver::AskSystem("no-such-host.invalid");
  EXPECT_FALSE(found.ok());
  EXPECT_FALSE(found.status().message().empty());
}

}  // namespace
}  // namespace squall::testing
