// A line of a server's access log, as far as it tells of a request of a run.
//
// The forms "common" and "combined" of Apache and nginx, whatever follows:
//
//     address ident user [time] "request" status bytes "referer" "user agent" …
//
// (https://httpd.apache.org/docs/2.4/logs.html#combined). Of what follows `bytes`, in quotes or
// not, only the headers of a tag are looked at (common/request_tag.h): Squall-Run, and
// Squall-Request next behind it. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace squall {

struct AccessLine {
  uint32_t status = 0;  // three digits
  // Of the tag; without one, `run` is empty. Borrowed from the line.
  std::string_view run = "";
  bool warm_up = false;
  uint64_t number = 0;  // below 2^63
};

// `line` has no line break. Nothing if it is of another form, or has half a tag.
std::optional<AccessLine> ParseAccessLine(std::string_view line);

}  // namespace squall
