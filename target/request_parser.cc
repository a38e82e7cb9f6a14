#include "target/request_parser.h"

#include <algorithm>

#include "absl/strings/match.h"

namespace squall::target {
namespace {

constexpr std::string_view kStatsPath = "/__stats";
constexpr std::string_view kExpect = "expect";
constexpr std::string_view kContinue = "100-continue";

RequestParser& Self(http_parser* parser) { return *static_cast<RequestParser*>(parser->data); }

// Keeps one byte more than `wanted` has, enough to tell whether the whole is equal to it.
void AppendToCompare(std::string& kept, std::string_view wanted, const char* text, size_t length) {
  kept.append(text, std::min(length, wanted.size() + 1 - kept.size()));
}

bool EqualsIgnoringCase(const std::string& text, std::string_view wanted) {
  return text.size() == wanted.size() &&
         absl::EqualsIgnoreCase(text, {wanted.data(), wanted.size()});
}

}  // namespace

const http_parser_settings RequestParser::kSettings = [] {
  http_parser_settings settings;
  http_parser_settings_init(&settings);
  settings.on_message_begin = &RequestParser::OnMessageBegin;
  settings.on_url = &RequestParser::OnUrl;
  settings.on_header_field = &RequestParser::OnHeaderField;
  settings.on_header_value = &RequestParser::OnHeaderValue;
  settings.on_headers_complete = &RequestParser::OnHeadersComplete;
  settings.on_message_complete = &RequestParser::OnMessageComplete;
  return settings;
}();

RequestParser::RequestParser(UrlsAre urls) : keeps_urls_(urls == UrlsAre::kKept) {
  http_parser_init(&parser_, HTTP_REQUEST);
  parser_.data = this;
}

RequestParser::Step RequestParser::Parse(std::string_view& input) noexcept {
  step_ = Step::kNeedsMore;
  // Each step but the first leaves the library paused, so that nothing after it is looked at.
  if (HTTP_PARSER_ERRNO(&parser_) == HPE_PAUSED) http_parser_pause(&parser_, 0);
  const size_t used = http_parser_execute(&parser_, &kSettings, input.data(), input.size());
  input.remove_prefix(std::min(used, input.size()));
  const http_errno error = HTTP_PARSER_ERRNO(&parser_);
  return error == HPE_OK || error == HPE_PAUSED ? step_ : Step::kMalformed;
}

std::string_view RequestParser::method() const {
  return http_method_str(static_cast<http_method>(parser_.method));
}

bool RequestParser::is_for_stats() const {
  return url_.starts_with(kStatsPath) &&
         (url_.size() == kStatsPath.size() || url_[kStatsPath.size()] == '?');
}

int RequestParser::OnMessageBegin(http_parser* parser) noexcept {
  RequestParser& self = Self(parser);
  self.url_.clear();
  self.header_name_.clear();
  self.header_value_.clear();
  self.in_value_ = false;
  self.expects_continue_ = false;
  return 0;
}

int RequestParser::OnUrl(http_parser* parser, const char* text, size_t length) noexcept {
  RequestParser& self = Self(parser);
  if (self.keeps_urls_) {
    self.url_.append(text, length);
  } else {
    AppendToCompare(self.url_, kStatsPath, text, length);
  }
  return 0;
}

int RequestParser::OnHeaderField(http_parser* parser, const char* text, size_t length) noexcept {
  RequestParser& self = Self(parser);
  if (self.in_value_) self.EndHeader();
  AppendToCompare(self.header_name_, kExpect, text, length);
  return 0;
}

int RequestParser::OnHeaderValue(http_parser* parser, const char* text, size_t length) noexcept {
  RequestParser& self = Self(parser);
  self.in_value_ = true;
  AppendToCompare(self.header_value_, kContinue, text, length);
  return 0;
}

void RequestParser::EndHeader() {
  if (EqualsIgnoringCase(header_name_, kExpect) && EqualsIgnoringCase(header_value_, kContinue)) {
    expects_continue_ = true;
  }
  header_name_.clear();
  header_value_.clear();
  in_value_ = false;
}

int RequestParser::OnHeadersComplete(http_parser* parser) noexcept {
  RequestParser& self = Self(parser);
  self.EndHeader();
  const bool has_body = (parser->flags & F_CHUNKED) != 0 ||
                        ((parser->flags & F_CONTENTLENGTH) != 0 && parser->content_length > 0);
  // An HTTP/1.0 client knows no interim answers (RFC 9110, 10.1.1).
  if (self.expects_continue_ && has_body && self.is_http_1_1()) {
    self.step_ = Step::kWantsContinue;
    http_parser_pause(parser, 1);
  }
  return 0;
}

int RequestParser::OnMessageComplete(http_parser* parser) noexcept {
  Self(parser).step_ = Step::kRequest;
  http_parser_pause(parser, 1);
  return 0;
}

std::string_view ReasonPhrase(int status) {
  const std::string_view phrase = http_status_str(static_cast<http_status>(status));
  return phrase.starts_with('<') ? std::string_view() : phrase;
}

}  // namespace squall::target
