#include "common/zipf.h"

#include <algorithm>
#include <cmath>

#include "common/draw.h"

namespace squall {
namespace {

constexpr double kTiny = 1e-8;  // below it the first terms of a series are exact

// log(1 + x) / x.
double LogRatio(double x) {
  if (std::abs(x) < kTiny) return 1 - x / 2;
  return std::log1p(x) / x;
}

// (e^x - 1) / x.
double ExpRatio(double x) {
  if (std::abs(x) < kTiny) return 1 + x / 2;
  return std::expm1(x) / x;
}

// In [0, 1).
double Fraction(uint64_t draw) { return static_cast<double>(draw >> 11) * 0x1p-53; }

}  // namespace

Zipf::Zipf(double exponent, uint64_t largest)
    : exponent_(exponent),
      largest_(largest),
      first_(Integral(1.5) - 1),
      last_(Integral(static_cast<double>(largest) + 0.5)),
      squeeze_(2 - InverseIntegral(Integral(2.5) - Height(2))) {}

// Of 1 / x^exponent, from 1 to x: (x^(1 - exponent) - 1) / (1 - exponent), and log(x) for 1.
double Zipf::Integral(double x) const {
  const double log = std::log(x);
  return ExpRatio((1 - exponent_) * log) * log;
}

double Zipf::InverseIntegral(double area) const {
  // Rounding may lead beyond what has a logarithm.
  const double scaled = std::max(area * (1 - exponent_), -1.0);
  return std::exp(LogRatio(scaled) * area);
}

double Zipf::Height(double x) const { return std::exp(-exponent_ * std::log(x)); }

uint64_t Zipf::At(uint64_t key) const {
  for (uint64_t attempt = 0;; ++attempt) {
    const double area = last_ + Fraction(Draw(key, attempt)) * (first_ - last_);
    const double x = InverseIntegral(area);
    const double rounded = std::clamp(std::floor(x + 0.5), 1.0, static_cast<double>(largest_));
    if (rounded - x <= squeeze_ || area >= Integral(rounded + 0.5) - Height(rounded)) {
      return static_cast<uint64_t>(rounded);
    }
  }
}

}  // namespace squall
