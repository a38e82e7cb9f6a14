#include "agent/address_table.h"

#include <utility>

#include "common/metrics.h"

namespace squall {

uint32_t AddressTable::Number(const std::string& address) {
  MutexLock lock(mutex_);
  std::string name = address.substr(0, Metrics::kMaxAddressBytes);
  if (const auto known = numbers_.find(name); known != numbers_.end()) return known->second;
  if (names_.size() >= Metrics::kMaxAddresses - 1) name = kOthers;
  const auto [entry, added] = numbers_.emplace(name, static_cast<uint32_t>(names_.size()));
  if (added) names_.push_back(std::move(name));
  return entry->second;
}

std::vector<std::string> AddressTable::Names() const {
  MutexLock lock(mutex_);
  return names_;
}

}  // namespace squall
