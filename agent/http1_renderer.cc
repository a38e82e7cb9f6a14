#include "agent/http1_renderer.h"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <string_view>

#include <fmt/format.h>

namespace squall {
namespace {

constexpr std::string_view kContentLength = "Content-Length: ";
constexpr std::string_view kSeparator = ": ";
constexpr std::string_view kLineEnd = "\r\n";
constexpr size_t kLongestNumber = 20;

char* Copy(std::string_view text, char* to) {
  std::memcpy(to, text.data(), text.size());
  return to + text.size();
}

char* WriteNumber(uint64_t number, char* to) {
  return std::to_chars(to, to + kLongestNumber, number).ptr;
}

// In an exchange's own memory.
inline char* RoomFor(size_t bytes, Http1Exchange& exchange) {
  std::string& memory = exchange.own_bytes;
  if (memory.size() < bytes) memory.resize(std::max(bytes, 2 * memory.size()));
  return memory.data();
}

size_t Digits(uint64_t number) {
  size_t digits = 1;
  for (; number >= 10; number /= 10) ++digits;
  return digits;
}

}  // namespace

void Http1Renderer::Write(const RequestTag& tag, Http1Exchange& exchange) {
  const TemplateInput input = source_.Input(tag.number, index_, &fields_);
  if (one_url_ && one_origin_ == nullptr) FindOne(input);
  if (one_url_ && ends_at_head_) {
    exchange.origin = one_origin_;
    char* const begin = RoomFor(one_head_.Bound(input), exchange);
    exchange.bytes = {begin, static_cast<size_t>(one_head_.Write(input, begin) - begin)};
    return;
  }
  const Template* head = &one_head_;
  std::string_view target;
  if (one_url_) {
    exchange.origin = one_origin_;
  } else {
    source_.Url(input, url_);
    exchange.origin = &origins_.Find(url_, target);
    head = &heads_.Of(*exchange.origin).head;
  }
  char* const begin = RoomFor(Bound(input, *head, target, tag), exchange);
  char* to = begin;
  if (!one_url_) {
    to = Copy(request_.method(), to);
    *to++ = ' ';
    if (!target.starts_with('/')) *to++ = '/';
    to = Copy(target, to);
  }
  to = head->Write(input, to);
  if (request_.is_tagged()) to = WriteTag(tag, to);
  if (request_.rendered_body() != nullptr) {
    to = WriteRenderedBody(input, to);
  } else {
    to = Copy(request_.short_body(), Copy(kLineEnd, to));
  }
  exchange.bytes = {begin, static_cast<size_t>(to - begin)};
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
  if (ends_at_head_) one_head_.AddText(fmt::format("{}{}", kLineEnd, request_.short_body()));
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

char* Http1Renderer::WriteTag(const RequestTag& tag, char* to) const {
  to = Copy(kLineEnd, Copy(tag.run, Copy(kSeparator, Copy(kRunHeader, to))));
  return Copy(kLineEnd, WriteNumber(tag.number, Copy(kSeparator, Copy(kRequestHeader, to))));
}

// Its length stands in front of it, and is known behind it: the room left for it is that of the
// largest.
char* Http1Renderer::WriteRenderedBody(const TemplateInput& input, char* to) const {
  const Template& body = *request_.rendered_body();
  to = Copy(kContentLength, to);
  char* const begin = to + Digits(body.Bound(input)) + 2 * kLineEnd.size();
  const char* const end = body.Write(input, begin);
  const auto size = static_cast<size_t>(end - begin);
  to = Copy(kLineEnd, Copy(kLineEnd, WriteNumber(size, to)));
  if (to != begin) std::memmove(to, begin, size);
  return to + size;
}

}  // namespace squall
