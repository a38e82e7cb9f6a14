#include "agent/server_counts.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "common/values.h"
#include "target/counts.h"

namespace squall {
namespace {

constexpr char kWhole[] = R"({
  "server_id": "00ff", "counted_since_ns": 7, "peak_in_flight": 9, "in_flight": 3,
  "in_flight_ns": 18446744073709551615, "now_ns": 1000, "history_since_ns": 100,
  "history_interval_ns": 50, "history": [[100, 0, 0, 4], [160, 11, 4, 5]], "clients": [{}]
})";

TEST(ServerCounts, ReadsAllThatATargetTells) {
  const absl::StatusOr<ServerCounts> counts = ServerCountsFromJson(kWhole);
  ASSERT_TRUE(counts.ok()) << counts.status();
  EXPECT_EQ(counts->id, "00ff@7");
  EXPECT_EQ(counts->peak, 9u);
  ASSERT_TRUE(counts->now);
  EXPECT_EQ(counts->now->at, 1000);
  EXPECT_EQ(counts->now->area, UINT64_MAX);
  EXPECT_EQ(counts->now->in_flight, 3u);
  EXPECT_EQ(counts->history_since, 100);
  EXPECT_EQ(counts->interval, 50);
  ASSERT_EQ(counts->history.size(), 2u);
  EXPECT_EQ(counts->history[1].at, 160);
  EXPECT_EQ(counts->history[1].area, 11u);
  EXPECT_EQ(counts->history[1].in_flight, 4u);
  EXPECT_EQ(counts->history[1].most, 5u);
}

TEST(ServerCounts, UnderstandsATargetOfThisVersion) {
  target::Counts told;
  told.server_id = "0123456789abcdef";
  told.now = 10 * kSecond;
  told.in_flight_ns = 5;
  told.history_since = 2 * kSecond;
  told.history = {{.at = 3 * kSecond, .request_ns = 1, .count = 0, .most = 2}};
  const absl::StatusOr<ServerCounts> counts = ServerCountsFromJson(CountsToJson(told));
  ASSERT_TRUE(counts.ok()) << counts.status();
  EXPECT_EQ(counts->history.size(), 1u);
  EXPECT_GT(counts->interval, 0);
  EXPECT_EQ(counts->id, "0123456789abcdef@0");
}

struct Case {
  const char* name;
  std::string text;
  bool ok = false;
};

const std::vector<Case> kCases = {
    {"a peak alone", R"({"peak_in_flight": 12})", true},
    {"an integral alone", R"({"in_flight_ns": 12, "now_ns": 5})", true},
    {"numbers with a point", R"({"in_flight_ns": 1.5e12, "now_ns": 5.0, "in_flight": 3.0})", true},
    {"null is not there", R"({"peak_in_flight": 1, "in_flight": null, "history": null})", true},
    {"other keys may be anything", R"({"peak_in_flight": 1, "x": [{}, "", -1, 1e300]})", true},
    {"an empty history",
     R"({"in_flight_ns": 1, "now_ns": 5, "history": [], "history_since_ns": 1, "history_interval_ns": 1})",
     true},
    {"nothing", ""},
    {"no JSON", "<html>"},
    {"half of it", R"({"peak_in_flight": 12)"},
    {"more behind it", R"({"peak_in_flight": 12} x)"},
    {"an array", "[1]"},
    {"a number", "1"},
    {"no key that is known", R"({"requests": 1})"},
    {"an integral without its time", R"({"in_flight_ns": 12})"},
    {"a negative peak", R"({"peak_in_flight": -1})"},
    {"a peak that is a text", R"({"peak_in_flight": "12"})"},
    {"a peak that is true", R"({"peak_in_flight": true})"},
    {"a peak that nobody has", R"({"peak_in_flight": 1000000001})"},
    {"a peak beyond all numbers", R"({"peak_in_flight": 1e300})"},
    {"an integral beyond 64 bits", R"({"in_flight_ns": 18446744073709551616, "now_ns": 5})"},
    {"a time beyond all clocks", R"({"in_flight_ns": 1, "now_ns": 9223372036854775807})"},
    {"an id that is a number", R"({"peak_in_flight": 1, "server_id": 5})"},
    {"an id of other letters", R"({"peak_in_flight": 1, "server_id": "a b"})"},
    {"an id that is long",
     R"({"peak_in_flight": 1, "server_id": ")" + std::string(33, 'a') + R"("})"},
    {"a history without its beginning",
     R"({"in_flight_ns": 1, "now_ns": 5, "history": [], "history_interval_ns": 1})"},
    {"a history without its interval",
     R"({"in_flight_ns": 1, "now_ns": 5, "history": [], "history_since_ns": 1})"},
    {"a history without now",
     R"({"peak_in_flight": 1, "history": [], "history_since_ns": 1, "history_interval_ns": 1})"},
    {"too long", R"({"peak_in_flight": 1, "x": ")" + std::string(300'000, 'a') + R"("})"},
    {"very deep", std::string(200'000, '[')},
};

std::string WithHistory(const std::string& history) {
  return R"({"in_flight_ns": 99, "now_ns": 50, "history_since_ns": 10, "history_interval_ns": 5,
             "history": )" +
         history + "}";
}

const std::vector<Case> kHistories = {
    {"one", "[[10, 0, 0, 1]]", true},
    {"two at once", "[[10, 0, 0, 1], [10, 0, 0, 1]]", true},
    {"one of three parts", "[[10, 0, 0]]"},
    {"one of five parts", "[[10, 0, 0, 1, 1]]"},
    {"no array in it", "[10, 0, 0, 1]"},
    {"an object", R"({"10": 1})"},
    {"a text in it", R"([[10, 0, 0, "1"]])"},
    {"null in it", "[[10, null, 0, 1]]"},
    {"a negative one", "[[10, 0, -1, 1]]"},
    {"before it begins", "[[9, 0, 0, 1]]"},
    {"after its end", "[[51, 0, 0, 1]]"},
    {"time that goes back", "[[20, 0, 0, 1], [19, 0, 0, 1]]"},
};

void Check(const Case& row, const std::string& text) {
  SCOPED_TRACE(row.name);
  const absl::StatusOr<ServerCounts> counts = ServerCountsFromJson(text);
  EXPECT_EQ(counts.ok(), row.ok) << counts.status();
  if (counts.ok()) return;
  const std::string message(counts.status().message());
  EXPECT_FALSE(message.empty());
  EXPECT_EQ(Quoted(message), message) << "not to be printed";
}

TEST(ServerCounts, TakesNothingOnTrust) {
  for (const Case& row : kCases) Check(row, row.text);
  for (const Case& row : kHistories) Check(row, WithHistory(row.text));
}

}  // namespace
}  // namespace squall
