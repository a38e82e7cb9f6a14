// Zipf's distribution: of `largest` keys the k-th most popular is drawn with a probability in
// proportion to 1 / k^exponent. It is what caches and shops see.
//
// By rejection-inversion (Hoermann, Derflinger: "Rejection-inversion to generate variates from
// monotone discrete distributions", ACM Transactions on Modeling and Computer Simulation 6(3),
// 1996): exact for any number of keys, without a table, in a little more than one try on average.
// Pure, but for the last digit of the C library's exp and log: where two differ in it, a draw in
// some 10^12 may differ.
#pragma once

#include <cstdint>

namespace squall {

class Zipf {
 public:
  static constexpr double kMostExponent = 10;
  // Beyond, neighbours could not be told apart well enough by a double's digits.
  static constexpr uint64_t kMostKeys = 1'000'000'000'000;

  Zipf() = default;
  // 0 < exponent ≤ kMostExponent, 1 ≤ largest ≤ kMostKeys.
  Zipf(double exponent, uint64_t largest);

  // A key in 1 … largest, by `key` alone.
  uint64_t At(uint64_t key) const;

 private:
  double Integral(double x) const;
  double InverseIntegral(double area) const;
  double Height(double x) const;

  double exponent_ = 1;
  uint64_t largest_ = 1;
  double first_ = 0;    // area where the first key's part begins
  double last_ = 0;     // and where the last one's ends
  double squeeze_ = 0;  // this close below a key, it is always taken
};

}  // namespace squall
