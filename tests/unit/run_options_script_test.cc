// A script, from flags to the plan.
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/plan_check.h"
#include "tests/unit/run_options_support.h"

namespace squall {
namespace {

TEST_F(RunOptionsTest, AScriptIsInThePlan) {
  Write("a.lua", "print('tried') function request() return wrk.format() end");
  const auto options = Run({"-s", "a.lua", "http://h/", "--", "one", "-two", "--", "[a,b]"});
  ASSERT_TRUE(options.ok()) << options.status();
  v1::Plan plan = options->plan;
  EXPECT_EQ(plan.script().name(), "a.lua");
  EXPECT_THAT(plan.script().arguments(), ::testing::ElementsAre("one", "-two", "--", "[a,b]"));
  // Once in a state for setup(), and once in a worker's.
  EXPECT_EQ(options->script_said, (std::vector<std::string>{"tried", "tried"}));
  plan.set_concurrency(1);
  EXPECT_TRUE(CheckPlan(plan).ok()) << CheckPlan(plan);
}

TEST_F(RunOptionsTest, BehindTheMarkIsTheUrlFirstIfThereIsNone) {
  Write("a.lua", "");
  const auto url = Run({"-n", "5", "--", "http://h/"});
  ASSERT_TRUE(url.ok()) << url.status();
  EXPECT_EQ(url->plan.request().url(), "http://h/");
  const auto both = Run({"-s", "a.lua", "--", "http://h/", "-n"});
  ASSERT_TRUE(both.ok()) << both.status();
  EXPECT_EQ(both->plan.request().url(), "http://h/");
  EXPECT_THAT(both->plan.script().arguments(), ::testing::ElementsAre("-n"));
  const auto by_name = Run({"-u", "http://h/", "-s", "a.lua", "--script-arg", "one", "--", "two"});
  ASSERT_TRUE(by_name.ok()) << by_name.status();
  EXPECT_THAT(by_name->plan.script().arguments(), ::testing::ElementsAre("one", "two"));
}

TEST_F(RunOptionsTest, ArgumentsThatAreTypedStandInForThePlans) {
  Write("a.lua", "");
  Write("plan.yaml", "url: http://h/\nscript: a.lua\nscript_arg: [plan]\n");
  const auto plans = squall::testing::ResolveWords({"plan.yaml"});
  ASSERT_TRUE(plans.ok()) << plans.status();
  EXPECT_THAT(plans->plan.script().arguments(), ::testing::ElementsAre("plan"));
  const auto typed = squall::testing::ResolveWords({"plan.yaml", "--", "typed"});
  ASSERT_TRUE(typed.ok()) << typed.status();
  EXPECT_THAT(typed->plan.script().arguments(), ::testing::ElementsAre("typed"));
}

TEST_F(RunOptionsTest, NamedRequestsAndAScriptExcludeEachOther) {
  Write("a.lua", "");
  Write("plan.yaml", "url: http://h/\nscript: a.lua\nmix: [{name: a}, {name: b}]\n");
  EXPECT_THAT(std::string(squall::testing::ResolveWords({"plan.yaml"}).status().message()),
              ::testing::HasSubstr("-s and a mix exclude each other: remove one"));
}

TEST_F(RunOptionsTest, ArgumentsOfAScriptByName) {
  Write("a.lua", "function init(args) assert(args[1] == 'one' and args[2] == nil) end");
  const auto options = Run({"-s", "a.lua", "--script-arg", "one", "http://h/"});
  ASSERT_TRUE(options.ok()) << options.status();
  EXPECT_EQ(options->plan.script().arguments(0), "one");
}

TEST_F(RunOptionsTest, BadScripts) {
  Write("a.lua", "");
  Write("bad.lua", "\nlocal x = = 1\n");
  Write("delay.lua", "function delay() return 1 end");
  Write("paths", "/a\n");
  struct Case {
    std::vector<std::string> words;
    std::string want;
  };
  const std::vector<Case> cases = {
      {{"http://h/", "--", "one"}, "unexpected argument one: only a script (-s) takes any"},
      {{"--script-arg", "one", "http://h/"},
       "unexpected argument one: only a script (-s) takes any"},
      {{"-s", "none.lua", "http://h/"}, "-s none.lua: No such file or directory"},
      {{"-s", "bad.lua", "http://h/"}, "-s bad.lua:2: unexpected symbol near '='"},
      {{"-s", "a.lua", "--urls", "paths", "-u", "http://h/"},
       "-s and --urls exclude each other: remove one"},
      {{"-s", "a.lua", "http://h/{{seq}}"},
       "-s and placeholders ({{…}}) exclude each other: --no-templates sends them as they stand "
       "there"},
      {{"-s", "a.lua", "--tag", "http://h/"}, "-s and --tag exclude each other: remove one"},
      {{"-s", "a.lua", "http://ann@h/"},
       "-s and a user in the URL exclude each other: write --user NAME"},
      {{"-s", "a.lua", "--http2", "http://h/"},
       "-s: what scripts make is sent over transport http1, which cannot do HTTP/2"},
      {{"-s", "a.lua", "--transport", "curl", "http://h/"},
       "-s and --transport curl exclude each other: remove one"},
      {{"-s", "delay.lua", "-q", "10", "http://h/"},
       "-s delay.lua: the script has a delay(), and with a rate (-q) it is the rate that says when "
       "requests "
       "are sent: leave out one"},
  };
  for (const Case& one : cases) {
    const auto options = Run(one.words);
    EXPECT_EQ(std::string(options.status().message()), one.want);
  }
}

TEST_F(RunOptionsTest, UsersAreThePlansAndHaveRows) {
  Write("shop.lua", "function user(u) print(u.id, u.data and u.data.name) http.get('/') end");
  Write("plain.lua", "");
  Write("rows.csv", "name\nann\nbob\n");
  const auto users = Run({"-s", "shop.lua", "-d", "for the script", "http://h/"});
  ASSERT_TRUE(users.ok()) << users.status();
  EXPECT_TRUE(users->plan.users());
  EXPECT_EQ(users->script_said, (std::vector<std::string>{"0\tnil"}));
  const auto with_rows = Run({"-s", "shop.lua", "--feed", "rows.csv", "http://h/"});
  ASSERT_TRUE(with_rows.ok()) << with_rows.status();
  EXPECT_EQ(with_rows->script_said, (std::vector<std::string>{"0\tann"}));
  EXPECT_EQ(with_rows->feeder_text, "name\nann\nbob\n");
  v1::Plan plan = with_rows->plan;
  plan.set_concurrency(1);
  EXPECT_TRUE(CheckPlan(plan).ok()) << CheckPlan(plan);
  plan.set_users(false);
  EXPECT_FALSE(CheckPlan(plan).ok()) << "nobody has the rows";
  EXPECT_FALSE(Run({"-s", "plain.lua", "http://h/"})->plan.users());

  EXPECT_EQ(
      std::string(Run({"-s", "plain.lua", "--feed", "rows.csv", "http://h/"}).status().message()),
      "--feed: nothing uses it: a script has its rows as u.data of user(u)");
  EXPECT_EQ(std::string(Run({"-s", "shop.lua", "-m", "PUT", "http://h/"}).status().message()),
            "-m: the script has user(), which says the method of each request: leave it out");
}

}  // namespace
}  // namespace squall
