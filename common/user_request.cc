#include "common/user_request.h"

#include <algorithm>

#include <fmt/format.h>

#include "absl/strings/match.h"
#include "common/http_syntax.h"
#include "common/url.h"
#include "common/version.h"

namespace squall {
namespace {

constexpr std::string_view kLineEnd = "\r\n";

bool Is(std::string_view name, absl::string_view other) {
  return absl::EqualsIgnoreCase(absl::string_view(name.data(), name.size()), other);
}

bool IsControl(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte < ' ' || byte == 0x7f;
}

// These methods announce a body's length even if there is none (RFC 9110, 8.6).
bool AnnouncesLength(std::string_view method) {
  return method == "POST" || method == "PUT" || method == "PATCH";
}

}  // namespace

UserRequestText::UserRequestText(const v1::Plan& plan) {
  const UrlParts url = SplitUrl(plan.request().url());
  origin_ = url.origin;
  const auto add = [this](std::string name, std::string_view value, bool with_body) {
    const bool there = std::any_of(defaults_.begin(), defaults_.end(),
                                   [&name](const Default& of) { return Is(of.name, name); });
    if (there) return;
    std::string line = fmt::format("{}: {}\r\n", name, value);
    defaults_.push_back({std::move(name), std::move(line), with_body});
  };
  // A header that is given several times is so sent.
  for (const v1::Header& header : plan.request().headers()) {
    if (Is(header.name(), "Content-Length")) continue;
    defaults_.push_back({header.name(), fmt::format("{}: {}\r\n", header.name(), header.value())});
  }
  add("Host", url.authority, false);
  add("User-Agent", fmt::format("squall/{}", kVersion), false);
  add("Accept", "*/*", false);
  if (plan.transport().no_keepalive()) add("Connection", "close", false);
  add("Content-Type", "application/x-www-form-urlencoded", true);
}

std::string_view UserRequestText::TargetOf(std::string_view url) const {
  if (url.starts_with(origin_)) {
    url.remove_prefix(origin_.size());
    if (url.empty()) return "/";
  }
  const bool sound = url.starts_with('/') && std::none_of(url.begin(), url.end(), [](char c) {
                       return IsControl(c) || c == ' ';
                     });
  return sound ? url.substr(0, url.find('#')) : std::string_view();
}

void UserRequestText::Begin() {
  for (Default& of : defaults_) of.replaced = false;
  own_.clear();
  own_cookie_ = false;
}

const char* UserRequestText::AddHeader(std::string_view name, std::string_view value) {
  if (name.empty() || FirstBeyondToken(name) != name.size()) return "is no name of a header";
  if (std::any_of(value.begin(), value.end(), [](char c) { return IsControl(c) && c != '\t'; })) {
    return "has a value with control characters";
  }
  if (Is(name, "Content-Length") || Is(name, "Transfer-Encoding")) {
    return "follows from the body: leave it out";
  }
  own_cookie_ |= Is(name, "Cookie");
  for (Default& of : defaults_) of.replaced |= Is(of.name, {name.data(), name.size()});
  own_.append(name).append(": ").append(value).append(kLineEnd);
  return nullptr;
}

void UserRequestText::Write(std::string_view method, std::string_view target,
                            std::string_view cookies, const std::string_view* body,
                            std::string& bytes) const {
  bytes.assign(method).append(" ").append(target).append(" HTTP/1.1\r\n");
  for (const Default& of : defaults_) {
    if (!of.replaced && (!of.with_body || body != nullptr)) bytes.append(of.line);
  }
  bytes.append(own_);
  if (!cookies.empty() && !own_cookie_) {
    bytes.append("Cookie: ").append(cookies).append(kLineEnd);
  }
  if (body != nullptr || AnnouncesLength(method)) {
    const fmt::format_int size(body == nullptr ? 0 : body->size());
    bytes.append("Content-Length: ").append(size.data(), size.size()).append(kLineEnd);
  }
  bytes.append(kLineEnd);
  if (body != nullptr) bytes.append(*body);
}

}  // namespace squall
