#include "agent/answer_check.h"

#include <algorithm>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

namespace squall {
namespace {

using Change = std::function<void(v1::Checks&)>;

Change Status(uint32_t first, uint32_t last) {
  return [=](v1::Checks& checks) {
    checks.add_statuses()->set_first(first);
    checks.mutable_statuses()->rbegin()->set_last(last);
  };
}

Change HeaderOf(const std::string& name, const std::optional<std::string>& value) {
  return [=](v1::Checks& checks) {
    checks.add_headers()->set_name(name);
    if (value) checks.mutable_headers()->rbegin()->set_value(*value);
  };
}

Change Body(const std::string& pattern) {
  return [=](v1::Checks& checks) { checks.add_bodies(pattern); };
}

Change Json(const std::string& path, const std::optional<std::string>& value = {}) {
  return [=](v1::Checks& checks) {
    checks.add_json()->set_path(path);
    if (value) checks.mutable_json()->rbegin()->set_value(*value);
  };
}

Change Size(uint64_t least, const std::optional<uint64_t>& most) {
  return [=](v1::Checks& checks) {
    checks.mutable_size()->set_least(least);
    if (most) checks.mutable_size()->set_most(*most);
  };
}

Change Both(const Change& first, const Change& second) {
  return [=](v1::Checks& checks) {
    first(checks);
    second(checks);
  };
}

AnswerChecks Made(const Change& change) {
  v1::Plan plan;
  change(*plan.mutable_checks());
  return AnswerChecks::Of(plan.checks()).value();
}

struct Answer {
  uint32_t status = 200;
  std::vector<std::pair<std::string, std::string>> headers = {};
  std::string body = {};
};

struct Verdict {
  v1::FailureKind kind;
  std::string detail;
};

// The body comes in pieces of this length.
Verdict Judged(AnswerCheck& check, const Answer& answer, size_t piece) {
  check.Begin();
  for (const auto& [name, value] : answer.headers) check.OnHeader(name, value);
  for (size_t at = 0; at < answer.body.size(); at += piece) {
    check.OnBody(std::string_view(answer.body).substr(at, piece));
  }
  const v1::FailureKind kind = check.Judge(answer.status);
  return {kind, std::string(check.detail())};
}

constexpr v1::FailureKind kNone = v1::FAILURE_KIND_NONE;
constexpr v1::FailureKind kStatus = v1::FAILURE_KIND_STATUS;
constexpr v1::FailureKind kHeader = v1::FAILURE_KIND_HEADER;
constexpr v1::FailureKind kSize = v1::FAILURE_KIND_SIZE;
constexpr v1::FailureKind kBody = v1::FAILURE_KIND_BODY;
constexpr v1::FailureKind kJson = v1::FAILURE_KIND_JSON;

TEST(AnswerChecks, AreNoneWithoutAny) {
  v1::Plan plan;
  EXPECT_FALSE(AnswerChecks::Of(plan.checks()));
  plan.mutable_checks();
  EXPECT_FALSE(AnswerChecks::Of(plan.checks()));
}

TEST(AnswerCheck, SaysWhatAnAnswerFailsBy) {
  const std::string items = R"({"items": [{"id": 7, "name": "x"}, {"id": 8.0}], "next": null})";
  const struct {
    const char* name;
    Change checks;
    Answer answer;
    v1::FailureKind kind;
    std::string detail = "";
  } kCases[] = {
      {"status", Status(200, 299), {299}, kNone},
      {"status above", Status(200, 299), {300, {}, "moved"}, kStatus, "moved"},
      {"one of two", Both(Status(200, 200), Status(404, 404)), {404}, kNone},
      {"neither of two", Both(Status(200, 200), Status(404, 404)), {302}, kStatus},
      {"another check keeps the rule", Size(0, {}), {399}, kNone},
      {"another check keeps the rule for errors", Size(0, {}), {400, {}, "no"}, kStatus, "no"},
      {"header", HeaderOf("X-Id", {}), {200, {{"x-id", "7"}}}, kNone},
      {"no header", HeaderOf("X-Id", {}), {200, {{"x-i", "7"}}}, kHeader, "no X-Id"},
      {"value", HeaderOf("X-Id", "7"), {200, {{"X-ID", "7"}}}, kNone},
      {"other value",
       HeaderOf("X-Id", "7"),
       {200, {{"X-Id", "70"}}},
       kHeader,
       "not X-Id: 7, but: 70"},
      {"value of two", HeaderOf("X-Id", "7"), {200, {{"X-Id", "6"}, {"X-Id", "7"}}}, kNone},
      {"no value", HeaderOf("X-Id", "7"), {200, {}}, kHeader, "no X-Id: 7"},
      {"empty value", HeaderOf("X-Id", ""), {200, {{"X-Id", ""}}}, kNone},
      {"second header",
       Both(HeaderOf("A", {}), HeaderOf("B", {})),
       {200, {{"A", ""}}},
       kHeader,
       "no B"},
      {"size", Size(5, 5), {200, {}, "hello"}, kNone},
      {"too small", Size(6, {}), {200, {}, "hello"}, kSize, "5 bytes, not 6-"},
      {"too large", Size(0, 4), {200, {}, "hello"}, kSize, "5 bytes, not 0-4"},
      {"no body", Size(1, {}), {200}, kSize, "0 bytes, not 1-"},
      {"plain", Body("ell"), {200, {}, "hello"}, kNone},
      {"plain at the end", Body("lo"), {200, {}, "hello"}, kNone},
      {"no plain", Body("elo"), {200, {}, "hello"}, kBody, "no match for elo in: hello"},
      {"two plain", Both(Body("h"), Body("hello")), {200, {}, "hello"}, kNone},
      {"one of two plain",
       Both(Body("h"), Body("x")),
       {200, {}, "hello"},
       kBody,
       "no match for x in: hello"},
      {"pattern", Body("^h.llo$"), {200, {}, "hello"}, kNone},
      {"no pattern",
       Body("^h.llo$"),
       {200, {}, "hello!"},
       kBody,
       "no match for ^h.llo$ in: hello!"},
      {"pattern of no body", Body("x*y"), {200}, kBody, "no match for x*y in: "},
      {"path", Json("$.items[0].id"), {200, {}, items}, kNone},
      {"path to an object", Json("$.items[1]"), {200, {}, items}, kNone},
      {"path to null", Json("$.next"), {200, {}, items}, kNone},
      {"no such index", Json("$.items[2]"), {200, {}, items}, kJson, "no $.items[2] in: " + items},
      {"an index of an object",
       Json("$.items[0][0]"),
       {200, {}, items},
       kJson,
       "no $.items[0][0] in: " + items},
      {"a name of an array",
       Json("$.items.id"),
       {200, {}, items},
       kJson,
       "no $.items.id in: " + items},
      {"a name elsewhere", Json("$.id"), {200, {}, items}, kJson, "no $.id in: " + items},
      {"number", Json("$.items[0].id", "7"), {200, {}, items}, kNone},
      {"number of a fraction", Json("$.items[1].id", "8"), {200, {}, items}, kNone},
      {"other number",
       Json("$.items[1].id", "7"),
       {200, {}, items},
       kJson,
       "not $.items[1].id == 7 in: " + items},
      {"text", Json("$.items[0].name", "\"x\""), {200, {}, items}, kNone},
      {"null", Json("$.next", "null"), {200, {}, items}, kNone},
      {"an object is no value",
       Json("$.items[0]", "null"),
       {200, {}, items},
       kJson,
       "not $.items[0] == null in: " + items},
      {"root", Json("$", "7"), {200, {}, " 7 "}, kNone},
      {"not JSON", Json("$"), {200, {}, "{\"a\": 1"}, kJson, "not JSON, at byte 8: {\"a\": 1"},
      {"more than JSON", Json("$"), {200, {}, "1 2"}, kJson, "not JSON, at byte 3: 1 2"},
      {"nothing is no JSON", Json("$"), {200}, kJson, "not JSON, at byte 1: "},
      {"a wish deeper than the text",
       Json("$.a.b.c"),
       {200, {}, R"({"a": {"b": 1}})"},
       kJson,
       R"(no $.a.b.c in: {"a": {"b": 1}})"},
      {"the way is left",
       Json("$.a.c"),
       {200, {}, R"({"a": {"b": 1}, "c": 2})"},
       kJson,
       R"(no $.a.c in: {"a": {"b": 1}, "c": 2})"},
      {"beside it",
       Json("$[1][1]"),
       {200, {}, "[[0, 1], [2]]"},
       kJson,
       "no $[1][1] in: [[0, 1], [2]]"},
      {"after it", Json("$.b[0]"), {200, {}, R"({"a": [1, [2]], "b": [3]})"}, kNone},
      {"a name twice", Json("$.a", "1"), {200, {}, R"({"a": 1, "a": 2})"}, kNone},
      {"status first", Both(Status(200, 200), HeaderOf("A", {})), {500, {}, "x"}, kStatus, "x"},
      {"header before size", Both(Size(1, {}), HeaderOf("A", {})), {200}, kHeader, "no A"},
      {"size before body", Both(Body("x"), Size(1, {})), {200}, kSize, "0 bytes, not 1-"},
      {"body before JSON", Both(Json("$"), Body("x")), {200}, kBody, "no match for x in: "},
  };
  for (const auto& test : kCases) {
    AnswerChecks checks = Made(test.checks);
    AnswerCheck check(checks);
    for (const size_t piece : {size_t{1000}, size_t{2}, size_t{1}}) {
      const auto [kind, detail] = Judged(check, test.answer, piece);
      EXPECT_EQ(v1::FailureKind_Name(kind), v1::FailureKind_Name(test.kind)) << test.name;
      if (test.kind != kNone) {
        EXPECT_EQ(detail, test.detail) << test.name << " by " << piece;
      }
    }
  }
}

TEST(AnswerCheck, TellsTheBeginningOfLongBodies) {
  AnswerChecks checks = Made(Body("y"));
  AnswerCheck check(checks);
  const auto [kind, detail] = Judged(check, {200, {}, std::string(10'000, 'x')}, 3000);
  EXPECT_EQ(kind, kBody);
  EXPECT_EQ(detail.size(), Metrics::kMaxDetailBytes);
  EXPECT_EQ(detail.substr(0, 21), "no match for y in: xx");
}

TEST(AnswerCheck, ForgetsWhatWasProvisional) {
  AnswerChecks checks = Made(HeaderOf("A", {}));
  AnswerCheck check(checks);
  check.Begin();
  check.OnHeader("A", "");
  EXPECT_TRUE(check.HeadersHold());
  check.ForgetHeaders();
  EXPECT_EQ(check.Judge(200), kHeader);
  check.TakeHeadersAsBefore();
  EXPECT_EQ(check.Judge(200), kNone);

  AnswerChecks valued = Made(HeaderOf("A", "2"));
  AnswerCheck other(valued);
  other.Begin();
  other.OnHeader("A", "1");
  other.ForgetHeaders();
  EXPECT_EQ(other.Judge(200), kHeader);
  EXPECT_EQ(other.detail(), "no A: 2");
  other.OnHeader("A", "");
  EXPECT_EQ(other.Judge(200), kHeader);
  EXPECT_EQ(other.detail(), "not A: 2, but: ");
}

TEST(AnswerCheck, AZeroByteIsNoEndOfJson) {
  AnswerChecks checks = Made(Json("$.ok", "true"));
  AnswerCheck check(checks);
  check.Begin();
  check.OnBody(std::string_view("{\"ok\":true}\0 <html>", 19));
  EXPECT_EQ(check.Judge(200), kJson);
}

// A body beyond what is kept, with something at its beginning, at the edge, and far behind.
TEST(AnswerCheck, LooksAtLargeBodiesAsFarAsItSays) {
  std::string body(AnswerCheck::kMostKept + 5'000'000, 'x');
  body.replace(1000, 5, "begin");
  body.replace(AnswerCheck::kMostKept - 2, 4, "edge");
  body.replace(AnswerCheck::kMostKept + 3'000'000, 3, "far");
  const std::string beyond = "not found in the first 1 MiB, and no more is looked at: ";
  const struct {
    Change checks;
    v1::FailureKind kind;
    std::string detail;
  } kCases[] = {
      {Body("begin"), kNone, ""},
      {Body("edge"), kNone, ""},
      {Body("far"), kNone, ""},
      {Body("near"), kBody, "no match for near in: x"},
      {Body("b[e]gin"), kNone, ""},
      {Body("e[d]ge"), kBody, beyond + "e[d]ge"},
      {Body("f[a]r"), kBody, beyond + "f[a]r"},
      {Body("x$"), kBody, beyond + "x$"},
      {Both(Body("far"), Body("b[e]gin")), kNone, ""},
      {Json("$"), kJson, "larger than 1 MiB, and JSON is looked at up to there: x"},
      {Size(body.size(), body.size()), kNone, ""},
  };
  for (const auto& test : kCases) {
    AnswerChecks checks = Made(test.checks);
    AnswerCheck check(checks);
    for (const size_t piece : {size_t{65536}, size_t{1000}, body.size()}) {
      const auto [kind, detail] = Judged(check, {200, {}, body}, piece);
      EXPECT_EQ(v1::FailureKind_Name(kind), v1::FailureKind_Name(test.kind)) << test.detail;
      EXPECT_EQ(detail.substr(0, test.detail.size()), test.detail);
    }
  }
}

TEST(AnswerCheck, TakesAWholeBodyOfExactlyWhatIsKept) {
  AnswerChecks checks = Made(Body("x$"));
  AnswerCheck check(checks);
  EXPECT_EQ(Judged(check, {200, {}, std::string(AnswerCheck::kMostKept, 'x')}, 65536).kind, kNone);
  EXPECT_EQ(Judged(check, {200, {}, std::string(AnswerCheck::kMostKept + 1, 'x')}, 65536).kind,
            kBody);
}

}  // namespace
}  // namespace squall
