// One answer on an HTTP/1.1 connection, read from its bytes in whatever pieces they come.
//
// This file pair alone of the agent knows the HTTP parsing library. Nothing is kept but counts and,
// of an error, the first bytes of its body. Not thread-safe.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <http_parser.h>
#include <memory>
#include <string>
#include <string_view>

#include "agent/answer_check.h"
#include "agent/http1_known_header.h"
#include "common/metrics.h"
#include "common/script_answer.h"

namespace squall {

class Http1Response {
 public:
  // Before the first Begin(), Follow() is called.
  Http1Response() = default;
  explicit Http1Response(Http1KnownHeader& known, AnswerChecks* checks = nullptr,
                         bool keeps = false) {
    Follow(known, checks, keeps);
  }
  // The library holds a pointer to this object.
  Http1Response(const Http1Response&) = delete;
  Http1Response& operator=(const Http1Response&) = delete;

  // Once in the process, before the first answer: how large a header may be.
  static void SetUp() noexcept;

  // To what request the answers are from the next one on: all to one share `known` and `checks`,
  // which they are held against (null: there are none). Both belong to the thread, and outlive
  // this. `keeps`: they are kept, for response() of a script.
  void Follow(Http1KnownHeader& known, AnswerChecks* checks, bool keeps = false) {
    if (known_ != &known) Take(known, checks, keeps);
  }
  // A new answer is expected; to a HEAD request it has no body.
  void Begin(bool to_head) noexcept {
    to_head_ = to_head;
    begun_ = false;
    sample_size_ = 0;
    header_bytes_ = 0;
    body_bytes_ = 0;
    if (check_ != nullptr || kept_ != nullptr) BeginCheck();
  }

  enum class Progress {
    kMore,      // all bytes are used up
    kComplete,  // the answer is whole
    kInvalid,   // these bytes are no answer; error() says why
  };
  // Takes what it has used off the front of `bytes`.
  Progress Read(std::string_view& bytes) noexcept;
  // The connection has been closed: true if that completes the answer.
  bool Close() noexcept;

  // Any byte of it has come.
  bool begun() const { return begun_; }
  // Of a complete answer: the server takes another request on this connection.
  bool keeps_alive() const { return keeps_alive_; }
  // Header, trailers and body, without the framing of chunks; provisional answers (1xx) as well.
  uint64_t bytes() const { return header_bytes_ + body_bytes_; }
  // Of a complete answer: status, verdict, and of a failure the detail, which is borrowed from
  // here.
  void Tell(Outcome& outcome) {
    outcome.status = status_;
    if (check_ != nullptr || sample_size_ != 0) TellMore(outcome);
  }
  std::string_view error() const { return error_; }
  // What has come of an answer; null: nothing is kept.
  const ScriptAnswer* kept() const { return kept_.get(); }

 private:
  // What the bytes that are not the body's belong to.
  enum class Part : uint8_t { kHeader, kChunks, kTrailers };

  static const http_parser_settings kSettings;
  static const http_parser_settings kSettingsForHeaders;  // that are looked at
  static int OnHeaderName(http_parser* parser, const char* bytes, size_t size) noexcept;
  static int OnHeaderValue(http_parser* parser, const char* bytes, size_t size) noexcept;
  static int OnHeadersComplete(http_parser* parser) noexcept;
  static int OnChunkHeader(http_parser* parser) noexcept;
  static int OnBody(http_parser* parser, const char* bytes, size_t size) noexcept;
  static int OnMessageComplete(http_parser* parser) noexcept;
  static Http1Response& Of(http_parser* parser);

  void Take(Http1KnownHeader& known, AnswerChecks* checks, bool keeps);
  Progress Parse(std::string_view& bytes) noexcept;
  Progress Invalid(std::string_view error);
  void Expect();
  bool Learnable(Progress progress) const;
  void BeginCheck() noexcept;
  void TellMore(Outcome& outcome);
  void EndHeader();

  Http1KnownHeader* known_ = nullptr;
  const http_parser_settings* settings_ = nullptr;
  AnswerCheckKeeper checks_;
  AnswerCheck* check_ = nullptr;        // null: there is nothing to check
  std::unique_ptr<ScriptAnswer> kept_;  // null: nothing is kept
  http_parser parser_;                  // from the first byte on
  Part part_ = Part::kHeader;
  bool to_head_ = false;
  bool begun_ = false;
  bool complete_ = false;
  bool keeps_alive_ = false;
  uint16_t sample_size_ = 0;
  uint32_t status_ = 0;
  uint64_t header_bytes_ = 0;
  uint64_t body_bytes_ = 0;
  std::string_view error_;
  std::unique_ptr<std::array<char, Metrics::kMaxDetailBytes>> sample_;  // once there was an error
  // Where headers are looked at: the one that is being read.
  std::string header_name_;
  std::string header_value_;
  bool in_header_value_ = false;
};

}  // namespace squall
