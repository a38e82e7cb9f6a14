#include "common/raw_request.h"

#include <algorithm>
#include <cstddef>
#include <http_parser.h>

#include <fmt/format.h>

#include "common/http_syntax.h"

namespace squall {
namespace {

struct Reading {
  RawRequests requests;
  bool begun = false;  // one that is not whole yet
};

Reading& Of(http_parser* parser) { return *static_cast<Reading*>(parser->data); }

int OnBegin(http_parser* parser) noexcept {
  Of(parser).begun = true;
  return 0;
}

int OnComplete(http_parser* parser) noexcept {
  Reading& reading = Of(parser);
  RawRequests& requests = reading.requests;
  const auto method = static_cast<http_method>(parser->method);
  // Behind these the connection's bytes are no HTTP any more.
  if (method == HTTP_CONNECT || requests.count == RawRequests::kMost) return 1;
  if (method == HTTP_HEAD) requests.heads |= uint64_t{1} << requests.count;
  requests.idempotent =
      (requests.count == 0 || requests.idempotent) && IsIdempotent(http_method_str(method));
  ++requests.count;
  reading.begun = false;
  return 0;
}

const http_parser_settings kSettings = [] {
  http_parser_settings settings;
  http_parser_settings_init(&settings);
  settings.on_message_begin = &OnBegin;
  settings.on_message_complete = &OnComplete;
  return settings;
}();

// "line 2, column 7".
std::string Place(std::string_view bytes, size_t at) {
  const std::string_view before = bytes.substr(0, at);
  const size_t line_begin = before.rfind('\n') + 1;  // npos + 1 is 0
  return fmt::format("line {}, column {}", std::count(before.begin(), before.end(), '\n') + 1,
                     before.size() - line_begin + 1);
}

absl::Status Wrong(std::string_view what) {
  return absl::InvalidArgumentError(
      fmt::format("request() returned no request of HTTP/1.1: {}", what));
}

}  // namespace

absl::StatusOr<RawRequests> ParseRawRequests(std::string_view bytes) {
  if (bytes.empty()) return Wrong("an empty text");
  Reading reading;
  http_parser parser;
  http_parser_init(&parser, HTTP_REQUEST);
  parser.data = &reading;
  const size_t read = http_parser_execute(&parser, &kSettings, bytes.data(), bytes.size());
  const http_errno error = HTTP_PARSER_ERRNO(&parser);
  if (error == HPE_CB_message_complete) {
    return Wrong(parser.method == HTTP_CONNECT
                     ? "CONNECT is not sent: what follows it would be no HTTP"
                     : fmt::format("more than {} of them in one text", RawRequests::kMost));
  }
  if (error != HPE_OK || read != bytes.size()) {
    const char* what = error == HPE_OK ? "more behind a request" : http_errno_description(error);
    return Wrong(fmt::format("{}, at {} of it", what, Place(bytes, read)));
  }
  if (reading.begun) {
    return Wrong("the empty line behind the headers, or some of the body, is missing");
  }
  // The library passes over empty lines in front of a request.
  if (reading.requests.count == 0) return Wrong("nothing but empty lines");
  return reading.requests;
}

}  // namespace squall
