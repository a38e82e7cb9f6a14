// Users of a script: what they want, turn by turn, and what they get.
#include "common/script_users.h"

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/protocol.h"
#include "common/raw_request.h"
#include "common/script_trial.h"
#include "tests/unit/script_support.h"

namespace squall::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;
using Want = ScriptUsers::Want;

class ScriptUsersTest : public ::testing::Test {
 protected:
  // Of a script in which user(u) is `body`.
  void Load(const std::string& body) { LoadText("function user(u)\n" + body + "\nend"); }
  void LoadText(const std::string& text) {
    auto script = Ready(ScriptPlan(text), [this](std::string_view said) { said_ += said; });
    ASSERT_TRUE(script.ok()) << script.status();
    script_ = *std::move(script);
    ASSERT_NE(script_->users(), nullptr);
  }
  ScriptUsers& users() { return *script_->users(); }

  std::string Request(uint32_t user) { return std::string(users().RequestOf(user).bytes); }
  // Its request is answered.
  ScriptUsers::Turn Answer(uint32_t user, uint32_t status, const std::string& body,
                           const std::vector<std::pair<std::string, std::string>>& headers = {}) {
    ScriptAnswer answer;
    answer.Begin();
    for (const auto& [name, value] : headers) answer.OnHeader(name, value);
    answer.OnBody(body);
    EXPECT_TRUE(users().TakeAnswer(user, status, answer).ok());
    EXPECT_TRUE(
        users().Conclude(user, status < 400 ? "" : "status " + std::to_string(status)).ok());
    return users().GoOn(user);
  }

  std::unique_ptr<Script> script_;
  std::string said_;
};

TEST_F(ScriptUsersTest, AFlowPassesValuesOn) {
  Load(R"(
    local r = http.post("/login", "name=u" .. u.id, {name = "login"})
    local token = r:json("$.token")
    sleep(0.25)
    r = http.get("/items?page=1", {headers = {Authorization = "Bearer " .. token}})
    local id = r:match('"id": *(\\d+)')
    r = http.get("/items/" .. id, {name = "item"})
    print(r.status, r.ok, r.headers["x-KIND"], r.body))");
  ASSERT_EQ(users().Begin(3, 41).want, Want::kRequest);
  EXPECT_THAT(Request(3), StartsWith("POST /login HTTP/1.1\r\n"));
  EXPECT_THAT(Request(3), HasSubstr("Host: 127.0.0.1:8080\r\n"));
  EXPECT_THAT(Request(3), HasSubstr("Content-Length: 8\r\n\r\nname=u41"));
  EXPECT_EQ(users().RequestOf(3).step, "login");
  EXPECT_FALSE(users().RequestOf(3).idempotent);
  EXPECT_TRUE(ParseRawRequests(Request(3)).ok());

  const ScriptUsers::Turn asleep = Answer(3, 200, R"({"token": "s3cret"})");
  ASSERT_EQ(asleep.want, Want::kSleep);
  EXPECT_EQ(asleep.sleep, 250 * kMillisecond);

  ASSERT_EQ(users().GoOn(3).want, Want::kRequest);
  EXPECT_THAT(Request(3), StartsWith("GET /items?page=1 HTTP/1.1\r\n"));
  EXPECT_THAT(Request(3), HasSubstr("Authorization: Bearer s3cret\r\n"));
  EXPECT_EQ(users().RequestOf(3).step, "GET /items") << "a query is no name";
  EXPECT_TRUE(users().RequestOf(3).idempotent);

  ASSERT_EQ(Answer(3, 200, R"([{"id": 17}])").want, Want::kRequest);
  EXPECT_THAT(Request(3), StartsWith("GET /items/17 HTTP/1.1\r\n"));
  EXPECT_EQ(Answer(3, 404, "gone", {{"X-Kind", "none"}}).want, Want::kEnd);
  EXPECT_EQ(said_, "404\tfalse\tnone\tgone\n");
}

TEST_F(ScriptUsersTest, UsersDoNotDisturbEachOther) {
  Load("local mine = u.id sleep(1) http.get('/' .. mine)");
  constexpr uint32_t kUsers = 1'000;
  for (int round = 0; round < 3; ++round) {  // the same numbers again
    const uint64_t first = static_cast<uint64_t>(round) * kUsers;
    for (uint32_t user = 0; user < kUsers; ++user) {
      ASSERT_EQ(users().Begin(user, first + user).want, Want::kSleep);
    }
    for (uint32_t user = kUsers; user > 0; --user) {
      ASSERT_EQ(users().GoOn(user - 1).want, Want::kRequest);
    }
    for (uint32_t user = 0; user < kUsers; ++user) {
      EXPECT_THAT(Request(user), StartsWith("GET /" + std::to_string(first + user) + " "));
      ASSERT_EQ(Answer(user, 200, "").want, Want::kEnd);
    }
  }
}

TEST_F(ScriptUsersTest, ASleepingUserIsSmall) {
  Load("local r = http.get('/list') local id = r:json('$.id') sleep(60) http.get('/' .. id)");
  constexpr uint32_t kUsers = 20'000;
  script_->state().MakeRoomFor(kUsers);
  const size_t before = script_->state().memory();
  for (uint32_t user = 0; user < kUsers; ++user) {
    ASSERT_EQ(users().Begin(user, user).want, Want::kRequest);
    ASSERT_EQ(Answer(user, 200, R"({"id": 7, "more": ")" + std::string(500, 'x') + "\"}").want,
              Want::kSleep);
  }
  const size_t each = (script_->state().memory() - before) / kUsers;
  RecordProperty("bytes_a_user", static_cast<int>(each));
  EXPECT_LE(each, ScriptState::kOfUser);
}

TEST_F(ScriptUsersTest, KeepsCookiesForEachUser) {
  Load("http.get('/a') http.get('/b') http.get('/c')");
  ASSERT_EQ(users().Begin(0, 0).want, Want::kRequest);
  ASSERT_EQ(users().Begin(1, 1).want, Want::kRequest);
  ASSERT_EQ(Answer(0, 200, "", {{"set-cookie", "s=1; Path=/"}, {"Set-Cookie", "t=2"}}).want,
            Want::kRequest);
  ASSERT_EQ(Answer(1, 200, "").want, Want::kRequest);
  EXPECT_THAT(Request(0), HasSubstr("Cookie: s=1; t=2\r\n"));
  EXPECT_THAT(Request(1), Not(HasSubstr("Cookie")));
  ASSERT_EQ(Answer(0, 200, "").want, Want::kRequest);
  ASSERT_EQ(Answer(0, 200, "").want, Want::kEnd);
  ASSERT_EQ(users().Begin(0, 2).want, Want::kRequest);
  ASSERT_EQ(Answer(0, 200, "").want, Want::kRequest);
  EXPECT_THAT(Request(0), Not(HasSubstr("Cookie"))) << "another user";
}

TEST_F(ScriptUsersTest, ARequestThatFailsIsNoError) {
  Load("local r = http.get('/') print(r.status, r.ok, r.error, #r.body, r.headers.x, r:json('$'))");
  ASSERT_EQ(users().Begin(0, 0).want, Want::kRequest);
  ASSERT_TRUE(users().Conclude(0, "timeout: no whole answer").ok());
  EXPECT_EQ(users().GoOn(0).want, Want::kEnd);
  EXPECT_EQ(said_, "0\tfalse\ttimeout: no whole answer\t0\tnil\tnil\tthe body is not JSON\n");
}

TEST_F(ScriptUsersTest, AnErrorNamesFileLineAndCallers) {
  LoadText(
      "local function token(r)\n  return r.token.value\nend\n"
      "function user(u)\n  local r = http.get('/')\n  local t = token(r)\n  print(t)\nend");
  ASSERT_EQ(users().Begin(0, 0).want, Want::kRequest);
  EXPECT_EQ(Answer(0, 200, "").want, Want::kError);
  EXPECT_THAT(users().error(), StartsWith("test.lua:2: attempt to index field 'token'"));
  EXPECT_THAT(users().error(), HasSubstr("called from test.lua:6"));
  ASSERT_EQ(users().Begin(0, 1).want, Want::kRequest) << "others go on";
}

TEST_F(ScriptUsersTest, ACheckThatIsNotTrueIsNoted) {
  Load(
      "check(true, 'fine')\nlocal v = check(nil, 'the first')\ncheck(false, 'the second')\n"
      "print(v, check(7, 'x'))\nhttp.get('/')");
  ASSERT_EQ(users().Begin(0, 0).want, Want::kRequest);
  EXPECT_EQ(users().failed_check(), "test.lua:3: the first");
  EXPECT_EQ(said_, "nil\t7\n");
  EXPECT_EQ(Answer(0, 200, "").want, Want::kEnd);
  EXPECT_EQ(users().failed_check(), "");
}

TEST_F(ScriptUsersTest, ExpectsStatuses) {
  Load("http.get('/', {expect = 404}) http.get('/', {expect = {200, 409}}) http.get('/')");
  ASSERT_EQ(users().Begin(0, 0).want, Want::kRequest);
  EXPECT_EQ(users().Expects(0, 404), ScriptUsers::Expected::kYes);
  EXPECT_EQ(users().Expects(0, 200), ScriptUsers::Expected::kNo);
  ASSERT_EQ(Answer(0, 404, "").want, Want::kRequest);
  EXPECT_EQ(users().Expects(0, 409), ScriptUsers::Expected::kYes);
  EXPECT_EQ(users().Expects(0, 404), ScriptUsers::Expected::kNo);
  ASSERT_EQ(Answer(0, 200, "").want, Want::kRequest);
  EXPECT_EQ(users().Expects(0, 200), ScriptUsers::Expected::kNotSaid);
}

TEST_F(ScriptUsersTest, TellsAFewStepsByName) {
  Load("for i = 1, 1000 do http.get('/items/' .. i) end");
  ASSERT_EQ(users().Begin(0, 0).want, Want::kRequest);
  std::map<std::string, int> steps;
  for (int i = 0; i < 999; ++i) {
    ++steps[std::string(users().RequestOf(0).step)];
    ASSERT_EQ(Answer(0, 200, "").want, Want::kRequest);
  }
  EXPECT_EQ(steps.size(), kMaxSteps + 1);
  EXPECT_EQ(steps[std::string(kOtherSteps)], 999 - static_cast<int>(kMaxSteps));
}

TEST_F(ScriptUsersTest, MayCatchWhatWaits) {
  Load(
      "local ok, r = pcall(http.get, '/a') print(ok, r.status) local e, what = pcall(error, 'x')\n"
      "print(e, what)");
  ASSERT_EQ(users().Begin(0, 0).want, Want::kRequest);
  EXPECT_EQ(Answer(0, 204, "").want, Want::kEnd);
  EXPECT_EQ(said_, "true\t204\nfalse\tx\n");
}

TEST_F(ScriptUsersTest, ALoopWithoutEndEnds) {
  Load("if u.id == 0 then while true do end end http.get('/')");
  EXPECT_EQ(users().Begin(0, 0).want, Want::kError);
  EXPECT_THAT(users().error(), HasSubstr("test.lua:2: more instructions"));
  EXPECT_EQ(users().Begin(0, 1).want, Want::kRequest);
}

TEST_F(ScriptUsersTest, MemoryIsLimited) {
  Load("local all = {} for i = 1, 1e6 do all[i] = string.rep('x', 1000) .. i end");
  EXPECT_EQ(users().Begin(0, 0).want, Want::kError);
  EXPECT_THAT(users().error(), HasSubstr("more memory than it may have (256 MiB)"));
}

TEST_F(ScriptUsersTest, OneThatIsDroppedLeavesNothing) {
  Load("sleep(1)");
  for (uint64_t n = 0; n < 10'000; ++n) {
    ASSERT_EQ(users().Begin(0, n).want, Want::kSleep);
    users().Drop(0);
  }
  ASSERT_EQ(users().Begin(0, 0).want, Want::kSleep);
  EXPECT_EQ(users().GoOn(0).want, Want::kEnd);
  users().Drop(0);
  EXPECT_LE(script_->state().memory(), size_t{16} << 20);
}

struct Wrong {
  const char* name;
  const char* body;
  const char* error;
};

class WrongUserTest : public ::testing::TestWithParam<Wrong> {};

// It is seen before anything is sent.
TEST_P(WrongUserTest, IsTold) {
  const std::string text = std::string("function user(u)\n") + GetParam().body + "\nend";
  const absl::Status status = TryScript(ScriptPlan(text), nullptr);
  EXPECT_THAT(std::string(status.message()), HasSubstr("test.lua:2: "));
  EXPECT_THAT(std::string(status.message()), HasSubstr(GetParam().error));
}

INSTANTIATE_TEST_SUITE_P(
    All, WrongUserTest,
    ::testing::Values(
        Wrong{"Typo", "http.gett('/')", "did you mean http.get?"},
        Wrong{"AnotherServer", "http.get('http://other.test/')",
              "begins with http://127.0.0.1:8080"},
        Wrong{"AnotherPort", "http.get('http://127.0.0.1:80801/')", "no path"},
        Wrong{"NoPath", "http.get('items')", "no path"},
        Wrong{"ABlank", "http.get('/a b')", "no path"},
        Wrong{"AHeaderThatEnds", "http.get('/', {headers = {X = 'a\\r\\nY: b'}})",
              "control characters"},
        Wrong{"NoHeader", "http.get('/', {headers = {['X Y'] = 'a'}})", "no name of a header"},
        Wrong{"ALength", "http.post('/', 'a', {headers = {['content-length'] = '9'}})",
              "leave it out"},
        Wrong{"ABody", "http.post('/', {})", "the body is a table"},
        Wrong{"Options", "http.get('/', 'x')", "options are a string"},
        Wrong{"AStatus", "http.get('/', {expect = 'ok'})", "expect is a status"},
        Wrong{"AName", "http.get('/', {name = 'a\\n'})", "a name has"},
        Wrong{"ASleep", "sleep(-1)", "no number of seconds"},
        Wrong{"AfterASleep", "sleep(1) error('late')", "late"},
        Wrong{"InACoroutine", "coroutine.wrap(function() http.get('/') end)()",
              "not within a coroutine"}),
    [](const auto& tested) { return tested.param.name; });

TEST(ScriptUsersTrialTest, RefusesWhatUsersDoThemselves) {
  for (const char* other : {"request", "response", "delay"}) {
    const std::string text = std::string("function user(u) end function ") + other + "() end";
    const absl::Status status = TryScript(ScriptPlan(text), nullptr);
    EXPECT_THAT(std::string(status.message()), HasSubstr(std::string("user() and ") + other));
  }
  bool users = false;
  EXPECT_TRUE(TryScript(ScriptPlan("function user(u) http.get('/') end"), nullptr, &users).ok());
  EXPECT_TRUE(users);
  EXPECT_TRUE(TryScript(ScriptPlan(""), nullptr, &users).ok());
  EXPECT_FALSE(users);
}

TEST(ScriptUsersTrialTest, AYieldOfItsOwnIsTold) {
  const absl::Status status =
      TryScript(ScriptPlan("function user(u) coroutine.yield() end"), nullptr);
  EXPECT_THAT(std::string(status.message()), HasSubstr("coroutine.yield()"));
  const absl::Status outside = TryScript(ScriptPlan("http.get('/')"), nullptr);
  EXPECT_THAT(std::string(outside.message()), HasSubstr("test.lua:1: http is for user(u) alone"));
}

TEST(ScriptUsersTrialTest, UsersHaveRows) {
  v1::Plan plan =
      ScriptPlan("function user(u) print(u.data.name, u.data['a b']) http.get('/') end");
  plan.mutable_feeder()->set_name("users.csv");
  plan.mutable_feeder()->set_rows(2);
  plan.mutable_feeder()->set_order(v1::ORDER_SEQUENTIAL);
  const auto rows = UserRows::Make(plan, "name,a b\nann,\"say \"\"x\"\"\"\nbob,2\n");
  ASSERT_TRUE(rows.ok()) << rows.status();
  std::string said;
  bool users = false;
  const absl::Status status = TryScript(
      plan, [&said](std::string_view text) { said += text; }, &users, *rows);
  EXPECT_TRUE(status.ok()) << status;
  EXPECT_EQ(said, "ann\tsay \"x\"\n");
  EXPECT_FALSE(UserRows::Make(plan, "name\nann\n").ok()) << "another feeder";
}

}  // namespace
}  // namespace squall::testing
