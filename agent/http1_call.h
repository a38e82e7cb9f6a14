// One of the plan's requests over HTTP/1.1: what it sends, and what its answers are held against.
//
// Where all its requests are the same bytes, they are made once. Belongs to one worker's thread;
// stays where it is.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "agent/answer_check.h"
#include "agent/http1_exchange.h"
#include "agent/http1_known_header.h"
#include "agent/http1_line_writer.h"
#include "agent/http1_origin.h"
#include "agent/http1_ready.h"
#include "agent/http1_renderer.h"
#include "agent/http1_request.h"
#include "agent/transport.h"
#include "common/request_tag.h"

namespace squall {

class Http1Call {
 public:
  // Of the request of that index. `origins` and the source outlive it.
  Http1Call(const TransportSetup& setup, uint32_t index, Http1Origins& origins);
  Http1Call(const Http1Call&) = delete;
  Http1Call& operator=(const Http1Call&) = delete;

  // Gives an exchange its origin and its bytes, if these are known beforehand.
  bool WriteAlike(Http1Exchange& exchange) const {
    if (alike_origin_ == nullptr) return false;
    exchange.origin = alike_origin_;
    exchange.bytes = alike_bytes_;
    return true;
  }
  // The same otherwise. Without a source, the request is for `url`.
  void Write(const RequestTag& tag, const std::string& url, Http1Exchange& exchange) {
    if (always_rendered_ != nullptr) return always_rendered_->Write(tag, exchange);
    if (lines_ && lines_->Write(tag.number, exchange)) return;
    if (ready_) return WriteReady(tag, url, exchange);
    WriteAnew(tag, url, exchange);
  }

  const Http1Request& request() const { return request_; }
  // Both are for Http1Response::Follow().
  Http1KnownHeader& known_header() { return known_header_; }
  const Http1KnownHeader& known_header() const { return known_header_; }
  AnswerChecks* checks() { return checks_ ? &*checks_ : nullptr; }

 private:
  void WriteReady(const RequestTag& tag, const std::string& url, Http1Exchange& exchange);
  void WriteAnew(const RequestTag& tag, const std::string& url, Http1Exchange& exchange);

  const RequestSource* const source_;  // null: there is none
  const Http1Request request_;
  const bool alike_;  // all are the same bytes
  Http1Origins& origins_;
  Http1Heads heads_;
  std::optional<Http1Renderer> renderer_;     // where some of it is rendered
  std::optional<Http1Ready> ready_;           // where few are different
  Http1Renderer* always_rendered_ = nullptr;  // where many are
  std::optional<Http1LineWriter> lines_;      // where many are, by what a list says alone
  Http1Origin* alike_origin_ = nullptr;       // once it is known
  std::string alike_bytes_;
  std::string url_;  // of the source
  Http1KnownHeader known_header_;
  std::optional<AnswerChecks> checks_;
};

}  // namespace squall
