#include "controller/progress.h"

#include <cstdio>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/histogram.h"

namespace squall {
namespace {

using Mode = Progress::Mode;
using testing::HasSubstr;

constexpr Nanos kBegin = 7 * kSecond;  // a steady clock begins anywhere
constexpr std::string_view kClear = "\r\x1b[K";

// A progress that writes to memory, with the run's time since its start.
class Screen {
 public:
  explicit Screen(Mode mode, TextStyle style = {false, false, 100})
      : file_(open_memstream(&data_, &size_)), progress(file_, mode, style) {}
  ~Screen() {
    std::fclose(file_);
    std::free(data_);
  }
  Screen(const Screen&) = delete;
  Screen& operator=(const Screen&) = delete;

  void Start(uint64_t requests, Nanos duration) {
    v1::Phase phase;
    phase.set_measured(true);
    phase.set_requests(requests);
    phase.set_duration_ns(duration);
    progress.Start(kBegin, phase);
  }

  void Update(Nanos since_start, uint64_t succeeded, uint64_t failed = 0) {
    Histogram successes;
    for (uint64_t i = 0; i < succeeded; ++i) successes.Record(2 * kMillisecond);
    const v1::Histogram proto = successes.ToProto();
    std::vector<HistogramCell> room(Histogram::MostCells(proto));
    progress.Update(kBegin + since_start, 3, *Histogram::Decode(proto, absl::MakeSpan(room)),
                    failed);
  }

  // What was written since it was last asked.
  std::string Take() {
    std::string text(data_ + taken_, size_ - taken_);
    taken_ = size_;
    return text;
  }

 private:
  char* data_ = nullptr;
  size_t size_ = 0;
  size_t taken_ = 0;
  std::FILE* file_;

 public:
  Progress progress;
};

TEST(Progress, QuietWritesNothing) {
  Screen screen(Mode::kQuiet);
  screen.progress.Message("busy");
  screen.Start(1000, 0);
  for (int second = 1; second < 20; ++second) screen.Update(second * kSecond, 10);
  screen.progress.Finish();
  EXPECT_EQ(screen.Take(), "");
}

TEST(Progress, LinesComeEveryFiveSecondsWithTheRateOfTheTimeBetween) {
  Screen screen(Mode::kLines);
  screen.Start(1000, 0);
  for (int second = 1; second <= 4; ++second) screen.Update(second * kSecond, 10);
  EXPECT_EQ(screen.Take(), "");
  screen.Update(5 * kSecond, 10, 5);
  EXPECT_EQ(screen.Take(),
            "5.00 s  55 of 1,000  11.00/s  5 failed  p50 2.00 ms  p99 2.00 ms  3 agents\n");
  // The next report is late: the rate is that of 8 s.
  screen.Update(13 * kSecond, 20);
  EXPECT_EQ(screen.Take(),
            "13.0 s  75 of 1,000  2.50/s  5 failed  p50 2.00 ms  p99 2.00 ms  3 agents\n");
  // A standstill is told too.
  screen.Update(18 * kSecond, 0);
  EXPECT_EQ(screen.Take(), "18.0 s  75 of 1,000  0/s  5 failed  p50 -  p99 -  3 agents\n");
  screen.progress.Finish();
  EXPECT_EQ(screen.Take(), "");
}

TEST(Progress, LiveLineIsRewrittenAndCleared) {
  Screen screen(Mode::kLive);
  screen.Start(100, 0);
  screen.Update(250 * kMillisecond, 10);
  EXPECT_EQ(screen.Take(),
            std::string(kClear) + "[#.........]  250 ms  10 of 100  0 failed  3 agents");
  screen.Update(1 * kSecond, 40, 1);
  EXPECT_EQ(screen.Take(), std::string(kClear) +
                               "[#####.....]  1.00 s  51 of 100  51.00/s  1 failed  p50 2.00 ms  "
                               "p99 2.00 ms  3 agents");
  screen.progress.Finish();
  EXPECT_EQ(screen.Take(), kClear);
  screen.progress.Finish();
  EXPECT_EQ(screen.Take(), "");
}

TEST(Progress, RatesAreOfTheIntervalThatElapsed) {
  Screen screen(Mode::kLive);
  screen.Start(0, 30 * kSecond);
  // Three agents report in turn, each once a second: every interval holds one report of each.
  for (const Nanos agent : {0, 1, 2}) screen.Update(kSecond + agent * 300 * kMillisecond, 100);
  screen.Take();
  screen.Update(2 * kSecond, 100);
  EXPECT_THAT(screen.Take(), HasSubstr("2.00 s of 30.0 s  400  300.0/s"));
  // A report 50 ms early still ends the interval.
  screen.Update(2950 * kMillisecond, 190);
  EXPECT_THAT(screen.Take(), HasSubstr("  590  200.0/s"));
}

TEST(Progress, AWarmUpIsNamedAndEachPhaseCountsAnew) {
  Screen screen(Mode::kLines);
  v1::Phase warm_up;
  warm_up.set_duration_ns(10 * kSecond);
  screen.progress.Start(kBegin, warm_up);
  screen.Update(5 * kSecond, 10, 5);
  EXPECT_EQ(
      screen.Take(),
      "warming up  5.00 s of 10.0 s  15  3.00/s  5 failed  p50 2.00 ms  p99 2.00 ms  3 agents\n");
  screen.Start(100, 20 * kSecond);
  screen.Update(5 * kSecond, 20);
  EXPECT_EQ(screen.Take(),
            "5.00 s of 20.0 s  20 of 100  4.00/s  0 failed  p50 2.00 ms  p99 2.00 ms  3 agents\n");
}

TEST(Progress, TheBarIsOfTheEndThatIsNearer) {
  for (const uint64_t succeeded : {uint64_t{10}, uint64_t{90}}) {
    Screen screen(Mode::kLive);
    screen.Start(100, 2 * kSecond);
    screen.Update(kSecond, succeeded);
    EXPECT_THAT(screen.Take(), HasSubstr(succeeded == 90 ? "[#########.]" : "[#####.....]"));
  }
}

TEST(Progress, DrawsAFewTimesASecondAtMost) {
  Screen screen(Mode::kLive);
  screen.Start(1'000'000, 0);
  size_t draws = 0;
  for (int i = 1; i <= 1000; ++i) {
    screen.Update(i * kMillisecond, 1);
    if (!screen.Take().empty()) ++draws;
  }
  EXPECT_GE(draws, 4u);
  EXPECT_LE(draws, 6u);
}

TEST(Progress, LiveLineFitsTheTerminal) {
  Screen screen(Mode::kLive, {false, true, 60});
  screen.Start(100, 0);
  screen.Update(kSecond, 50);
  // No room for the bar, and the end is cut; the last column stays free.
  EXPECT_EQ(screen.Take(),
            std::string(kClear) + "1.00 s  50 of 100  50.00/s  0 failed  p50 2.00 ms  p99 2.0…");
}

TEST(Progress, MessagesStandAboveTheLiveLine) {
  Screen screen(Mode::kLive);
  screen.progress.Message("waiting for beta");
  EXPECT_EQ(screen.Take(), "waiting for beta\n");
  screen.Start(100, 0);
  screen.Update(kSecond, 50);
  const std::string line = screen.Take();
  screen.progress.Message("beta says:\n\x1b[2J");
  EXPECT_EQ(screen.Take(), std::string(kClear) + "beta says: \\x1b[2J\n" + line);
  screen.progress.Finish();
  screen.Take();
  screen.progress.Message("done");
  EXPECT_EQ(screen.Take(), "done\n");
}

}  // namespace
}  // namespace squall
