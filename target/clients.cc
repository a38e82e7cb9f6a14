#include "target/clients.h"

namespace squall::target {

void Client::SetFirst(Nanos time) noexcept {
  Nanos first = first_request_.load();
  while (time < first && !first_request_.compare_exchange_weak(first, time)) {
  }
}

uint64_t Client::requests() const {
  uint64_t sum = 0;
  for (const OfThread& thread : requests_) sum += thread.counter.value();
  return sum;
}

std::shared_ptr<Client> Clients::Find(const std::string& address) {
  MutexLock lock(mutex_);
  const auto found = clients_.find(address);
  if (found != clients_.end()) return found->second;
  if (clients_.size() >= kMostClients) return nullptr;
  return clients_.emplace(address, std::make_shared<Client>(threads_)).first->second;
}

std::vector<ClientCounts> Clients::Read() const {
  MutexLock lock(mutex_);
  std::vector<ClientCounts> counts;
  for (const auto& [address, client] : clients_) {
    const Nanos first = client->first_request_.load();
    const uint64_t requests = client->requests() - client->cleared_at_;
    if (requests != 0 && first != kForever) counts.push_back({address, requests, first});
  }
  return counts;
}

void Clients::Clear() {
  MutexLock lock(mutex_);
  // Only here are references got, so one that is the last stays the last.
  std::erase_if(clients_, [](const auto& entry) { return entry.second.use_count() == 1; });
  for (const auto& [address, client] : clients_) {
    client->first_request_.store(kForever);
    client->cleared_at_ = client->requests();
  }
}

}  // namespace squall::target
