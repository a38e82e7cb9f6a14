// Numbers and short texts, written so that they end at a given place: each returns where it begins.
//
// Requests are rendered from their end to their beginning. So how long a part has become is known
// when what tells its length is written, and a part may be stored in whole words: what these
// overwrite in front of it, kWriteSlack bytes at most, is written later. Nothing is allocated.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace squall {

inline constexpr size_t kWriteSlack = 16;
inline constexpr size_t kLongestNumber = 20;  // digits of 64 bits, or 19 and a sign

inline char* WriteTextBefore(std::string_view text, char* end) {
  char* const begin = end - text.size();
  text.copy(begin, text.size());  // of nothing as well, which memcpy must not be given
  return begin;
}

// Three digits of a number below 1,000, behind where it begins without the zeros in front of it: 1
// to 3 bytes before their end.
struct DigitTriple {
  int8_t begin;
  std::array<char, 3> text;
};

inline constexpr std::array<DigitTriple, 1000> kDigitTriples = [] {
  std::array<DigitTriple, 1000> all{};
  for (int i = 0; i < 1000; ++i) {
    const auto digit = [](int value) { return static_cast<char>('0' + value % 10); };
    const int digits = i < 10 ? 1 : i < 100 ? 2 : 3;
    all[static_cast<size_t>(i)] = {static_cast<int8_t>(-digits),
                                   {digit(i / 100), digit(i / 10), digit(i)}};
  }
  return all;
}();

inline void StoreTripleBefore(uint64_t number, char* end) {
  std::memcpy(end - sizeof(DigitTriple), &kDigitTriples[number], sizeof(DigitTriple));
}

inline constexpr uint64_t kSixDigits = 1'000'000;  // what most numbers are below

// In decimal: a step for every three digits, of which each is a table's.
inline char* WriteSixDigitsBefore(uint32_t number, char* end) {
  const uint32_t thousands = number / 1000;
  StoreTripleBefore(number - thousands * 1000, end);
  if (thousands == 0) return end + kDigitTriples[number].begin;
  end -= 3;
  StoreTripleBefore(thousands, end);
  return end + kDigitTriples[thousands].begin;
}

inline char* WriteNumberBefore(uint64_t number, char* end) {
  while (number >= kSixDigits) {
    StoreTripleBefore(number % 1000, end);
    end -= 3;
    number /= 1000;
  }
  return WriteSixDigitsBefore(static_cast<uint32_t>(number), end);
}

inline constexpr size_t kHexAtOnce = 16;

// The hexadecimal digits of 8 bytes, all at once.
inline char* WriteHexBefore(uint64_t number, char* end) {
  using TwoWords __attribute__((vector_size(16))) = uint64_t;
  using SixteenBytes __attribute__((vector_size(16))) = int8_t;
  const bool swap = std::endian::native == std::endian::little;
  const TwoWords words = {swap ? __builtin_bswap64(number) : number, 0};
  const TwoWords shifted = words >> 4;
  const auto low = reinterpret_cast<SixteenBytes>(words) & 15;
  const auto high = reinterpret_cast<SixteenBytes>(shifted) & 15;
  const SixteenBytes values =
      __builtin_shufflevector(high, low, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
  constexpr int8_t kToLetters = 'a' - '0' - 10;
  const SixteenBytes digits = values + '0' + ((values > 9) & kToLetters);
  std::memcpy(end - sizeof digits, &digits, sizeof digits);
  return end - sizeof digits;
}

}  // namespace squall
