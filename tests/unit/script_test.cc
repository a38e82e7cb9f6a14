// Scripts: wrk's interface, and what comes of scripts that are wrong.
#include "common/script.h"

#include <algorithm>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/script_done.h"
#include "common/script_trial.h"
#include "tests/unit/script_support.h"

namespace squall::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

// The lines of a request's head, in order of the alphabet but for the first, and its body.
std::vector<std::string> Parts(const std::string& bytes) {
  std::vector<std::string> parts;
  size_t begin = 0;
  while (true) {
    const size_t end = bytes.find("\r\n", begin);
    if (end == begin || end == std::string::npos) break;
    parts.push_back(bytes.substr(begin, end - begin));
    begin = end + 2;
  }
  std::sort(parts.begin() + 1, parts.end());
  parts.push_back(bytes.substr(begin + 2));
  return parts;
}

TEST(Script, SendsThePlansRequestUnlessItSaysOtherwise) {
  v1::Plan plan = ScriptPlan("");
  auto script = Ready(plan);
  ASSERT_TRUE(script.ok()) << script.status();
  EXPECT_FALSE((*script)->makes_each());
  EXPECT_EQ(RequestOf(**script), "GET /items?a=b HTTP/1.1\r\nHost: 127.0.0.1:8080\r\n\r\n");
  plan.mutable_request()->set_method("PUT");
  plan.mutable_request()->set_body("id=7");
  v1::Header& header = *plan.mutable_request()->add_headers();
  header.set_name("X-Team");
  header.set_value("checkout");
  plan.mutable_transport()->set_no_keepalive(true);
  script = Ready(plan);
  ASSERT_TRUE(script.ok()) << script.status();
  EXPECT_THAT(Parts(RequestOf(**script)),
              ElementsAre("PUT /items?a=b HTTP/1.1", "Connection: close", "Content-Length: 4",
                          "Content-Type: application/x-www-form-urlencoded", "Host: 127.0.0.1:8080",
                          "X-Team: checkout", "id=7"));
}

struct FormatCase {
  std::string name;
  std::string script;
  std::vector<std::string> parts;
};
void PrintTo(const FormatCase& one, std::ostream* out) { *out << one.name; }

class Formats : public ::testing::TestWithParam<FormatCase> {};

TEST_P(Formats, MakesTheRequest) {
  auto script = Ready(ScriptPlan(GetParam().script));
  ASSERT_TRUE(script.ok()) << script.status();
  EXPECT_EQ(Parts(RequestOf(**script, 41)), GetParam().parts);
}

INSTANTIATE_TEST_SUITE_P(
    Script, Formats,
    ::testing::Values(
        FormatCase{
            "OfFields",
            "wrk.method = 'POST' wrk.body = 'foo=bar' wrk.path = '/p' wrk.headers.A = 'b'",
            {"POST /p HTTP/1.1", "A: b", "Content-Length: 7", "Host: 127.0.0.1:8080", "foo=bar"}},
        FormatCase{"OfArguments",
                   "function request() return wrk.format('PATCH', '/x', {H = 1}, 'b') end",
                   {"PATCH /x HTTP/1.1", "Content-Length: 1", "H: 1", "Host: 127.0.0.1:8080", "b"}},
        FormatCase{"OfNumbers",
                   "function request(n) wrk.headers['X-N'] = n return wrk.format(nil, '/' .. n) "
                   "end",
                   {"GET /41 HTTP/1.1", "Host: 127.0.0.1:8080", "X-N: 41", ""}},
        FormatCase{"OfBooleansAndANumberAsBody",
                   "function request() return wrk.format(nil, nil, {Yes = true, No = false}, 12) "
                   "end",
                   {"GET /items?a=b HTTP/1.1", "Content-Length: 2", "Host: 127.0.0.1:8080",
                    "No: false", "Yes: true", "12"}},
        FormatCase{"WithAHostOfItsOwn",
                   "wrk.headers.Host = 'api.test'",
                   {"GET /items?a=b HTTP/1.1", "Host: api.test", ""}},
        FormatCase{
            "WithWhatInitMade",
            "function init(args) path = args[0] .. '#' .. args[1] .. args[2] end "
            "function request() return wrk.format(nil, path) end",
            {"GET http://127.0.0.1:8080/items?a=b#onetwo HTTP/1.1", "Host: 127.0.0.1:8080", ""}},
        FormatCase{"OfWrkRequest",
                   "function request() return wrk.request() end",
                   {"GET /items?a=b HTTP/1.1", "Host: 127.0.0.1:8080", ""}},
        FormatCase{"OfWhatTheUrlHas",
                   "function request() return wrk.format(nil, '/' .. wrk.scheme .. wrk.host .. "
                   "wrk.port) end",
                   {"GET /http127.0.0.18080 HTTP/1.1", "Host: 127.0.0.1:8080", ""}}),
    [](const auto& test) { return test.param.name; });

TEST_P(Formats, IsTheSameEachTimeForTheSameScript) {
  auto script = Ready(ScriptPlan(GetParam().script));
  ASSERT_TRUE(script.ok()) << script.status();
  EXPECT_EQ(RequestOf(**script, 3), RequestOf(**script, 3));
}

struct WrongCase {
  std::string name;
  std::string script;
  std::string error;
};
void PrintTo(const WrongCase& one, std::ostream* out) { *out << one.name; }

class Wrong : public ::testing::TestWithParam<WrongCase> {};

TEST_P(Wrong, IsSaidWithItsPlace) {
  const absl::Status status = TryScript(ScriptPlan(GetParam().script), nullptr);
  EXPECT_TRUE(absl::IsInvalidArgument(status));
  EXPECT_THAT(std::string(status.message()), HasSubstr(GetParam().error));
}

const std::string kLoop = "more instructions than a call may take";

INSTANTIATE_TEST_SUITE_P(
    Script, Wrong,
    ::testing::Values(
        WrongCase{"Syntax", "\nlocal x = = 1", "test.lua:2: unexpected symbol near '='"},
        WrongCase{"AtLoad", "\n\nerror('no')", "test.lua:3: no"},
        WrongCase{"WithStack",
                  "local function a() local x = nil + 1 return x end\n"
                  "local function b() return (a()) end\n"
                  "function request()\n return (b()) end",
                  "test.lua:1: attempt to perform arithmetic on a nil value (called from "
                  "test.lua:2 in b, test.lua:4"},
        WrongCase{"AName", "function request() return wrk.formt('GET') end",
                  "attempt to call field 'formt' (a nil value): did you mean wrk.format?"},
        WrongCase{"NoText", "function request() end", "request() returned a nil"},
        WrongCase{"NoHttp", "function request() return 'hello' end",
                  "request() returned no request of HTTP/1.1: "},
        WrongCase{"NotWhole", "function request() return 'GET / HTTP/1.1\\r\\n' end",
                  "the empty line behind the headers"},
        WrongCase{"ATableAsHeader", "wrk.headers.A = {}",
                  "wrk.format: A is a table, where a text belongs"},
        WrongCase{"NoDelay", "function delay() return 'soon' end",
                  "delay() returned no number of milliseconds"},
        WrongCase{"ANegativeDelay", "function delay() return -1 end", "delay() returned no number"},
        WrongCase{"AnErrorThatIsNoText", "error({})", "error() with a table"},
        WrongCase{"Endless", "while true do end", kLoop},
        WrongCase{"EndlessRequest", "function request() while true do end end", kLoop},
        WrongCase{"EndlessInACoroutine", "coroutine.wrap(function() while true do end end)()",
                  kLoop},
        WrongCase{"EndlessBehindPcall", "while true do pcall(function() while true do end end) end",
                  kLoop},
        WrongCase{"EndlessInInit", "function init() repeat until false end", kLoop},
        WrongCase{"EndlessRecursion", "local function f() return 1 + f() end f()",
                  "stack overflow"},
        WrongCase{"Memory", "local t = {} for i = 1, 1e9 do t[i] = ('x'):rep(1000) .. i end",
                  "more memory than it may have (256 MiB)"},
        WrongCase{"AHugeText", "local s = ('x'):rep(1e9)", "more memory than it may have"},
        WrongCase{"AnotherTarget", "wrk.lookup('example.com', 'http')",
                  "connections go where the plan's URL says, to 127.0.0.1:8080"},
        WrongCase{"AnotherAddress", "function setup(t) t.addr = '10.0.0.1:80' end",
                  "thread.addr: connections go where the plan's URL says"},
        WrongCase{"AnUnknownOfThread", "function setup(t) t:sett('a', 1) end",
                  "a thread has no \"sett\""},
        WrongCase{"AFunctionToAThread", "function setup(t) t:set('a', print) end",
                  "thread:set(\"a\"): only booleans, numbers, texts and tables"},
        WrongCase{"ATableInItself", "function setup(t) local x = {} x.x = x t:set('a', x) end",
                  "tables in tables"},
        WrongCase{"NoWrk", "wrk = nil", "wrk is no table"},
        WrongCase{"NoHeaders", "wrk.headers = nil", "wrk.headers is no table"}),
    [](const auto& test) { return test.param.name; });

TEST(Script, ReachesNothingBeyondIt) {
  for (const char* call : {"os.execute('true')", "os.exit()", "os.getenv('PATH')", "os.remove('x')",
                           "io.open('x')", "io.lines('x')", "io.popen('x')", "require('ffi')",
                           "dofile('x')", "loadfile('x')", "string.dump(print)"}) {
    const absl::Status status = TryScript(ScriptPlan(call), nullptr);
    EXPECT_THAT(std::string(status.message()), HasSubstr("is not there for scripts")) << call;
  }
  for (const char* gone : {"ffi", "jit", "package", "newproxy", "debug.getregistry",
                           "debug.sethook", "io.stdout", "os.clock == nil and 1"}) {
    const absl::Status status =
        TryScript(ScriptPlan(std::string("assert(not (") + gone + "))"), nullptr);
    EXPECT_TRUE(status.ok()) << gone << ": " << status;
  }
  const absl::Status bytecode = TryScript(ScriptPlan("\x1bLJ\x02"), nullptr);
  EXPECT_FALSE(bytecode.ok());
  EXPECT_TRUE(TryScript(ScriptPlan("assert(not load('\\27LJ\\2'))"), nullptr).ok());
}

TEST(Script, GoesOnAfterAnError) {
  auto script =
      Ready(ScriptPlan("function request(n) if n == 1 then while true do end end "
                       "return wrk.format(nil, '/' .. n) end"));
  ASSERT_TRUE(script.ok()) << script.status();
  std::string bytes;
  for (int round = 0; round < 3; ++round) {
    EXPECT_THAT(RequestOf(**script, 2), StartsWith("GET /2 "));
    EXPECT_FALSE((*script)->Request(1, bytes).ok());
  }
}

TEST(Script, GetsAnswers) {
  auto script = Ready(ScriptPlan(
      "function response(status, headers, body) seen = status .. headers['X-Token'] .. body end "
      "function request() return wrk.format(nil, '/' .. (seen or '')) end"));
  ASSERT_TRUE(script.ok()) << script.status();
  EXPECT_TRUE((*script)->wants_answers());
  ScriptAnswer answer;
  answer.Begin();
  answer.OnHeader("X-Token", "abc");
  answer.OnHeader("Other", "");
  answer.OnBody("bo");
  answer.OnBody("dy");
  EXPECT_TRUE((*script)->Respond(201, answer).ok());
  EXPECT_THAT(RequestOf(**script), StartsWith("GET /201abcbody "));
  answer.OnBody(std::string(ScriptAnswer::kMostBody, 'x'));
  EXPECT_THAT(std::string((*script)->Respond(200, answer).message()), HasSubstr("1 MiB"));
}

TEST(Script, SetsUpAndStopsWorkers) {
  const v1::Plan plan = ScriptPlan(
      "local counter = 0\n"
      "function setup(thread) counter = counter + 1 thread:set('id', counter) "
      "thread:set('t', {a = {true, 'x'}}) assert(thread:get('id') == counter) "
      "thread.addr = wrk.lookup(wrk.host, wrk.port)[1] end\n"
      "function request() return wrk.format(nil, '/' .. id .. t.a[2]) end\n"
      "function response() wrk.thread:stop() end");
  auto setup = Script::Load(plan, 0, nullptr);
  ASSERT_TRUE(setup.ok()) << setup.status();
  for (const char* path : {"GET /1x ", "GET /2x "}) {
    auto script = Script::Load(plan, 1, nullptr);
    ASSERT_TRUE(script.ok()) << script.status();
    const absl::Status status = (*setup)->Setup((*script)->thread());
    ASSERT_TRUE(status.ok()) << status;
    ASSERT_TRUE((*script)->Init().ok());
    EXPECT_THAT(RequestOf(**script), StartsWith(path));
    EXPECT_FALSE((*script)->thread().stopped);
    EXPECT_TRUE((*script)->Respond(200, ScriptAnswer()).ok());
    EXPECT_TRUE((*script)->thread().stopped);
  }
}

TEST(Script, DrawsBySeedAndPlace) {
  v1::Plan plan =
      ScriptPlan("function request() return wrk.format(nil, '/' .. math.random(1e9)) end");
  const auto first = [&plan](uint64_t place) {
    auto script = Script::Load(plan, place, nullptr);
    EXPECT_TRUE(script.ok() && (*script)->Init().ok());
    return RequestOf(**script);
  };
  EXPECT_EQ(first(1), first(1));
  EXPECT_NE(first(1), first(2));
  const std::string before = first(1);
  plan.set_seed(8);
  EXPECT_NE(first(1), before);
}

TEST(Script, Prints) {
  std::string said;
  auto script = Ready(ScriptPlan("print('a', 1, nil, true) io.write('b', 2, '\\n')"),
                      [&said](std::string_view text) { said += text; });
  ASSERT_TRUE(script.ok()) << script.status();
  EXPECT_EQ(said, "a\t1\tnil\ttrue\nb2\n");
}

TEST(Script, IsDoneWithWhatWorkersHad) {
  const v1::Plan plan = ScriptPlan(
      "local threads = {}\n"
      "function setup(thread) table.insert(threads, thread) end\n"
      "function init() count = 3 list = {1, 'two', {x = false}} f = print end\n"
      "function done(summary, latency, requests)\n"
      "  for _, thread in ipairs(threads) do io.write(thread:get('count'), "
      "thread:get('list')[2], tostring(thread:get('none')), ';') end\n"
      "  print(summary.duration, summary.requests, summary.bytes, summary.errors.timeout)\n"
      "  print(latency.min, latency.max, latency.mean, latency:percentile(50), #latency, "
      "latency(2))\n"
      "  print(requests.mean, requests.stdev) end");
  auto worker = Ready(plan);
  ASSERT_TRUE(worker.ok()) << worker.status();
  EXPECT_TRUE((*worker)->has_done());
  const v1::ScriptGlobals globals = (*worker)->Globals();
  ScriptSummary summary;
  summary.duration = 2'000'000'000;
  summary.requests = 3;
  summary.bytes = 99;
  summary.timeout = 1;
  Histogram latency;
  for (const uint64_t ns : {1'000u, 1'000u, 1'500u, 2'000u}) latency.Record(ns);
  summary.latency = ScriptStats::Of(latency);
  summary.rates = ScriptStats::Of({10, 20});
  auto end = Script::Load(plan, 0, nullptr);
  ASSERT_TRUE(end.ok());
  std::string said;
  const absl::Status status = CallScriptDone(**end, summary, {globals, globals},
                                             [&said](std::string_view text) { said += text; });
  EXPECT_TRUE(status.ok()) << status;
  EXPECT_EQ(said,
            "3twonil;3twonil;2000000\t3\t99\t1\n"
            "1\t2\t1.375\t1\t2\t2\t1\n"
            "15\t5\n");
}

TEST(Script, TellsNothingOfTooMuch) {
  auto script = Ready(ScriptPlan("big = ('x'):rep(70000) function done() end"));
  ASSERT_TRUE(script.ok()) << script.status();
  EXPECT_TRUE((*script)->Globals().too_large());
  EXPECT_LT((*script)->Globals().ByteSizeLong(), 100u);
}

}  // namespace
}  // namespace squall::testing
