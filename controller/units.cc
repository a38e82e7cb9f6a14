#include "controller/units.h"

#include <array>
#include <cmath>
#include <string_view>

#include <fmt/format.h>

namespace squall {
namespace {

// Below 1000, with three significant digits.
std::string ThreeDigits(double value) {
  const int decimals = value < 9.995 ? 2 : value < 99.95 ? 1 : 0;
  return fmt::format("{:.{}f}", value, decimals);
}

// From here on three digits would round to 1000: the next unit's turn.
constexpr double kNextUnit = 999.5;

}  // namespace

std::string FormatDuration(double nanos, bool utf8) {
  if (nanos < kNextUnit) return fmt::format("{:.0f} ns", nanos);
  if (nanos < kNextUnit * 1e3) return ThreeDigits(nanos / 1e3) + (utf8 ? " µs" : " us");
  if (nanos < kNextUnit * 1e6) return ThreeDigits(nanos / 1e6) + " ms";
  const double seconds = nanos / 1e9;
  if (seconds < 119.5) return ThreeDigits(seconds) + " s";
  const auto whole = static_cast<uint64_t>(std::llround(seconds));
  if (whole < 7200) return fmt::format("{} min {:02} s", whole / 60, whole % 60);
  return fmt::format("{} h {:02} min", whole / 3600, whole % 3600 / 60);
}

std::string FormatBytes(double bytes) {
  if (bytes < kNextUnit) return fmt::format("{:.0f} B", bytes);
  static constexpr std::array<std::string_view, 6> kUnits = {"kB", "MB", "GB", "TB", "PB", "EB"};
  size_t unit = 0;
  bytes /= 1e3;
  while (bytes >= kNextUnit && unit + 1 < kUnits.size()) {
    bytes /= 1e3;
    ++unit;
  }
  return fmt::format("{} {}", ThreeDigits(bytes), kUnits[unit]);
}

std::string FormatCount(uint64_t count) {
  std::string digits = fmt::format("{}", count);
  for (size_t i = digits.size(); i > 3;) {
    i -= 3;
    digits.insert(i, 1, ',');
  }
  return digits;
}

std::string FormatRate(double per_second) {
  if (per_second == 0) return "0";
  if (per_second >= kNextUnit) return FormatCount(static_cast<uint64_t>(std::llround(per_second)));
  return fmt::format("{:.{}f}", per_second, per_second < 99.995 ? 2 : 1);
}

std::string FormatShare(uint64_t part, uint64_t whole) {
  if (whole == 0) return "-";
  if (part == 0) return "0 %";
  if (part == whole) return "100 %";
  const double percent = 100.0 * static_cast<double>(part) / static_cast<double>(whole);
  if (percent < 0.01) return "<0.01 %";
  if (percent > 99.99) return ">99.99 %";
  return fmt::format("{:.2f} %", percent);
}

}  // namespace squall
