#include "agent/address_table.h"

namespace squall {

uint32_t AddressTable::Number(const std::string& address) {
  MutexLock lock(mutex_);
  const auto [entry, added] = numbers_.emplace(address, static_cast<uint32_t>(names_.size()));
  if (added) names_.push_back(address);
  return entry->second;
}

std::vector<std::string> AddressTable::Names() const {
  MutexLock lock(mutex_);
  return names_;
}

}  // namespace squall
