#include "agent/http1_request.h"

#include <algorithm>

#include <fmt/format.h>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "agent/http1_origin.h"
#include "common/http_syntax.h"
#include "common/plan_requests.h"
#include "common/version.h"

namespace squall {
namespace {

constexpr std::string_view kSeparator = ": ";
constexpr std::string_view kLineEnd = "\r\n";

// These methods announce a body's length even if there is none (RFC 9110, 8.6).
bool AnnouncesLength(std::string_view method) {
  return method == "POST" || method == "PUT" || method == "PATCH";
}

bool Has(const v1::Request& request, absl::string_view name) {
  return std::any_of(
      request.headers().begin(), request.headers().end(),
      [name](const v1::Header& header) { return absl::EqualsIgnoreCase(header.name(), name); });
}

std::string PercentDecoded(std::string_view text) {
  std::string decoded;
  for (size_t i = 0; i < text.size(); ++i) {
    const bool encoded = text[i] == '%' && i + 2 < text.size() &&
                         absl::ascii_isxdigit(static_cast<unsigned char>(text[i + 1])) &&
                         absl::ascii_isxdigit(static_cast<unsigned char>(text[i + 2]));
    if (encoded) {
      decoded += absl::HexStringToBytes(absl::string_view(&text[i + 1], 2));
      i += 2;
    } else {
      decoded += text[i];
    }
  }
  return decoded;
}

// Basic authentication (RFC 7617) for "user:secret" or "user" of a URL.
std::string Credentials(std::string_view user) {
  const size_t colon = user.find(':');
  const std::string_view secret = colon == std::string_view::npos ? "" : user.substr(colon + 1);
  return absl::Base64Escape(
      fmt::format("{}:{}", PercentDecoded(user.substr(0, colon)), PercentDecoded(secret)));
}

}  // namespace

Http1Request::Http1Request(const v1::Plan& plan, size_t index, const RequestTemplates* templates)
    : method_(RequestOf(plan, index).method()),
      is_head_(method_ == "HEAD"),
      idempotent_(IsIdempotent(method_)),
      tagged_(plan.request().tag()),
      has_host_(Has(RequestOf(plan, index), "Host")),
      has_authorization_(Has(RequestOf(plan, index), "Authorization")),
      body_(RequestOf(plan, index).body()) {
  const v1::Request& request = RequestOf(plan, index);
  if (templates != nullptr && !templates->body().fixed()) rendered_body_ = &templates->body();
  if (templates != nullptr && rendered_body_ == nullptr) body_ = templates->body().text();
  const auto add_default = [&](const char* name, const std::string& value) {
    if (!Has(request, name)) headers_.AddText(fmt::format("{}: {}\r\n", name, value));
  };
  add_default("User-Agent", fmt::format("squall/{}", kVersion));
  add_default("Accept", "*/*");
  for (int i = 0; i < request.headers_size(); ++i) {
    const v1::Header& header = request.headers(i);
    headers_.AddText(fmt::format("{}{}", header.name(), header.value().empty() ? ":" : ": "));
    if (templates != nullptr) {
      headers_.Add(templates->headers()[static_cast<size_t>(i)]);
    } else {
      headers_.AddText(header.value());
    }
    headers_.AddText(kLineEnd);
  }
  if (plan.transport().no_keepalive()) add_default("Connection", "close");
  if (request.has_body()) add_default("Content-Type", "application/x-www-form-urlencoded");
  if (rendered_body_ == nullptr && (request.has_body() || AnnouncesLength(method_))) {
    add_default("Content-Length", std::to_string(body_.size()));
  }
}

Template Http1Request::Head(const UrlParts& url) const {
  Template head(" HTTP/1.1\r\n");
  if (!has_host_) head.AddText(fmt::format("Host: {}\r\n", url.authority));
  if (!url.user.empty() && !has_authorization_) {
    head.AddText(fmt::format("Authorization: Basic {}\r\n", Credentials(url.user)));
  }
  head.Add(headers_);
  return head;
}

std::string Http1Request::Tail(const UrlParts& url) const {
  return fmt::format("{}{}{}", Head(url).text(), kLineEnd, short_body());
}

void Http1Request::Write(std::string_view target, std::string_view tail, std::string& bytes) const {
  bytes.assign(method_).append(" ");
  if (!target.starts_with('/')) bytes.append("/");
  bytes.append(target).append(tail);
}

// Behind the other headers, in front of the empty line.
void Http1Request::AddTag(const RequestTag& tag, std::string& bytes) const {
  const size_t end = bytes.size() - kLineEnd.size() - (short_body().size());
  const fmt::format_int number(tag.number);
  const auto pieces = {kRunHeader,
                       kSeparator,
                       tag.run,
                       kLineEnd,
                       kRequestHeader,
                       kSeparator,
                       std::string_view(number.data(), number.size()),
                       kLineEnd};
  size_t size = 0;
  for (const std::string_view piece : pieces) size += piece.size();
  bytes.insert(end, size, ' ');
  auto to = bytes.begin() + static_cast<ptrdiff_t>(end);
  for (const std::string_view piece : pieces) to = std::copy(piece.begin(), piece.end(), to);
}

const Http1Heads::Words& Http1Heads::Of(const Http1Origin& origin) {
  if (origin.number >= words_.size()) words_.resize(origin.number + size_t{1});
  Words& words = words_[origin.number];
  if (words.tail.empty()) {
    const UrlParts url = SplitUrl(origin.name);
    words = {request_.Tail(url), request_.Head(url)};
  }
  return words;
}

}  // namespace squall
