// The lines of lists, as agents are sent them.
//
//     https://api.test/items/1        a list of URLs
//     GET https://api.test/items/1    of requests: a word that says what is sent, and where to
//     1500 GET /items/1               of requests that are due at a time: microseconds after the
//                                     first one, which do not sink from line to line
//     PUT:Accept,X-Id= /items/1 Ki8q NDE= e30=
//                                     of requests that have headers (behind a colon) and a body
//                                     (an equals sign) of their own: their fields follow in this
//                                     order, in base64; a "-" is an empty one
//
// Any blanks may stand between the parts. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "common/protocol.h"
#include "squall/v1/plan.pb.h"

namespace squall {

struct ListForm {
  bool requests = false;  // there are words
  bool timed = false;     // and times
  bool fields = false;    // and fields, in some lines

  static ListForm Of(const v1::UrlList& urls);
  bool operator==(const ListForm&) const = default;
};

// The word in front of a URL. Borrowed from it.
struct ListWord {
  std::string_view method;
  std::vector<std::string_view> headers;
  bool body = false;

  size_t fields() const { return headers.size() + (body ? 1 : 0); }
};

// INVALID_ARGUMENT: it is none.
absl::StatusOr<ListWord> ParseListWord(std::string_view word);

// Lines with this word have fields.
inline bool HasFields(std::string_view word) { return word.find_first_of(":=") != word.npos; }

// The latest time of a line, in microseconds.
inline constexpr uint64_t kMaxListedUs = static_cast<uint64_t>(kMaxDurationNs) / 1000;

// The first word of `text`, which is taken off with the blanks behind it.
inline std::string_view TakeWord(std::string_view& text) {
  size_t end = 0;
  while (end < text.size() && text[end] != ' ' && text[end] != '\t') ++end;
  const std::string_view word = text.substr(0, end);
  while (end < text.size() && (text[end] == ' ' || text[end] == '\t')) ++end;
  text.remove_prefix(end);
  return word;
}

// The field of that index, as it stands in the line; empty: there is none.
inline std::string_view FieldOf(std::string_view fields, size_t index) {
  for (; index > 0; --index) TakeWord(fields);
  const std::string_view field = TakeWord(fields);
  return field == "-" ? std::string_view() : field;
}

// A time as it stands in a line. False: it is none.
inline bool ReadListedUs(std::string_view word, uint64_t& us) {
  if (word.empty() || word.size() > 14) return false;
  us = 0;
  for (const char c : word) {
    if (c < '0' || c > '9') return false;
    us = 10 * us + static_cast<uint64_t>(c - '0');
  }
  return us <= kMaxListedUs;
}

}  // namespace squall
