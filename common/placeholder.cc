#include "common/placeholder.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>

#include "absl/numeric/int128.h"
#include "absl/time/time.h"
#include "common/draw.h"

namespace squall {
namespace {

constexpr size_t kLongestNumber = 20;  // of 64 bits, with its sign
constexpr size_t kUuidBytes = 36;
constexpr std::string_view kLongestTime = "-292277022-01-01T00:00:00.000Z";

constexpr std::array<std::array<char, 2>, 256> MakeHexPairs() {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::array<std::array<char, 2>, 256> pairs{};
  for (size_t byte = 0; byte < pairs.size(); ++byte) {
    pairs[byte] = {kDigits[byte >> 4], kDigits[byte & 15]};
  }
  return pairs;
}
constexpr auto kHexPairs = MakeHexPairs();

template <typename Number>
char* WriteNumber(Number number, char* to) {
  return std::to_chars(to, to + kLongestNumber, number).ptr;
}

// A number below `values` (0: 2^64), none favoured by more than values / 2^64.
uint64_t Below(uint64_t values, uint64_t draw) {
  if (values == 0) return draw;
  return absl::Uint128High64(absl::uint128(draw) * values);
}

// The `bytes` highest bytes of a draw as digits.
inline char* WriteHex(uint64_t draw, int bytes, char* to) {
  for (int shift = 56; bytes > 0; --bytes, shift -= 8, to += 2) {
    std::memcpy(to, kHexPairs[(draw >> shift) & 0xFF].data(), 2);
  }
  return to;
}

char* WriteUuid(uint64_t draw, uint64_t other, char* to) {
  const uint64_t high = (draw & 0xFFFFFFFFFFFF0FFF) | 0x4000;              // version 4
  const uint64_t low = (other & 0x3FFFFFFFFFFFFFFF) | 0x8000000000000000;  // variant 10
  to = WriteHex(high, 4, to);
  *to++ = '-';
  to = WriteHex(high << 32, 2, to);
  *to++ = '-';
  to = WriteHex(high << 48, 2, to);
  *to++ = '-';
  to = WriteHex(low, 2, to);
  *to++ = '-';
  return WriteHex(low << 16, 6, to);
}

char* WriteDigits(uint64_t key, size_t digits, char* to) {
  constexpr size_t kDigitsOfADraw = 16;
  for (uint64_t block = 0; digits > 0; ++block) {
    const size_t more = std::min(digits, kDigitsOfADraw);
    const uint64_t draw = Draw(key, block);
    to = WriteHex(draw, static_cast<int>(more / 2), to);
    if (more % 2 != 0) *to++ = kHexPairs[draw & 0xFF][1];
    digits -= more;
  }
  return to;
}

char* WriteTwo(int number, char* to) {
  *to++ = static_cast<char>('0' + number / 10);
  *to++ = static_cast<char>('0' + number % 10);
  return to;
}

char* WriteRfc3339(int64_t unix_ms, char* to) {
  const absl::Time time = absl::FromUnixMillis(unix_ms);
  const absl::CivilSecond civil = absl::ToCivilSecond(time, absl::UTCTimeZone());
  for (int64_t unit = 1000; unit > civil.year(); unit /= 10) *to++ = '0';
  to = WriteNumber(civil.year(), to);
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

char* WriteText(std::string_view text, char* to) {
  std::memcpy(to, text.data(), text.size());
  return to + text.size();
}

// Encoded from its own end, so that it may be written where it will stand.
char* WriteColumn(const FeederField& field, bool percent_encoded, char* to) {
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
      return size;
    case Kind::kPick: {
      size_t longest = 0;
      for (const std::string& word : words) longest = std::max(longest, word.size());
      return longest;
    }
    case Kind::kRfc3339:
      return kLongestTime.size();
    case Kind::kColumn:
      return 0;
  }
  return 0;
}

size_t Placeholder::Bound(const FeederRow& row) const {
  return row.Field(size).text.size() * (percent_encoded ? 3 : 1);
}

char* Placeholder::Write(uint64_t key, const TemplateInput& input, char* to) const {
  switch (kind) {
    case Kind::kSequence:
      return WriteNumber(input.n, to);
    case Kind::kInteger:
      return WriteNumber(
          static_cast<int64_t>(static_cast<uint64_t>(lowest) + Below(values, Draw(key, input.n))),
          to);
    case Kind::kZipf:
      return WriteNumber(zipf.At(Draw(key, input.n)), to);
    case Kind::kUuid: {
      const uint64_t draw = Draw(key, input.n);
      return WriteUuid(draw, Draw(~key, input.n), to);
    }
    case Kind::kHex:
      return WriteDigits(Draw(key, input.n), size, to);
    case Kind::kPick:
      return WriteText(words[Below(values, Draw(key, input.n))], to);
    case Kind::kRfc3339:
      return WriteRfc3339(input.unix_ms, to);
    case Kind::kUnix:
      return WriteNumber(input.unix_ms / 1000, to);
    case Kind::kUnixMs:
      return WriteNumber(input.unix_ms, to);
    case Kind::kColumn:
      return WriteColumn(input.row.Field(size), percent_encoded, to);
  }
  return to;
}

}  // namespace squall
