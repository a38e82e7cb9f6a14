// What the transports of one run share. Thread-safe; outlives them.
#pragma once

#include "agent/address_table.h"

namespace squall {

struct Network {
  AddressTable addresses;
};

}  // namespace squall
