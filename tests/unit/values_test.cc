#include "common/values.h"

#include <limits>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace squall {
namespace {

template <typename T>
std::string MessageOf(const absl::StatusOr<T>& result) {
  return result.ok() ? "" : std::string(result.status().message());
}

TEST(Values, Quoted) {
  struct Case {
    std::string name, text, want;
  };
  const std::vector<Case> cases = {
      {"as it is", "a b\"c'", "a b\"c'"},
      {"nothing", "", "\"\""},
      {"control characters", "a\r\n\x1b[31m\x7f", "a\\x0d\\x0a\\x1b[31m\\x7f"},
      {"controls beyond ASCII",
       "a\xc2\x9b"
       "2J\xc2\xa0",
       "a\\xc2\\x9b2J\xc2\xa0"},
      {"UTF-8", "für 日本 🌩", "für 日本 🌩"},
      {"Latin-1", "f\xfcr", "f\\xfcr"},
      {"a character cut short", "a\xe6\x97", "a\\xe6\\x97"},
      {"longer than needed", "\xc0\xaf\xe0\x80\xaf", "\\xc0\\xaf\\xe0\\x80\\xaf"},
      {"surrogate", "\xed\xa0\x80", "\\xed\\xa0\\x80"},
      {"beyond Unicode", "\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80"},
      {"just fits", std::string(200, 'x'), std::string(200, 'x')},
      {"long", std::string(201, 'x'), std::string(200, 'x') + "…"},
  };
  for (const Case& c : cases) EXPECT_EQ(Quoted(c.text), c.want) << c.name;
}

TEST(Values, InALog) {
  EXPECT_EQ(LogValue("a \"b\" c"), "a 'b' c");
  EXPECT_EQ(LogValue("a\nb"), "a\\x0ab");
  EXPECT_EQ(LogValue(""), "");
}

TEST(Values, Utf8) {
  EXPECT_TRUE(IsUtf8(""));
  EXPECT_TRUE(IsUtf8("für 日本 🌩"));
  EXPECT_FALSE(IsUtf8("f\xfcr"));
  EXPECT_FALSE(IsUtf8("\xe6\x97"));
}

TEST(Values, WholeNumber) {
  constexpr uint64_t kMax = std::numeric_limits<uint64_t>::max();
  struct Case {
    std::string name, text;
    uint64_t lowest, highest, want;
  };
  const std::vector<Case> cases = {
      {"plain", "1000", 1, 5000, 1000},
      {"lowest", "1", 1, 9, 1},
      {"highest", "9", 1, 9, 9},
      {"zeros in front", "007", 1, 9, 7},
      {"zero where allowed", "0", 0, 9, 0},
      {"64 bits", "18446744073709551615", 0, kMax, kMax},
  };
  for (const Case& c : cases) {
    const auto got = ParseWholeNumber(c.text, c.lowest, c.highest);
    ASSERT_TRUE(got.ok()) << c.name << ": " << got.status();
    EXPECT_EQ(*got, c.want) << c.name;
  }
}

TEST(Values, BadWholeNumber) {
  struct Case {
    std::string name, text, want;
  };
  const std::string no_number = ": not a whole number: write digits alone, e.g. 100000";
  const std::vector<Case> cases = {
      {"zero", "0", "0: must be at least 1"},
      {"negative", "-5", "-5: must be at least 1"},
      {"one too many", "5001", "5001: must be at most 5000"},
      {"beyond 64 bits", "18446744073709551616", "18446744073709551616: must be at most 5000"},
      {"exponent", "1e5", "1e5" + no_number},
      {"fraction", "1.5", "1.5" + no_number},
      {"separators", "1,000", "1,000" + no_number},
      {"plus", "+5", "+5" + no_number},
      {"blank", " 5", " 5" + no_number},
      {"hexadecimal", "0x10", "0x10" + no_number},
      {"sign alone", "-", "-" + no_number},
      {"word", "many", "many" + no_number},
      {"nothing", "", "\"\"" + no_number},
  };
  for (const Case& c : cases) EXPECT_EQ(MessageOf(ParseWholeNumber(c.text, 1, 5000)), c.want);
}

TEST(Values, Duration) {
  struct Case {
    std::string text;
    absl::Duration want;
  };
  const std::vector<Case> cases = {
      {"10s", absl::Seconds(10)},
      {"1m30s", absl::Seconds(90)},
      {"200ms", absl::Milliseconds(200)},
      {"1.5s", absl::Milliseconds(1500)},
      {"1h", absl::Hours(1)},
      {"1ms", absl::Milliseconds(1)},
  };
  for (const Case& c : cases) {
    const auto got = ParseDuration(c.text, absl::Milliseconds(1), absl::Hours(1));
    ASSERT_TRUE(got.ok()) << got.status();
    EXPECT_EQ(*got, c.want) << c.text;
  }
}

TEST(Values, BadDuration) {
  struct Case {
    std::string text, want;
  };
  const std::string no_duration = ": not a duration: write e.g. 10s, 1m30s or 200ms";
  const std::vector<Case> cases = {
      {"30", "30: a duration needs a unit, e.g. 30s"},
      {"0", "0: a duration needs a unit, e.g. 0s"},
      {"0s", "0s: must be at least 1ms"},
      {"-5s", "-5s: must be at least 1ms"},
      {"10us", "10us: must be at least 1ms"},
      {"61m", "61m: must be at most 1h"},
      {"inf", "inf" + no_duration},
      {"-inf", "-inf" + no_duration},
      {"10 s", "10 s" + no_duration},
      {"10d", "10d" + no_duration},
      {"s", "s" + no_duration},
      {"", "\"\"" + no_duration},
  };
  for (const Case& c : cases) {
    EXPECT_EQ(MessageOf(ParseDuration(c.text, absl::Milliseconds(1), absl::Hours(1))), c.want);
  }
}

TEST(Values, Rate) {
  struct Case {
    std::string name, text;
    uint64_t want;
  };
  const std::vector<Case> cases = {
      {"whole", "10000", 10'000'000'000'000},
      {"fraction", "333.3", 333'300'000'000},
      {"less than one", "0.5", 500'000'000},
      {"zeros around", "007.50", 7'500'000'000},
      {"all decimals", "1.123456789", 1'123'456'789},
      {"lowest", "0.000000001", 1},
      {"highest", "1000000000", 1'000'000'000'000'000'000},
      {"highest, decimals", "1000000000.000000000", 1'000'000'000'000'000'000},
      {"just below the highest", "999999999.999999999", 999'999'999'999'999'999},
  };
  for (const Case& c : cases) {
    const auto got = ParseRate(c.text);
    ASSERT_TRUE(got.ok()) << c.name << ": " << got.status();
    EXPECT_EQ(*got, c.want) << c.name;
  }
}

TEST(Values, BadRate) {
  struct Case {
    std::string name, text, want;
  };
  const std::string no_rate = ": not a rate: write requests per second, e.g. 10000 or 333.3";
  const std::vector<Case> cases = {
      {"zero", "0", "0: must be more than 0"},
      {"zero with decimals", "0.000", "0.000: must be more than 0"},
      {"negative", "-5", "-5: must be more than 0"},
      {"negative fraction", "-0.5", "-0.5: must be more than 0"},
      {"one too many", "1000000001", "1000000001: must be at most 1000000000"},
      {"a bit too many", "1000000000.000000001",
       "1000000000.000000001: must be at most 1000000000"},
      {"beyond 64 bits", "99999999999999999999",
       "99999999999999999999: must be at most 1000000000"},
      {"too fine", "1.0000000001", "1.0000000001: must have at most 9 decimals"},
      {"exponent", "1e5", "1e5" + no_rate},
      {"exponent after decimals", "1.5e3", "1.5e3" + no_rate},
      {"unit", "5/s", "5/s" + no_rate},
      {"separators", "1,000", "1,000" + no_rate},
      {"two points", "1.2.3", "1.2.3" + no_rate},
      {"point at the end", "5.", "5." + no_rate},
      {"point in front", ".5", ".5" + no_rate},
      {"point alone", ".", "." + no_rate},
      {"plus", "+5", "+5" + no_rate},
      {"two signs", "--5", "--5" + no_rate},
      {"sign alone", "-", "-" + no_rate},
      {"sign in the decimals", "1.-5", "1.-5" + no_rate},
      {"blank in front", " 5", " 5" + no_rate},
      {"blank behind", "5 ", "5 " + no_rate},
      {"infinite", "inf", "inf" + no_rate},
      {"nothing", "", "\"\"" + no_rate},
  };
  for (const Case& c : cases) EXPECT_EQ(MessageOf(ParseRate(c.text)), c.want) << c.name;
}

TEST(Values, LogLevel) {
  EXPECT_EQ(*ParseLogLevel("debug"), spdlog::level::debug);
  EXPECT_EQ(*ParseLogLevel("warn"), spdlog::level::warn);
  EXPECT_EQ(*ParseLogLevel("off"), spdlog::level::off);
  EXPECT_EQ(MessageOf(ParseLogLevel("loud")),
            "loud: not a log level: write trace, debug, info, warn, error or off");
}

}  // namespace
}  // namespace squall
