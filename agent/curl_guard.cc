#include "agent/curl_guard.h"

#include <cstdlib>
#include <memory>
#include <optional>
#include <string>

#include "agent/destination.h"
#include "common/values.h"

namespace squall {
namespace {

struct UrlCleanup {
  void operator()(CURLU* url) const noexcept { curl_url_cleanup(url); }
};
struct TextCleanup {
  void operator()(char* text) const noexcept { curl_free(text); }
};
using Text = std::unique_ptr<char, TextCleanup>;

Text PartOf(CURLU* url, CURLUPart part) {
  char* text = nullptr;
  return curl_url_get(url, part, &text, CURLU_DEFAULT_PORT) == CURLUE_OK ? Text(text) : nullptr;
}

struct HostPort {
  std::string host;
  uint16_t port = 0;
};

// Of the URL that a transfer has come to. Nothing if that is none, or its host is not as all read
// it: one beyond ASCII may stand for another.
std::optional<HostPort> CurrentHost(CURL* easy) {
  const char* current = nullptr;
  curl_easy_getinfo(easy, CURLINFO_EFFECTIVE_URL, &current);
  const std::unique_ptr<CURLU, UrlCleanup> url(curl_url());
  if (current == nullptr || url == nullptr ||
      curl_url_set(url.get(), CURLUPART_URL, current, 0) != CURLUE_OK) {
    return std::nullopt;
  }
  const Text host = PartOf(url.get(), CURLUPART_HOST);
  const Text port = PartOf(url.get(), CURLUPART_PORT);
  if (host == nullptr || port == nullptr) return std::nullopt;
  HostPort found{host.get(), static_cast<uint16_t>(std::atoi(port.get()))};
  if (found.host.starts_with('[')) found.host = found.host.substr(1, found.host.size() - 2);
  for (const char c : found.host) {
    if (c <= ' ' || c >= 0x7f) return std::nullopt;
  }
  return found;
}

absl::Status Unreadable(CURL* easy) {
  const char* current = nullptr;
  curl_easy_getinfo(easy, CURLINFO_EFFECTIVE_URL, &current);
  return absl::PermissionDeniedError(
      Quoted(current == nullptr ? "" : current) +
      ": no host that a policy can be held against: write names beyond ASCII in punycode");
}

}  // namespace

absl::Status CurlGuard::CheckOpening(CURL* easy, const Endpoint& to) const {
  if (to.family() == AF_UNIX) return absl::OkStatus();  // the plan's, checked with it
  const std::optional<HostPort> url = CurrentHost(easy);
  if (!url) return Unreadable(easy);
  const Policy& policy = network_.policy;
  if (transport_.proxy().empty()) {
    return policy.CheckAddress(DestinationOf(transport_, url->host, url->port).place, to);
  }
  const absl::Status status = policy.CheckAddress(ProxyPlace(transport_.proxy()), to);
  return status.ok() ? policy.CheckBehindProxy(url->host, url->port) : status;
}

absl::Status CurlGuard::CheckRedirected(CURL* easy) const {
  if (!transport_.unix_socket().empty()) return absl::OkStatus();  // all goes there
  const std::optional<HostPort> url = CurrentHost(easy);
  if (!url) return Unreadable(easy);
  const Policy& policy = network_.policy;
  return transport_.proxy().empty()
             ? policy.CheckName(DestinationOf(transport_, url->host, url->port).place)
             : policy.CheckBehindProxy(url->host, url->port);
}

}  // namespace squall
