#include "common/values.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include "absl/strings/ascii.h"
#include "common/protocol.h"

namespace squall {
namespace {

constexpr size_t kLongestPrinted = 200;

constexpr size_t kRateDecimals = 9;
constexpr std::string_view kRateTooLow = "must be more than 0";

bool IsAllDigits(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return absl::ascii_isdigit(static_cast<unsigned char>(c));
  });
}

// Bytes of the character that the text begins with (RFC 3629); 0: they are not UTF-8.
size_t FirstCharacter(std::string_view text) {
  const auto byte = [text](size_t i) { return static_cast<unsigned char>(text[i]); };
  if (byte(0) < 0x80) return 1;
  size_t length = 0;
  if (byte(0) >= 0xC2 && byte(0) <= 0xDF) length = 2;
  if (byte(0) >= 0xE0 && byte(0) <= 0xEF) length = 3;
  if (byte(0) >= 0xF0 && byte(0) <= 0xF4) length = 4;
  if (length == 0 || text.size() < length) return 0;
  for (size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0U) != 0x80) return 0;
  }
  // Forms longer than needed, surrogates, and what is beyond U+10FFFF.
  const bool bad = (byte(0) == 0xE0 && byte(1) < 0xA0) || (byte(0) == 0xED && byte(1) > 0x9F) ||
                   (byte(0) == 0xF0 && byte(1) < 0x90) || (byte(0) == 0xF4 && byte(1) > 0x8F);
  return bad ? 0 : length;
}

absl::Status Invalid(std::string_view text, std::string_view reason) {
  return absl::InvalidArgumentError(fmt::format("{}: {}", Quoted(text), reason));
}

}  // namespace

bool IsUtf8(std::string_view text) {
  while (!text.empty()) {
    const size_t length = FirstCharacter(text);
    if (length == 0) return false;
    text.remove_prefix(length);
  }
  return true;
}

std::string Quoted(std::string_view text) { return Quoted(text, kLongestPrinted); }

std::string Quoted(std::string_view text, size_t longest) {
  if (text.empty()) return "\"\"";
  std::string printable;
  while (!text.empty()) {
    if (printable.size() >= longest) return printable + "…";
    const size_t length = FirstCharacter(text);
    const auto byte = static_cast<unsigned char>(text.front());
    // U+0080 to U+009F are controls as well.
    const bool is_control =
        byte < 0x20 || byte == 0x7F ||
        (length == 2 && byte == 0xC2 && static_cast<unsigned char>(text[1]) < 0xA0);
    if (length == 0 || is_control) {
      for (const char c : text.substr(0, std::max<size_t>(length, 1))) {
        printable += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
      }
    } else {
      printable += text.substr(0, length);
    }
    text.remove_prefix(std::max<size_t>(length, 1));
  }
  return printable;
}

std::string LogValue(std::string_view text) {
  if (text.empty()) return "";
  std::string value = Quoted(text);
  std::replace(value.begin(), value.end(), '"', '\'');
  return value;
}

std::string_view TrimBlanks(std::string_view text) {
  const auto is_blank = [](char c) { return c == ' ' || c == '\t' || c == '\r'; };
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}

absl::StatusOr<uint64_t> ParseWholeNumber(std::string_view text, uint64_t lowest,
                                          uint64_t highest) {
  const bool negative = text.starts_with('-');
  if (!IsAllDigits(negative ? text.substr(1) : text)) {
    return Invalid(text, "not a whole number: write digits alone, e.g. 100000");
  }
  if (negative) return Invalid(text, fmt::format("must be at least {}", lowest));
  uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error == std::errc::result_out_of_range || value > highest) {
    return Invalid(text, fmt::format("must be at most {}", highest));
  }
  if (value < lowest) return Invalid(text, fmt::format("must be at least {}", lowest));
  return value;
}

absl::StatusOr<absl::Duration> ParseDuration(std::string_view text, absl::Duration lowest,
                                             absl::Duration highest) {
  // absl::ParseDuration takes a bare "0" and "inf", which are no lengths of time to a reader.
  if (IsAllDigits(text)) {
    return Invalid(text, fmt::format("a duration needs a unit, e.g. {}s", text));
  }
  absl::Duration duration;
  if (!absl::ParseDuration(absl::string_view(text.data(), text.size()), &duration) ||
      text.ends_with("inf")) {
    return Invalid(text, "not a duration: write e.g. 10s, 1m30s or 200ms");
  }
  if (duration < lowest) {
    return Invalid(text, fmt::format("must be at least {}", absl::FormatDuration(lowest)));
  }
  if (duration > highest) {
    return Invalid(text, fmt::format("must be at most {}", absl::FormatDuration(highest)));
  }
  return duration;
}

absl::StatusOr<uint64_t> ParseRate(std::string_view text) {
  const bool negative = text.starts_with('-');
  const std::string_view digits = negative ? text.substr(1) : text;
  const size_t point = std::min(digits.find('.'), digits.size());
  const std::string_view whole = digits.substr(0, point);
  const std::string_view decimals =
      point == digits.size() ? std::string_view("0") : digits.substr(point + 1);
  if (!IsAllDigits(whole) || !IsAllDigits(decimals)) {
    return Invalid(text, "not a rate: write requests per second, e.g. 10000 or 333.3");
  }
  if (negative) return Invalid(text, kRateTooLow);
  if (decimals.size() > kRateDecimals) {
    return Invalid(text, fmt::format("must have at most {} decimals", kRateDecimals));
  }
  const std::string nano = fmt::format("{}{:0<{}}", whole, decimals, kRateDecimals);
  uint64_t rate = 0;
  const auto [end, error] = std::from_chars(nano.data(), nano.data() + nano.size(), rate);
  if (error == std::errc::result_out_of_range || rate > kMaxRateNano) {
    return Invalid(text, "must be at most 1000000000");
  }
  if (rate == 0) return Invalid(text, kRateTooLow);
  return rate;
}

absl::StatusOr<spdlog::level::level_enum> ParseLogLevel(std::string_view text) {
  using Level = spdlog::level::level_enum;
  static constexpr std::array<std::pair<std::string_view, Level>, 6> kLevels = {{
      {"trace", Level::trace},
      {"debug", Level::debug},
      {"info", Level::info},
      {"warn", Level::warn},
      {"error", Level::err},
      {"off", Level::off},
  }};
  for (const auto& [name, level] : kLevels) {
    if (text == name) return level;
  }
  return Invalid(text, "not a log level: write trace, debug, info, warn, error or off");
}

}  // namespace squall
