#include "common/base64.h"

#include <algorithm>
#include <array>
#include <cstdint>

namespace squall {
namespace {

constexpr std::string_view kAlphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr uint8_t kNone = 64;

constexpr std::array<uint8_t, 256> kValues = [] {
  std::array<uint8_t, 256> values{};
  values.fill(kNone);
  for (size_t i = 0; i < kAlphabet.size(); ++i) {
    values[static_cast<unsigned char>(kAlphabet[i])] = static_cast<uint8_t>(i);
  }
  return values;
}();

uint8_t ValueOf(char c) { return kValues[static_cast<unsigned char>(c)]; }

// Without the padding.
std::string_view Digits(std::string_view text) {
  if (text.ends_with('=')) text.remove_suffix(1);
  if (text.ends_with('=')) text.remove_suffix(1);
  return text;
}

}  // namespace

bool IsBase64(std::string_view text) {
  const std::string_view digits = Digits(text);
  return text.size() % 4 == 0 &&
         std::all_of(digits.begin(), digits.end(), [](char c) { return ValueOf(c) != kNone; });
}

size_t Base64Size(std::string_view text) { return Digits(text).size() * 3 / 4; }

char* WriteBase64(std::string_view text, char* to) {
  uint32_t bits = 0;
  int have = 0;
  for (const char c : Digits(text)) {
    bits = bits << 6 | (ValueOf(c) & 63U);
    have += 6;
    if (have < 8) continue;
    have -= 8;
    *to++ = static_cast<char>(bits >> have);
  }
  return to;
}

}  // namespace squall
