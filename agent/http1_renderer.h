// The bytes of those HTTP/1.1 requests that have placeholders: each is rendered anew.
//
// Belongs to one worker's thread. Allocates only while an exchange's memory has not yet grown to
// its longest request.
#pragma once

#include <cstdint>
#include <string>

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
        ends_at_head_(!request.is_tagged() && request.rendered_body() == nullptr),
        request_(request),
        heads_(heads),
        origins_(origins) {}

  // Writes request `tag.number` into the exchange's own memory, and sets its origin.
  void Write(const RequestTag& tag, Http1Exchange& exchange);

 private:
  void FindOne(const TemplateInput& input);
  size_t Bound(const TemplateInput& input, const Template& head, std::string_view target,
               const RequestTag& tag) const;
  char* WriteTag(const RequestTag& tag, char* to) const;
  char* WriteRenderedBody(const TemplateInput& input, char* to) const;

  const RequestSource& source_;
  const uint32_t index_;
  const bool one_url_;
  const bool ends_at_head_;  // what follows is always the same
  const Http1Request& request_;
  Http1Heads& heads_;
  Http1Origins& origins_;
  std::string url_;                    // of a list
  std::string fields_;                 // of its line
  Http1Origin* one_origin_ = nullptr;  // without a list
  // And all of its requests that stands in front of a tag, and of a body that is rendered.
  Template one_head_;
};

}  // namespace squall
