// The bytes of those HTTP/1.1 requests that have placeholders: each is rendered anew.
//
// Belongs to one worker's thread. Allocates only while an exchange's memory has not yet grown to
// its longest request.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "agent/http1_exchange.h"
#include "agent/http1_origin.h"
#include "agent/http1_request.h"
#include "agent/request_source.h"
#include "common/request_tag.h"
#include "squall/v1/plan.pb.h"

namespace squall {

class Http1Renderer {
 public:
  // `plan` is borrowed for the call; the others outlive it. All are of the request of that index.
  Http1Renderer(const RequestSource& source, const v1::Plan& plan, uint32_t index,
                const Http1Request& request, Http1Heads& heads, Http1Origins& origins)
      : source_(source),
        index_(index),
        one_url_(!plan.has_urls()),
        ends_alike_(!request.is_tagged() && request.rendered_body() == nullptr),
        request_(request),
        heads_(heads),
        origins_(origins),
        input_{.request = index} {}

  // Writes request `tag.number` into the exchange's own memory, and sets its origin.
  void Write(const RequestTag& tag, Http1Exchange& exchange) {
    if (exchange.ending.of != this) return WriteAny(tag, exchange);
    input_.SetNumber(tag.number);
    WriteValues(input_, exchange);
  }

 private:
  void WriteAny(const RequestTag& tag, Http1Exchange& exchange);
  // All of it, where one_head_ is all of it.
  void WriteOne(const TemplateInput& input, Http1Exchange& exchange);
  // In front of the ending, which is there.
  void WriteValues(const TemplateInput& input, Http1Exchange& exchange) const {
    std::string& memory = exchange.own_bytes;
    char* const end = memory.data() + memory.size();
    const char* const begin = one_head_.WriteValuesBefore(input, end - one_head_.ending().size());
    exchange.origin = one_origin_;
    exchange.bytes = {begin, static_cast<size_t>(end - begin)};
  }
  void FindOne(const TemplateInput& input);
  size_t Bound(const TemplateInput& input, const Template& head, std::string_view target,
               const RequestTag& tag) const;
  char* WriteTagBefore(const RequestTag& tag, char* end) const;
  char* WriteRenderedBodyBefore(const TemplateInput& input, char* end) const;

  const RequestSource& source_;
  const uint32_t index_;
  const bool one_url_;
  const bool ends_alike_;  // behind the head, all are the same
  const Http1Request& request_;
  Http1Heads& heads_;
  Http1Origins& origins_;
  std::string url_;     // of a list
  std::string fields_;  // of its line

  // Without a list: where all go, and what stands in front of a tag, and of a body that is
  // rendered. Where all end alike it is all of them; an exchange's memory keeps what stands behind
  // the last value then, where there is always room for the values.
  Http1Origin* one_origin_ = nullptr;
  Template one_head_;
  TemplateInput input_;
};

}  // namespace squall
