#include "agent/destination.h"

#include <fmt/format.h>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_replace.h"

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

}  // namespace

Destination DestinationOf(const v1::Transport& transport, std::string_view host, uint16_t port) {
  Destination destination;
  destination.name = absl::AsciiStrToLower(absl::string_view(host.data(), host.size()));
  if (host.find(':') != std::string_view::npos) {
    absl::StrReplaceAll({{"%25", "%"}}, &destination.name);  // a zone in a URL (RFC 6874)
  }
  destination.port = port;
  for (const v1::Diversion& diversion : transport.diversions()) {
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
    numeric.assign(resolution.addresses().begin(), resolution.addresses().end());
    break;
  }
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

}  // namespace squall
