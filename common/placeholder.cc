#include "common/placeholder.h"

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <cstring>

#include "absl/numeric/int128.h"
#include "absl/time/time.h"
#include "common/base64.h"
#include "common/draw.h"
#include "common/list_line.h"

// What Write() only goes on to: it saves no registers for what it does not do itself.
#define SQUALL_OUT_OF_LINE [[gnu::noinline]]

namespace squall {
namespace {

constexpr size_t kLongestNumber = 20;  // of 64 bits, with its sign
constexpr size_t kUuidBytes = 36;
constexpr std::string_view kLongestTime = "-292277022-01-01T00:00:00.000Z";

// Eight digits at once, the first one in the lowest byte, as numbers from 0 to 9 (Paul Khuong: "How
// to print integers really fast", 2017): division by 100 and by 10 of parts that share a word.
// `number` is below 10^8.
constexpr uint64_t EightDigits(uint32_t number) {
  const uint64_t fours = number / 10'000 | uint64_t{number % 10'000} << 32;
  const uint64_t hundreds = ((fours * 10'486) >> 20) & 0x0000'007F'0000'007F;
  const uint64_t twos = ((fours - 100 * hundreds) << 16) + hundreds;
  const uint64_t tens = ((twos * 103) >> 10) & 0x000F'000F'000F'000F;
  return tens + ((twos - 10 * tens) << 8);
}

// Small numbers, which most are, cost half of what std::to_chars takes. Writes eight bytes at
// least.
inline char* WriteNumber(uint64_t number, char* to) {
  if (number >= 100'000'000 || std::endian::native != std::endian::little) {
    return std::to_chars(to, to + kLongestNumber, number).ptr;
  }
  const uint64_t digits = EightDigits(static_cast<uint32_t>(number));
  const int zeros = std::countr_zero(digits | uint64_t{1} << 56) / 8;  // in front; 0 has one digit
  const uint64_t text = (digits | 0x3030'3030'3030'3030) >> (8 * zeros);
  std::memcpy(to, &text, sizeof text);
  return to + (8 - zeros);
}

SQUALL_OUT_OF_LINE char* WriteInteger(int64_t number, char* to) {
  if (number >= 0) return WriteNumber(static_cast<uint64_t>(number), to);
  return std::to_chars(to, to + kLongestNumber, number).ptr;
}

// A number below `values` (0: 2^64), none favoured by more than values / 2^64.
uint64_t Below(uint64_t values, uint64_t draw) {
  if (values == 0) return draw;
  return absl::Uint128High64(absl::uint128(draw) * values);
}

using SixteenBytes __attribute__((vector_size(16))) = uint8_t;

inline uint64_t BigEndian(uint64_t value) {
  return std::endian::native == std::endian::little ? __builtin_bswap64(value) : value;
}

constexpr size_t kHexAtOnce = 16;

// The digits of 8 bytes, the highest first. All at once: one by one they would cost more than
// anything else of a request's values.
inline void WriteHex(uint64_t number, char* to) {
  const std::array<uint64_t, 2> halves = {BigEndian(number), 0};
  SixteenBytes bytes;
  std::memcpy(&bytes, halves.data(), sizeof bytes);
  const SixteenBytes high = bytes >> 4;
  const SixteenBytes low = bytes & 15;
  const SixteenBytes values =
      __builtin_shufflevector(high, low, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
  constexpr uint8_t kToLetters = 'a' - '0' - 10;
  const auto letters = reinterpret_cast<SixteenBytes>(values > 9) & kToLetters;
  const SixteenBytes digits = values + '0' + letters;
  std::memcpy(to, &digits, sizeof digits);
}

SQUALL_OUT_OF_LINE char* WriteUuid(uint64_t key, uint64_t n, char* to) {
  const uint64_t draw = Draw(key, n);
  const uint64_t other = Draw(~key, n);
  const uint64_t high = (draw & 0xFFFFFFFFFFFF0FFF) | 0x4000;              // version 4
  const uint64_t low = (other & 0x3FFFFFFFFFFFFFFF) | 0x8000000000000000;  // variant 10
  std::array<char, 32> digits;
  WriteHex(high, digits.data());
  WriteHex(low, digits.data() + kHexAtOnce);
  const char* from = digits.data();
  std::memcpy(to, from, 8);
  to[8] = '-';
  std::memcpy(to + 9, from + 8, 4);
  to[13] = '-';
  std::memcpy(to + 14, from + 12, 4);
  to[18] = '-';
  std::memcpy(to + 19, from + 16, 4);
  to[23] = '-';
  std::memcpy(to + 24, from + 20, 12);
  return to + kUuidBytes;
}

// Writes whole rows of kHexAtOnce.
SQUALL_OUT_OF_LINE char* WriteDigits(uint64_t key, size_t digits, char* to) {
  for (size_t row = 0; row * kHexAtOnce < digits; ++row) {
    WriteHex(Draw(key, row), to + row * kHexAtOnce);
  }
  return to + digits;
}

char* WriteTwo(int number, char* to) {
  *to++ = static_cast<char>('0' + number / 10);
  *to++ = static_cast<char>('0' + number % 10);
  return to;
}

SQUALL_OUT_OF_LINE char* WriteRfc3339(int64_t unix_ms, char* to) {
  const absl::Time time = absl::FromUnixMillis(unix_ms);
  const absl::CivilSecond civil = absl::ToCivilSecond(time, absl::UTCTimeZone());
  for (int64_t unit = 1000; unit >= 10 && unit > civil.year(); unit /= 10) *to++ = '0';
  to = WriteInteger(civil.year(), to);
  *to++ = '-';
  to = WriteTwo(civil.month(), to);
  *to++ = '-';
  to = WriteTwo(civil.day(), to);
  *to++ = 'T';
  to = WriteTwo(civil.hour(), to);
  *to++ = ':';
  to = WriteTwo(civil.minute(), to);
  *to++ = ':';
  to = WriteTwo(civil.second(), to);
  const auto milliseconds = static_cast<int>(((unix_ms % 1000) + 1000) % 1000);
  *to++ = '.';
  *to++ = static_cast<char>('0' + milliseconds / 100);
  to = WriteTwo(milliseconds % 100, to);
  *to++ = 'Z';
  return to;
}

SQUALL_OUT_OF_LINE char* WriteWord(const std::string& word, char* to) {
  std::memcpy(to, word.data(), word.size());
  return to + word.size();
}

SQUALL_OUT_OF_LINE char* WriteKey(const Zipf& zipf, uint64_t draw, char* to) {
  return WriteNumber(zipf.At(draw), to);
}

// Encoded from its own end, so that it may be written where it will stand.
SQUALL_OUT_OF_LINE char* WriteColumn(const FeederField& field, bool percent_encoded, char* to) {
  if (!percent_encoded) return field.Write(to);
  if (!field.doubled) return WritePercentEncoded(field.text, to);
  std::string_view rest = field.text;
  while (!rest.empty()) {
    const size_t quote = std::min(rest.find('"'), rest.size());
    const size_t part = std::min(quote + 1, rest.size());
    to = WritePercentEncoded(rest.substr(0, part), to);
    rest.remove_prefix(std::min(part + (quote < rest.size() ? 1 : 0), rest.size()));
  }
  return to;
}

bool StaysAsItIs(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '.' || c == '_' || c == '~' || c == '/';
}

}  // namespace

char* WritePercentEncoded(std::string_view text, char* to) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  for (const char c : text) {
    if (StaysAsItIs(c)) {
      *to++ = c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    *to++ = '%';
    *to++ = kDigits[byte >> 4];
    *to++ = kDigits[byte & 15];
  }
  return to;
}

bool Placeholder::uses_time() const {
  return kind == Kind::kRfc3339 || kind == Kind::kUnix || kind == Kind::kUnixMs;
}

size_t Placeholder::Bound() const {
  switch (kind) {
    case Kind::kSequence:
    case Kind::kInteger:
    case Kind::kZipf:
    case Kind::kUnix:
    case Kind::kUnixMs:
      return kLongestNumber;
    case Kind::kUuid:
      return kUuidBytes;
    case Kind::kHex:
      return (size + kHexAtOnce - 1) / kHexAtOnce * kHexAtOnce;
    case Kind::kPick: {
      size_t longest = 0;
      for (const std::string& word : words) longest = std::max(longest, word.size());
      return longest;
    }
    case Kind::kRfc3339:
      return kLongestTime.size();
    case Kind::kColumn:
    case Kind::kField:
      return 0;
  }
  return 0;
}

size_t Placeholder::Bound(const TemplateInput& input) const {
  if (kind == Kind::kField) return Base64Size(FieldOf(input.fields, size));
  return input.row.Field(size).text.size() * (percent_encoded ? 3 : 1);
}

char* Placeholder::Write(uint64_t key, const TemplateInput& input, char* to) const {
  switch (kind) {
    case Kind::kSequence:
      return WriteNumber(input.n, to);
    case Kind::kInteger:
      return WriteInteger(
          static_cast<int64_t>(static_cast<uint64_t>(lowest) + Below(values, Draw(key, input.n))),
          to);
    case Kind::kZipf:
      return WriteKey(zipf, Draw(key, input.n), to);
    case Kind::kUuid:
      return WriteUuid(key, input.n, to);
    case Kind::kHex:
      return WriteDigits(Draw(key, input.n), size, to);
    case Kind::kPick:
      return WriteWord(words[Below(values, Draw(key, input.n))], to);
    case Kind::kRfc3339:
      return WriteRfc3339(input.unix_ms, to);
    case Kind::kUnix:
      return WriteInteger(input.unix_ms / 1000, to);
    case Kind::kUnixMs:
      return WriteInteger(input.unix_ms, to);
    case Kind::kColumn:
      return WriteColumn(input.row.Field(size), percent_encoded, to);
    case Kind::kField:
      return WriteBase64(FieldOf(input.fields, size), to);
  }
  return to;
}

}  // namespace squall
