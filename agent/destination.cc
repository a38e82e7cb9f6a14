#include "agent/destination.h"

#include <fmt/format.h>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_replace.h"
#include "common/url.h"

namespace squall {
namespace {

bool SameHost(std::string_view a, std::string_view b) {
  return absl::EqualsIgnoreCase(absl::string_view(a.data(), a.size()),
                                absl::string_view(b.data(), b.size()));
}

bool Fits(const v1::Diversion& diversion, std::string_view host, uint16_t port) {
  return (diversion.host().empty() || SameHost(diversion.host(), host)) &&
         (diversion.port() == 0 || diversion.port() == port);
}

// As libcurl has it where a proxy's URL has no port.
constexpr uint16_t kProxyPort = 1080;
constexpr uint16_t kHttpsProxyPort = 443;

}  // namespace

Destination DestinationOf(const v1::Transport& transport, std::string_view host, uint16_t port) {
  Destination destination;
  destination.name = absl::AsciiStrToLower(absl::string_view(host.data(), host.size()));
  if (host.find(':') != std::string_view::npos) {
    absl::StrReplaceAll({{"%25", "%"}}, &destination.name);  // a zone in a URL (RFC 6874)
  }
  destination.port = port;
  destination.place.host = destination.name;
  destination.place.port = port;
  for (const v1::Diversion& diversion : transport.diversions()) {
    // One that changes nothing is no answer to libcurl, which looks on.
    if (diversion.to_host().empty() && diversion.to_port() == 0) continue;
    if (!Fits(diversion, host, port)) continue;
    if (!diversion.to_host().empty()) destination.name = diversion.to_host();
    if (diversion.to_port() != 0) destination.port = static_cast<uint16_t>(diversion.to_port());
    break;
  }
  std::vector<std::string> numeric = {destination.name};
  for (const v1::Resolution& resolution : transport.resolutions()) {
    if (!SameHost(resolution.host(), destination.name) || resolution.port() != destination.port) {
      continue;
    }
    destination.place.given = true;
    numeric.assign(resolution.addresses().begin(), resolution.addresses().end());
    break;
  }
  destination.place.to_host = destination.name;
  destination.place.to_port = destination.port;
  for (const std::string& text : numeric) {
    if (const auto address = NumericEndpoint(text)) {
      destination.addresses.push_back(WithPort(*address, destination.port));
    }
  }
  if (destination.addresses.empty() && numeric.front().find(':') != std::string::npos) {
    destination.error = fmt::format("{}: no such address or zone on this machine", numeric.front());
  }
  return destination;
}

Place ProxyPlace(std::string_view url) {
  const size_t scheme = url.find("://");
  const bool https = SameHost(url.substr(0, scheme), "https");
  // What is behind the scheme has the same form for all; only the usual ports differ.
  const std::string as_http = fmt::format("http{}", url.substr(scheme));
  const std::string as_https = fmt::format("https{}", url.substr(scheme));
  const UrlParts parts = SplitUrl(as_http);
  const bool written = parts.port == SplitUrl(as_https).port;
  const uint16_t port = written ? parts.port : https ? kHttpsProxyPort : kProxyPort;
  const std::string host = NormalHost(parts.host);
  return {.host = host, .port = port, .to_host = host, .to_port = port};
}

}  // namespace squall
