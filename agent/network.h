// What the transports of one run share. Thread-safe; outlives them.
#pragma once

#include <memory>
#include <utility>

#include "agent/address_table.h"
#include "agent/connection_gauge.h"
#include "agent/policy.h"
#include "agent/resolver.h"

namespace squall {

class TlsContext;

struct Network {
  Network() = default;
  // With a resolver that asks other than the system: for tests.
  Network(Resolver::Lookup lookup, Resolver::Clock clock)
      : resolver(std::move(lookup), std::move(clock)) {}

  // Does not change once there is a transport.
  Policy policy;
  AddressTable addresses;
  ConnectionGauge connections;
  Resolver resolver;
  // Null where no URL of the plan needs it.
  std::shared_ptr<const TlsContext> tls;
};

}  // namespace squall
