#include "agent/port_limit.h"

#include <algorithm>
#include <string_view>

#include <fmt/format.h>

#include "agent/destination.h"
#include "agent/host_limits.h"
#include "agent/resolver.h"
#include "common/url.h"

namespace squall {
namespace {

// From how many pairs of addresses connections can be made; 0: cannot be told.
uint64_t Pairs(const v1::Transport& transport, const Destination& destination) {
  std::vector<Endpoint> addresses = destination.addresses;
  if (addresses.empty() && destination.error.empty()) {
    if (auto found = Resolver::AskSystem(destination.name); found.ok()) addresses = *found;
  }
  if (transport.source_addresses().empty()) return addresses.size();
  uint64_t pairs = 0;
  for (const std::string& source : transport.source_addresses()) {
    const auto from = NumericEndpoint(source);
    pairs += static_cast<uint64_t>(std::count_if(
        addresses.begin(), addresses.end(),
        [&from](const Endpoint& to) { return from && from->family() == to.family(); }));
  }
  return pairs;
}

}  // namespace

absl::Status CheckPortLimit(const v1::Prepare& prepare, uint64_t ports) {
  if (prepare.plan().users()) return absl::OkStatus();  // they share what connections there can be
  const v1::Transport& transport = prepare.plan().transport();
  const uint64_t streams = transport.streams();
  const uint64_t connections = (prepare.concurrency() + streams - 1) / streams;
  const auto sources =
      std::max<uint64_t>(1, static_cast<uint64_t>(transport.source_addresses_size()));
  const bool single_destination = !prepare.plan().has_urls() && prepare.plan().mix().empty() &&
                                  transport.unix_socket().empty() && !transport.follow();
  if (connections <= ports * sources || !single_destination) return absl::OkStatus();

  const UrlParts url =
      SplitUrl(transport.proxy().empty() ? prepare.plan().request().url() : transport.proxy());
  const uint64_t pairs = Pairs(transport, DestinationOf(transport, url.host, url.port));
  if (pairs == 0 || connections <= ports * pairs) return absl::OkStatus();
  return absl::InvalidArgumentError(fmt::format(
      "its share of the concurrency needs {} connections to {}, and it has {} local ports for them "
      "({}): add addresses to send from (--source-address), widen that range, or lower -c",
      connections, url.authority, ports * pairs, LocalPortsName()));
}

}  // namespace squall
