// Where a plan sends the connections for a host and port of a URL.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "agent/endpoint.h"
#include "agent/policy.h"
#include "squall/v1/plan.pb.h"

namespace squall {

struct Destination {
  std::string name;  // in lower case; to be looked up, if there are no addresses and no error
  uint16_t port = 0;
  std::vector<Endpoint> addresses;  // with the port
  std::string error;                // why there will be no addresses
  Place place;                      // the same, as a policy is asked for it
};

// By the plan's diversions and resolutions, or by the host being an address itself (without
// brackets). Looks nothing up. The plan has no unix socket.
Destination DestinationOf(const v1::Transport& transport, std::string_view host, uint16_t port);

// Where a proxy is, by its URL (CheckProxyUrl).
Place ProxyPlace(std::string_view url);

}  // namespace squall
