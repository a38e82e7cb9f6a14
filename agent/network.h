// What the transports of one run share. Thread-safe; outlives them.
#pragma once

#include <utility>

#include "agent/address_table.h"
#include "agent/resolver.h"

namespace squall {

struct Network {
  Network() = default;
  // With a resolver that asks other than the system: for tests.
  Network(Resolver::Lookup lookup, Resolver::Clock clock)
      : resolver(std::move(lookup), std::move(clock)) {}

  AddressTable addresses;
  Resolver resolver;
};

}  // namespace squall
