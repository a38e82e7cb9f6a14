#include "common/placeholder.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "absl/time/time.h"
#include "common/base64.h"
#include "common/draw.h"
#include "common/list_line.h"

namespace squall {
namespace {

constexpr size_t kUuidBytes = 36;
constexpr std::string_view kLongestTime = "-292277022-01-01T00:00:00.000Z";

char* WriteUuidBefore(uint64_t draw, uint64_t other, char* end) {
  const uint64_t high = (draw & 0xFFFFFFFFFFFF0FFF) | 0x4000;              // version 4
  const uint64_t low = (other & 0x3FFFFFFFFFFFFFFF) | 0x8000000000000000;  // variant 10
  std::array<char, 2 * kHexAtOnce> digits;
  WriteHexBefore(high, digits.data() + kHexAtOnce);
  WriteHexBefore(low, digits.data() + 2 * kHexAtOnce);
  const char* from = digits.data();
  char* const to = end - kUuidBytes;
  std::memcpy(to, from, 8);
  to[8] = '-';
  std::memcpy(to + 9, from + 8, 4);
  to[13] = '-';
  std::memcpy(to + 14, from + 12, 4);
  to[18] = '-';
  std::memcpy(to + 19, from + 16, 4);
  to[23] = '-';
  std::memcpy(to + 24, from + 20, 12);
  return to;
}

// In rows, the first of which is the draw itself; of the last one only its first digits.
char* WriteDigitsBefore(uint64_t draw, size_t digits, char* end) {
  for (size_t left = digits; left > 0;) {
    const size_t row = (left - 1) / kHexAtOnce;
    const size_t used = left - row * kHexAtOnce;
    const uint64_t number = row == 0 ? draw : Draw(draw, row);
    WriteHexBefore(number >> (4 * (kHexAtOnce - used)), end);
    end -= used;
    left -= used;
  }
  return end;
}

char* WriteTwoBefore(int number, char* end) {
  *--end = static_cast<char>('0' + number % 10);
  *--end = static_cast<char>('0' + number / 10);
  return end;
}

char* WriteSignedBefore(int64_t number, char* end) {
  const auto value = static_cast<uint64_t>(number);
  end = WriteNumberBefore(number < 0 ? -value : value, end);
  if (number < 0) *--end = '-';
  return end;
}

char* WriteRfc3339Before(int64_t unix_ms, char* end) {
  const absl::Time time = absl::FromUnixMillis(unix_ms);
  const absl::CivilSecond civil = absl::ToCivilSecond(time, absl::UTCTimeZone());
  const auto milliseconds = static_cast<int>(((unix_ms % 1000) + 1000) % 1000);
  *--end = 'Z';
  end = WriteTwoBefore(milliseconds % 100, end);
  *--end = static_cast<char>('0' + milliseconds / 100);
  *--end = '.';
  end = WriteTwoBefore(civil.second(), end);
  *--end = ':';
  end = WriteTwoBefore(civil.minute(), end);
  *--end = ':';
  end = WriteTwoBefore(civil.hour(), end);
  *--end = 'T';
  end = WriteTwoBefore(civil.day(), end);
  *--end = '-';
  end = WriteTwoBefore(civil.month(), end);
  *--end = '-';
  end = WriteSignedBefore(civil.year(), end);
  for (int64_t unit = 1000; unit >= 10 && unit > civil.year(); unit /= 10) *--end = '0';
  return end;
}

char* WriteColumnBefore(const FeederField& field, bool percent_encoded, char* end) {
  if (!percent_encoded) return field.WriteBefore(end);
  if (!field.doubled) return WritePercentEncodedBefore(field.text, end);
  // The room is three times as long as the field: it is encoded from the first third of it.
  char* const value_end = end - 2 * field.text.size();
  const char* value = field.WriteBefore(value_end);
  return WritePercentEncodedBefore({value, static_cast<size_t>(value_end - value)}, end);
}

bool StaysAsItIs(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '.' || c == '_' || c == '~' || c == '/';
}

}  // namespace

char* WritePercentEncodedBefore(std::string_view text, char* end) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  for (size_t i = text.size(); i-- > 0;) {
    if (StaysAsItIs(text[i])) {
      *--end = text[i];
      continue;
    }
    const auto byte = static_cast<unsigned char>(text[i]);
    *--end = kDigits[byte & 15];
    *--end = kDigits[byte >> 4];
    *--end = '%';
  }
  return end;
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
    case Kind::kField:
      return 0;
  }
  return 0;
}

size_t Placeholder::Bound(const TemplateInput& input) const {
  if (kind == Kind::kField) return Base64Size(FieldOf(input.fields, size));
  return input.row.Field(size).text.size() * (percent_encoded ? 3 : 1);
}

char* Placeholder::WriteBefore(uint64_t key, const TemplateInput& input, char* end) const {
  switch (kind) {
    case Kind::kSequence:
      return WriteNumberBefore(input.n, end);
    case Kind::kInteger: {
      const uint64_t draw = input.Draw(key);
      const uint64_t number =
          static_cast<uint64_t>(lowest) + (values == 0 ? draw : DrawBelow(values, draw));
      return WriteSignedBefore(static_cast<int64_t>(number), end);
    }
    case Kind::kZipf:
      return WriteNumberBefore(zipf.At(input.Draw(key)), end);
    case Kind::kUuid:
      return WriteUuidBefore(input.Draw(key), input.Draw(~key), end);
    case Kind::kHex:
      return WriteDigitsBefore(input.Draw(key), size, end);
    case Kind::kPick:
      return WriteTextBefore(words[DrawBelow(values, input.Draw(key))], end);
    case Kind::kRfc3339:
      return WriteRfc3339Before(input.unix_ms, end);
    case Kind::kUnix:
      return WriteSignedBefore(input.unix_ms / 1000, end);
    case Kind::kUnixMs:
      return WriteSignedBefore(input.unix_ms, end);
    case Kind::kColumn:
      return WriteColumnBefore(input.row.Field(size), percent_encoded, end);
    case Kind::kField: {
      const std::string_view field = FieldOf(input.fields, size);
      end -= Base64Size(field);
      WriteBase64(field, end);
      return end;
    }
  }
  return end;
}

}  // namespace squall
