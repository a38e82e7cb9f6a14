#include "controller/progress.h"

#include <algorithm>

#include <fmt/format.h>

#include "controller/summary.h"
#include "controller/units.h"

namespace squall {
namespace {

// Agents report once a second, a little early or late: an interval may be that much shorter, or
// every other one would last two.
constexpr Nanos kEarly = 100 * kMillisecond;
constexpr Nanos kLiveInterval = kSecond - kEarly;
constexpr Nanos kLinesInterval = 5 * kSecond - kEarly;
constexpr Nanos kRedraw = 200 * kMillisecond;

constexpr int kWidthForBar = 100;  // in less, the figures alone

constexpr std::string_view kClear = "\r\x1b[K";

std::string Bar(double share, bool utf8) {
  constexpr size_t kLength = 10;
  const auto full = static_cast<size_t>(std::clamp(share, 0.0, 1.0) * kLength);
  std::string bar = utf8 ? "" : "[";
  for (size_t i = 0; i < kLength; ++i) {
    bar += i < full ? (utf8 ? "█" : "#") : (utf8 ? "░" : ".");
  }
  return utf8 ? bar : bar + "]";
}

std::string QuantilesText(const Histogram& service, bool utf8) {
  const auto quantile = [&](double fraction) {
    if (service.count() == 0) return std::string("-");
    return FormatDuration(static_cast<double>(service.Quantile(fraction)), utf8);
  };
  return fmt::format("  p50 {}  p99 {}", quantile(0.5), quantile(0.99));
}

}  // namespace

Progress::Mode Progress::ModeFor(int fd, bool quiet) {
  if (quiet) return Mode::kQuiet;
  return IsLiveTerminal(fd) ? Mode::kLive : Mode::kLines;
}

Progress::Progress(std::FILE* out, Mode mode, const TextStyle& style)
    : out_(out), mode_(mode), style_(style) {}

void Progress::Start(Nanos now, const v1::Phase& phase) {
  phase_ = phase;
  start_ = interval_start_ = drawn_ = now;
  recorded_ = failed_ = interval_recorded_ = 0;
  interval_service_.Clear();
  last_rate_.clear();
  last_quantiles_.clear();
}

void Progress::Update(Nanos now, size_t agents, const DecodedHistogram& successes,
                      uint64_t failed) {
  if (mode_ == Mode::kQuiet) return;
  const uint64_t recorded = successes.count + failed;
  recorded_ += recorded;
  failed_ += failed;
  agents_ = agents;
  interval_recorded_ += recorded;
  interval_service_.Merge(successes);

  const Nanos length = now - interval_start_;
  const bool ended = length >= (mode_ == Mode::kLive ? kLiveInterval : kLinesInterval);
  if (ended) {
    last_rate_ = fmt::format("  {}/s", FormatRate(PerSecond(interval_recorded_, length)));
    last_quantiles_ = QuantilesText(interval_service_, style_.utf8);
    interval_start_ = now;
    interval_recorded_ = 0;
    interval_service_.Clear();
  }
  if (mode_ == Mode::kLines) {
    if (ended) Write(Line(now) + "\n");
  } else if (ended || now - drawn_ >= kRedraw) {
    drawn_ = now;
    line_ = Line(now);
    Redraw();
  }
}

std::string Progress::Line(Nanos now) const {
  const bool by_count = phase_.requests() > 0;
  const bool by_duration = phase_.duration_ns() > 0;
  const auto duration = static_cast<double>(std::max<Nanos>(phase_.duration_ns(), 1));
  const auto elapsed = static_cast<double>(std::max<Nanos>(now - start_, 0));
  std::string line = phase_.measured() ? "" : "warming up  ";
  line += FormatDuration(elapsed, style_.utf8);
  if (by_duration) line += " of " + FormatDuration(duration, style_.utf8);
  if (by_duration && elapsed > duration) line += ", waiting for answers";
  line += "  " + FormatCount(recorded_);
  if (by_count) line += " of " + FormatCount(phase_.requests());
  line += fmt::format("{}  {} failed{}  {} agent{}", last_rate_, FormatCount(failed_),
                      last_quantiles_, agents_, agents_ == 1 ? "" : "s");
  if (mode_ == Mode::kLines || style_.width < kWidthForBar) return line;

  double share = by_duration ? elapsed / duration : 0;
  if (by_count) {
    share =
        std::max(share, static_cast<double>(recorded_) / static_cast<double>(phase_.requests()));
  }
  return Bar(share, style_.utf8) + "  " + line;
}

void Progress::Message(std::string_view line) {
  if (mode_ == Mode::kQuiet) return;
  const std::string text = Printable(line, style_.utf8) + "\n";
  if (line_.empty()) {
    Write(text);
  } else {
    Write(fmt::format("{}{}", kClear, text));
    Redraw();
  }
}

void Progress::Finish() {
  if (line_.empty()) return;
  Write(std::string(kClear));
  line_.clear();
}

void Progress::Redraw() {
  // A line that wraps could not be rewritten.
  const auto room = static_cast<size_t>(std::max(style_.width - 1, 0));
  Write(fmt::format("{}{}", kClear, Cut(line_, room, style_.utf8)));
}

void Progress::Write(const std::string& text) {
  std::fwrite(text.data(), 1, text.size(), out_);
  std::fflush(out_);
}

}  // namespace squall
