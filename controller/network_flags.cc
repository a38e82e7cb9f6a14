#include "controller/network_flags.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "common/host_syntax.h"
#include "common/network_options.h"
#include "common/protocol.h"
#include "common/values.h"
#include "controller/flag_values.h"

namespace squall {
namespace {

absl::Status ResolveResolutions(const RunFlags& flags, v1::Transport& transport) {
  for (const std::string& text : flags.resolve) {
    const absl::StatusOr<v1::Resolution> read = ParseResolution(text);
    if (!read.ok()) return For("--resolve", read.status());
    for (const v1::Resolution& before : transport.resolutions()) {
      if (before.host() != read->host() || before.port() != read->port()) continue;
      return Invalid("--resolve {}: {}:{} is resolved twice: write all its addresses in one",
                     Quoted(text), read->host(), read->port());
    }
    *transport.add_resolutions() = *read;
  }
  return absl::OkStatus();
}

absl::Status ResolveDiversions(const RunFlags& flags, v1::Transport& transport) {
  for (const std::string& text : flags.connect_to) {
    const absl::StatusOr<v1::Diversion> diversion = ParseDiversion(text);
    if (!diversion.ok()) return For("--connect-to", diversion.status());
    *transport.add_diversions() = *diversion;
  }
  return absl::OkStatus();
}

absl::Status ResolveSources(const RunFlags& flags, v1::Transport& transport) {
  for (const std::string& text : flags.source_addresses) {
    const absl::StatusOr<std::vector<std::string>> sources = ParseSourceAddresses(text);
    if (!sources.ok()) return For("--source-address", sources.status());
    for (const std::string& source : *sources) {
      const auto& all = transport.source_addresses();
      if (std::find(all.begin(), all.end(), source) != all.end()) {
        return Invalid("--source-address {}: {} is named twice", Quoted(text), source);
      }
      transport.add_source_addresses(source);
    }
  }
  return absl::OkStatus();
}

absl::Status ResolveRefresh(const RunFlags& flags, v1::Transport& transport) {
  if (!flags.dns_refresh) return absl::OkStatus();
  const absl::StatusOr<absl::Duration> refresh = ParseDuration(
      *flags.dns_refresh, absl::Nanoseconds(kMinDnsRefreshNs), absl::Nanoseconds(kMaxDurationNs));
  if (!refresh.ok()) return For("--dns-refresh", refresh.status());
  transport.set_dns_refresh_ns(absl::ToInt64Nanoseconds(*refresh));
  return absl::OkStatus();
}

absl::Status ResolveUnixSocket(const RunFlags& flags, v1::Transport& transport) {
  if (!flags.unix_socket) return absl::OkStatus();
  if (absl::Status status = CheckSocketPath(*flags.unix_socket); !status.ok()) {
    return Invalid("--unix-socket {}: {}", Quoted(*flags.unix_socket),
                   std::string(status.message()));
  }
  transport.set_unix_socket(*flags.unix_socket);
  return absl::OkStatus();
}

// A flag without effect would be a misunderstanding.
absl::Status CheckConflicts(const RunFlags& flags) {
  struct Flag {
    std::string_view name;
    bool given;
    bool with_proxy;  // has an effect there
  };
  const Flag others[] = {{"--resolve", !flags.resolve.empty(), false},
                         {"--connect-to", !flags.connect_to.empty(), false},
                         {"--dns-refresh", flags.dns_refresh.has_value(), false},
                         {"--source-address", !flags.source_addresses.empty(), true},
                         {"--proxy", flags.proxy.has_value(), true}};
  for (const Flag& other : others) {
    if (!other.given) continue;
    if (flags.unix_socket) {
      return Invalid("--unix-socket and {} exclude each other: all connections go to the socket",
                     other.name);
    }
    if (flags.proxy && !other.with_proxy) {
      return Invalid("--proxy and {} exclude each other: the proxy looks names up", other.name);
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status ResolveNetwork(const RunFlags& flags, v1::Transport& transport) {
  absl::Status status = CheckConflicts(flags);
  if (status.ok()) status = ResolveResolutions(flags, transport);
  if (status.ok()) status = ResolveDiversions(flags, transport);
  if (status.ok()) status = ResolveSources(flags, transport);
  if (status.ok()) status = ResolveRefresh(flags, transport);
  if (status.ok()) status = ResolveUnixSocket(flags, transport);
  return status;
}

}  // namespace squall
