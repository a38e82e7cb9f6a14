#include "controller/logged_request.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "absl/strings/ascii.h"
#include "absl/time/civil_time.h"
#include "common/http_syntax.h"
#include "common/text_position.h"
#include "common/values.h"

namespace squall {
namespace {

constexpr int64_t kMicro = 1'000'000;

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

bool Take(std::string_view& text, std::string_view beginning) {
  if (!text.starts_with(beginning)) return false;
  text.remove_prefix(beginning.size());
  return true;
}

// So many digits.
bool TakeNumber(std::string_view& text, size_t digits, int64_t& number) {
  if (text.size() < digits || !std::all_of(text.begin(), text.begin() + digits, IsDigit)) {
    return false;
  }
  number = 0;
  for (const char c : text.substr(0, digits)) number = 10 * number + (c - '0');
  text.remove_prefix(digits);
  return true;
}

bool TakeMonth(std::string_view& text, int64_t& month) {
  static constexpr std::array<std::string_view, 12> kMonths = {
      "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const auto* const found = std::find(kMonths.begin(), kMonths.end(), text.substr(0, 3));
  if (found == kMonths.end()) return false;
  month = found - kMonths.begin() + 1;
  text.remove_prefix(3);
  return true;
}

// ".123" and more, if it is there.
bool TakeFraction(std::string_view& text, LoggedRequest& request) {
  if (!Take(text, ".")) {
    request.whole_seconds = true;
    return true;
  }
  int64_t unit = kMicro / 10;
  const size_t digits =
      static_cast<size_t>(std::find_if_not(text.begin(), text.end(), IsDigit) - text.begin());
  for (size_t i = 0; i < digits; ++i, unit /= 10) request.unix_us += (text[i] - '0') * unit;
  text.remove_prefix(digits);
  return digits != 0;
}

// "-0700", "-07:00" or "Z", in seconds.
bool TakeZone(std::string_view& text, int64_t& offset) {
  offset = 0;
  if (Take(text, "Z")) return true;
  const bool west = text.starts_with('-');
  if (!west && !text.starts_with('+')) return false;
  text.remove_prefix(1);
  int64_t hours = 0;
  int64_t minutes = 0;
  if (!TakeNumber(text, 2, hours)) return false;
  Take(text, ":");
  if (!TakeNumber(text, 2, minutes) || hours > 23 || minutes > 59) return false;
  offset = (west ? -1 : 1) * (3600 * hours + 60 * minutes);
  return true;
}

bool AddCivil(const std::array<int64_t, 6>& t, int64_t zone, LoggedRequest& request) {
  // Which is put right where there is no such day or second; a leap second is the next one.
  const bool leap = t[5] == 60;
  const absl::CivilSecond civil(t[0], t[1], t[2], t[3], t[4], leap ? 59 : t[5]);
  if (civil.month() != t[1] || civil.day() != t[2] || civil.hour() != t[3] ||
      civil.minute() != t[4] || civil.second() != (leap ? 59 : t[5])) {
    return false;
  }
  const int64_t seconds = civil - absl::CivilSecond(1970, 1, 1) + (leap ? 1 : 0) - zone;
  request.unix_us += seconds * kMicro;
  return true;
}

bool ReadTime(std::string_view text, LoggedRequest& request) {
  std::array<int64_t, 6> t{};  // year, month, day, hour, minute, second
  int64_t zone = 0;
  const auto clock = [&text, &t] {
    return TakeNumber(text, 2, t[3]) && Take(text, ":") && TakeNumber(text, 2, t[4]) &&
           Take(text, ":") && TakeNumber(text, 2, t[5]);
  };
  const size_t point = text.find_first_not_of("0123456789");
  if (point == 2) {
    return TakeNumber(text, 2, t[2]) && Take(text, "/") && TakeMonth(text, t[1]) &&
           Take(text, "/") && TakeNumber(text, 4, t[0]) && Take(text, ":") && clock() &&
           TakeFraction(text, request) && Take(text, " ") && TakeZone(text, zone) && text.empty() &&
           AddCivil(t, zone, request);
  }
  if (point == 4) {
    return TakeNumber(text, 4, t[0]) && Take(text, "-") && TakeNumber(text, 2, t[1]) &&
           Take(text, "-") && TakeNumber(text, 2, t[2]) && Take(text, "T") && clock() &&
           TakeFraction(text, request) && TakeZone(text, zone) && text.empty() &&
           AddCivil(t, zone, request);
  }
  int64_t seconds = 0;
  const size_t digits = std::min(point, text.size());
  if (digits < 5 || digits > 11 || !TakeNumber(text, digits, seconds)) return false;
  request.unix_us = seconds * kMicro;
  return TakeFraction(text, request) && text.empty();
}

int HexDigit(char c) {
  if (IsDigit(c)) return c - '0';
  const char lower = absl::ascii_tolower(static_cast<unsigned char>(c));
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

// A byte as servers write it: \xC3, \", \n.
char Unescaped(std::string_view& text) {
  const char first = text.front();
  text.remove_prefix(1);
  if (first != '\\' || text.empty()) return first;
  const char kind = text.front();
  if (kind == 'x' && text.size() >= 3 && HexDigit(text[1]) >= 0 && HexDigit(text[2]) >= 0) {
    const int byte = 16 * HexDigit(text[1]) + HexDigit(text[2]);
    text.remove_prefix(3);
    return static_cast<char>(byte);
  }
  text.remove_prefix(1);
  constexpr std::string_view kLetters = "bnrtv";
  constexpr std::string_view kMeanings = "\b\n\r\t\v";
  const size_t letter = kLetters.find(kind);
  return letter == std::string_view::npos ? kind : kMeanings[letter];
}

// As it can be sent: braces in pairs would be a placeholder.
std::string Sendable(std::string_view target) {
  std::string sendable;
  sendable.reserve(target.size());
  while (!target.empty()) {
    const bool braces = target.starts_with("{{") || target.starts_with("}}");
    const char c = Unescaped(target);
    const auto byte = static_cast<unsigned char>(c);
    if (byte > 0x20 && byte < 0x7F && c != '#' && !braces) {
      sendable += c;
    } else {
      sendable += fmt::format("%{:02X}", byte);
    }
  }
  return sendable;
}

// Path and query of what a proxy is asked for.
std::string_view WithoutOrigin(std::string_view target) {
  const size_t scheme = target.find("://");
  if (target.starts_with('/') || scheme == std::string_view::npos) return target;
  const size_t path = target.find('/', scheme + 3);
  return path == std::string_view::npos ? "/" : target.substr(path);
}

void ReadRequest(std::string_view text, LoggedRequest& request) {
  const size_t space = text.find(' ');
  if (space == std::string_view::npos || !CheckMethod(text.substr(0, space)).ok()) return;
  std::string_view target = text.substr(space + 1);
  const size_t version = target.find(' ');
  if (version != std::string_view::npos) {
    if (!target.substr(version + 1).starts_with("HTTP/")) return;
    if (target.find(' ', version + 1) != std::string_view::npos) return;
    target = target.substr(0, version);
  }
  target = WithoutOrigin(target);
  if (!target.starts_with('/')) return;
  request.method = text.substr(0, space);
  request.target = Sendable(target);
}

// Where a quoted text ends: a backslash takes the meaning from what follows it.
size_t EndOfQuoted(std::string_view text) {
  for (size_t i = 1; i < text.size(); ++i) {
    if (text[i] == '\\') {
      ++i;
    } else if (text[i] == '"') {
      return i;
    }
  }
  return std::string_view::npos;
}

}  // namespace

absl::StatusOr<LoggedRequest> ParseLoggedRequest(std::string_view line) {
  if (line.ends_with('\r')) line.remove_suffix(1);
  const auto wrong = [line](size_t at, std::string_view what) {
    return absl::InvalidArgumentError(fmt::format("{}: {}", PositionIn(line, at).column, what));
  };
  const size_t open = line.find('[');
  if (open == std::string_view::npos) {
    return wrong(0, "no [time] in it: a line of an access log is ADDRESS - - [TIME] \"REQUEST\" …");
  }
  const size_t close = line.find(']', open);
  const std::string_view time = line.substr(open + 1, close - open - 1);
  LoggedRequest request;
  if (close == std::string_view::npos || !ReadTime(time, request)) {
    return wrong(open + 1, fmt::format("{}: not a time: write e.g. 10/Oct/2000:13:55:36 -0700",
                                       Quoted(time.substr(0, 40))));
  }
  const size_t quoted = close + 2;
  if (line.substr(close + 1, 2) != " \"") {
    return wrong(std::min(close + 1, line.size()), "no \"request\" in quotes behind the time");
  }
  const size_t end = EndOfQuoted(line.substr(quoted));
  if (end == std::string_view::npos) {
    return wrong(quoted, "the quotes around the request do not end");
  }
  ReadRequest(line.substr(quoted + 1, end - 1), request);
  return request;
}

}  // namespace squall
