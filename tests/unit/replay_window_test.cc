#include "controller/replay_window.h"

#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

namespace squall {
namespace {

constexpr int64_t kStart = 1'700'000'000'000'000;
constexpr int64_t kSecondUs = 1'000'000;

using Lines = std::vector<std::pair<int64_t, std::string>>;  // seconds · 1000, request

std::string Replayed(const Lines& lines, bool whole_seconds) {
  ReplayWindow window;
  std::string out;
  for (const auto& [ms, request] : lines) {
    const absl::Status status = window.Add(kStart + ms * 1000, whole_seconds, request, out);
    if (!status.ok()) return std::string(status.message());
  }
  window.Finish(out);
  return out;
}

TEST(ReplayWindow, Times) {
  const struct {
    std::string name;
    Lines lines;
    bool whole_seconds;
    std::string want;
  } kCases[] = {
      {"none", {}, false, ""},
      {"gaps",
       {{5, "GET /a"}, {7, "GET /b"}, {3'007, "GET /c"}},
       false,
       "0 GET /a\n2000 GET /b\n3002000 GET /c\n"},
      {"equal ones of milliseconds stay equal",
       {{5, "GET /a"}, {5, "GET /b"}},
       false,
       "0 GET /a\n0 GET /b\n"},
      {"whole seconds are spread",
       {{0, "GET /a"}, {0, "GET /b"}, {0, "GET /c"}, {2'000, "GET /d"}, {2'000, "GET /e"}},
       true,
       "0 GET /a\n333333 GET /b\n666666 GET /c\n2000000 GET /d\n2500000 GET /e\n"},
      {"the first may come late",
       {{20, "GET /a"}, {5, "GET /b"}, {10, "GET /c"}, {5, "GET /d"}},
       false,
       "0 GET /b\n0 GET /d\n5000 GET /c\n15000 GET /a\n"},
  };
  for (const auto& c : kCases) EXPECT_EQ(Replayed(c.lines, c.whole_seconds), c.want) << c.name;
}

TEST(ReplayWindow, HoldsBackNoMoreThanItsBound) {
  ReplayWindow window(2'000);
  std::string out;
  for (int i = 0; i < 100; ++i) {
    ASSERT_TRUE(window.Add(kStart + i * kSecondUs, true, "GET /", out).ok()) << i;
  }
  EXPECT_TRUE(out.starts_with("0 GET /\n1000000 GET /\n"));
  EXPECT_TRUE(window.Add(kStart + 99 * kSecondUs, true, "GET /", out).ok());
  EXPECT_TRUE(window.Add(kStart + 90 * kSecondUs, true, "GET /", out).ok());
  EXPECT_EQ(window.Add(kStart + 10 * kSecondUs, true, "GET /", out).message().substr(0, 12),
            "its time is ");
}

TEST(ReplayWindow, Refuses) {
  EXPECT_EQ(Replayed({{0, "GET /"}, {int64_t{36'000'001} * 1000, "GET /"}}, false),
            "its time is more than 10,000 hours from that of others");
  EXPECT_EQ(Replayed({{int64_t{20'000'000} * 1000, "GET /"},
                      {0, "GET /"},
                      {int64_t{36'000'001} * 1000, "GET /"}},
                     false),
            "its time is more than 10,000 hours from that of others");
  ReplayWindow window(100);
  std::string out;
  absl::Status status;
  for (int i = 0; i < 1000 && status.ok(); ++i) status = window.Add(kStart, true, "GET /", out);
  EXPECT_EQ(status.message(), "more requests at one time than can be held in memory");
}

}  // namespace
}  // namespace squall
