// Takes requests out of the bytes of one connection, in whatever pieces they come.
//
// This file pair alone knows the HTTP parsing library. Bodies are passed over, never kept; memory
// does not depend on what is sent, but for the URL where that is kept. Not thread-safe.
#pragma once

#include <cstddef>
#include <http_parser.h>
#include <string>
#include <string_view>

namespace squall::target {

// What becomes of a request's URL: compared with those of our own, or also kept whole.
enum class UrlsAre { kCompared, kKept };

class RequestParser {
 public:
  enum class Step {
    kNeedsMore,      // all bytes are used up
    kWantsContinue,  // the client waits for "100 Continue" before it sends the body
    kRequest,        // a request has been read whole; it is described by the accessors below
    kMalformed,      // these bytes are no request; the parser can't go on
  };

  explicit RequestParser(UrlsAre urls = UrlsAre::kCompared);
  // The library holds a pointer to this object.
  RequestParser(const RequestParser&) = delete;
  RequestParser& operator=(const RequestParser&) = delete;

  // Parses on from where the last call ended, up to the next step; takes what it has used off the
  // front of `input`.
  Step Parse(std::string_view& input) noexcept;

  // Of the request last read. Valid until the next call of Parse().
  bool is_get() const { return parser_.method == HTTP_GET; }
  bool is_head() const { return parser_.method == HTTP_HEAD; }
  bool is_delete() const { return parser_.method == HTTP_DELETE; }
  std::string_view method() const;
  // As it was sent, if it is kept.
  std::string_view url() const { return url_; }
  // Its path is /__stats.
  bool is_for_stats() const;
  // The client can take another answer on this connection.
  bool keep_alive() const { return http_should_keep_alive(&parser_) != 0; }
  // HTTP/1.1 or later.
  bool is_http_1_1() const { return parser_.http_major == 1 && parser_.http_minor >= 1; }

 private:
  static const http_parser_settings kSettings;
  static int OnMessageBegin(http_parser* parser) noexcept;
  static int OnUrl(http_parser* parser, const char* text, size_t length) noexcept;
  static int OnHeaderField(http_parser* parser, const char* text, size_t length) noexcept;
  static int OnHeaderValue(http_parser* parser, const char* text, size_t length) noexcept;
  static int OnHeadersComplete(http_parser* parser) noexcept;
  static int OnMessageComplete(http_parser* parser) noexcept;
  void EndHeader();

  http_parser parser_{};
  Step step_ = Step::kNeedsMore;
  const bool keeps_urls_;
  // The beginnings of these three, a byte more than they are compared with: short enough for a
  // string to need no memory of its own. Of the URL all, if it is kept: the library bounds it.
  std::string url_;
  std::string header_name_;
  std::string header_value_;
  bool in_value_ = false;
  bool expects_continue_ = false;
};

// "Not Found"; empty for a status without a name.
std::string_view ReasonPhrase(int status);

}  // namespace squall::target
