#include "target/responses.h"

#include <fmt/format.h>

#include "target/request_parser.h"

namespace squall::target {
namespace {

constexpr std::string_view kMalformedBody = "this is not an HTTP/1 request\n";

// Printable, and never two equal neighbours, so that a body that was cut or shifted shows.
std::string MakeBody(uint64_t bytes) {
  constexpr std::string_view kPattern = "squall target 0123456789 abcdefghijklmnopqrstuvwxyz\n";
  std::string body;
  body.reserve(bytes);
  while (body.size() < bytes) body.append(kPattern.substr(0, bytes - body.size()));
  return body;
}

bool AllowsBody(int status) { return status != 204 && status != 304; }

}  // namespace

std::string ResponseHead(int status, Persistence persistence, uint64_t body_bytes,
                         std::string_view more_headers) {
  std::string head =
      fmt::format("HTTP/1.1 {} {}\r\nServer: squall\r\n", status, ReasonPhrase(status));
  if (AllowsBody(status)) head += fmt::format("Content-Length: {}\r\n", body_bytes);
  if (persistence == Persistence::kKeepAlive) head += "Connection: keep-alive\r\n";
  if (persistence == Persistence::kClose) head += "Connection: close\r\n";
  head += more_headers;
  head += "\r\n";
  return head;
}

Responses::Responses(const Options& options)
    : statuses_{options.status, 500, 400},
      body_(MakeBody(options.body_bytes)),
      bodies_{body_, body_, kMalformedBody} {
  for (size_t answer = 0; answer < kAnswers; ++answer) {
    const std::string_view type = bodies_[answer].empty() ? "" : "Content-Type: text/plain\r\n";
    for (size_t persistence = 0; persistence < kPersistences; ++persistence) {
      heads_[answer][persistence] = ResponseHead(
          statuses_[answer], static_cast<Persistence>(persistence), bodies_[answer].size(), type);
    }
  }
}

}  // namespace squall::target
