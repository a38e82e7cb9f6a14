#include "agent/http1_renderer.h"

#include <algorithm>
#include <string_view>

#include <fmt/format.h>

namespace squall {
namespace {

constexpr std::string_view kContentLength = "Content-Length: ";
constexpr std::string_view kSeparator = ": ";
constexpr std::string_view kLineEnd = "\r\n";

// The end of an exchange's own memory, with so much room in front of it.
char* EndOf(size_t room, Http1Exchange& exchange) {
  std::string& memory = exchange.own_bytes;
  if (memory.size() < room) memory.resize(std::max(room, 2 * memory.size()));
  return memory.data() + memory.size();
}

}  // namespace

void Http1Renderer::WriteAny(const RequestTag& tag, Http1Exchange& exchange) {
  const TemplateInput input = source_.Input(tag.number, index_, &fields_);
  if (one_url_ && one_origin_ == nullptr) FindOne(input);
  if (one_url_ && ends_alike_) return WriteOne(input, exchange);
  const Template* head = &one_head_;
  std::string_view target;
  if (one_url_) {
    exchange.origin = one_origin_;
  } else {
    source_.Url(input, url_);
    exchange.origin = &origins_.Find(url_, target);
    head = &heads_.Of(*exchange.origin).head;
  }
  char* const end = EndOf(kWriteSlack + Bound(input, *head, target, tag), exchange);
  char* to = end;
  if (request_.rendered_body() != nullptr) {
    to = WriteRenderedBodyBefore(input, to);
  } else {
    to = WriteTextBefore(kLineEnd, WriteTextBefore(request_.short_body(), to));
  }
  if (request_.is_tagged()) to = WriteTagBefore(tag, to);
  to = head->WriteBefore(input, to);
  if (!one_url_) {
    to = WriteTextBefore(target, to);
    if (!target.starts_with('/')) *--to = '/';
    *--to = ' ';
    to = WriteTextBefore(request_.method(), to);
  }
  exchange.bytes = {to, static_cast<size_t>(end - to)};
  exchange.ending.of = nullptr;
}

void Http1Renderer::WriteOne(const TemplateInput& input, Http1Exchange& exchange) {
  WriteTextBefore(one_head_.ending(), EndOf(kWriteSlack + one_head_.Bound(input), exchange));
  WriteValues(input, exchange);
  exchange.ending.of = source_.of_number_alone() ? this : nullptr;
}

// The first request tells where all of them go.
void Http1Renderer::FindOne(const TemplateInput& input) {
  source_.Url(input, url_);
  std::string_view target;
  one_origin_ = &origins_.Find(url_, target);
  const Template& url = source_.templates(index_)->url();
  const Template path = url.WithoutBeginning(one_origin_->name.size());
  one_head_.AddText(request_.method());
  one_head_.AddText(target.starts_with('/') ? " " : " /");
  one_head_.Add(path);
  one_head_.Add(heads_.Of(*one_origin_).head);
  if (ends_alike_) one_head_.AddText(fmt::format("{}{}", kLineEnd, request_.short_body()));
}

size_t Http1Renderer::Bound(const TemplateInput& input, const Template& head,
                            std::string_view target, const RequestTag& tag) const {
  size_t bound = head.Bound(input) + kLineEnd.size() + request_.short_body().size();
  if (!one_url_) bound += request_.method().size() + 2 + target.size();
  if (request_.is_tagged()) {
    bound += kRunHeader.size() + kRequestHeader.size() + tag.run.size() + kLongestNumber +
             2 * (kSeparator.size() + kLineEnd.size());
  }
  if (const Template* body = request_.rendered_body()) {
    bound += kContentLength.size() + kLongestNumber + 2 * kLineEnd.size() + body->Bound(input);
  }
  return bound;
}

char* Http1Renderer::WriteTagBefore(const RequestTag& tag, char* end) const {
  end = WriteNumberBefore(tag.number, WriteTextBefore(kLineEnd, end));
  end = WriteTextBefore(kRequestHeader, WriteTextBefore(kSeparator, end));
  end = WriteTextBefore(tag.run, WriteTextBefore(kLineEnd, end));
  return WriteTextBefore(kRunHeader, WriteTextBefore(kSeparator, end));
}

// And the header that tells its length.
char* Http1Renderer::WriteRenderedBodyBefore(const TemplateInput& input, char* end) const {
  char* const body = request_.rendered_body()->WriteBefore(input, end);
  char* to = WriteTextBefore(kLineEnd, WriteTextBefore(kLineEnd, body));
  to = WriteNumberBefore(static_cast<size_t>(end - body), to);
  return WriteTextBefore(kContentLength, to);
}

}  // namespace squall
