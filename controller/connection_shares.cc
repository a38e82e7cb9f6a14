#include "controller/connection_shares.h"

#include <algorithm>

#include "controller/shares.h"

namespace squall {

void ConnectionShares::Add(size_t agent, uint32_t weight, uint64_t most, uint32_t share) {
  agents_[agent] = {.weight = weight, .most = most, .share = share, .occupied = share};
  settled_ = false;  // perhaps some are nobody's
}

void ConnectionShares::Remove(size_t agent) {
  if (agents_.erase(agent) != 0) settled_ = false;
}

void ConnectionShares::Report(size_t agent, uint32_t occupied) {
  const auto found = agents_.find(agent);
  if (found != agents_.end()) found->second.occupied = occupied;
}

bool ConnectionShares::Suffice() const {
  uint64_t most = 0;
  for (const auto& [key, agent] : agents_) most += std::min(agent.most, total_);
  return most >= total_;
}

// By weight; what somebody cannot have is shared out over the others.
std::map<size_t, uint32_t> ConnectionShares::Targets() const {
  std::map<size_t, uint32_t> targets;
  std::vector<size_t> open;
  for (const auto& [key, agent] : agents_) open.push_back(key);
  uint64_t left = total_;
  while (!open.empty()) {
    std::vector<uint32_t> weights;
    for (const size_t key : open) weights.push_back(agents_.at(key).weight);
    const std::vector<uint32_t> shares = SharesByWeight(static_cast<uint32_t>(left), weights);
    std::vector<size_t> others;
    for (size_t i = 0; i < open.size(); ++i) {
      const uint64_t most = agents_.at(open[i]).most;
      if (shares[i] > most) {
        targets[open[i]] = static_cast<uint32_t>(most);
        left -= most;
      } else {
        others.push_back(open[i]);
      }
    }
    if (others.size() == open.size()) {
      for (size_t i = 0; i < open.size(); ++i) targets[open[i]] = shares[i];
      break;
    }
    open = std::move(others);
  }
  return targets;
}

std::vector<ConnectionShares::Change> ConnectionShares::Settle() {
  if (settled_) return {};
  const std::map<size_t, uint32_t> targets = Targets();
  std::vector<Change> changes;
  uint64_t occupied = 0;
  for (auto& [key, agent] : agents_) {
    if (const uint32_t target = targets.at(key); target < agent.share) {
      agent.share = target;
      changes.push_back({key, target});
    }
    occupied += std::max(agent.share, agent.occupied);
  }
  uint64_t room = total_ - std::min(total_, occupied);
  settled_ = true;
  for (auto& [key, agent] : agents_) {
    const uint32_t missing = targets.at(key) - agent.share;
    if (missing == 0) continue;
    const auto given = static_cast<uint32_t>(std::min<uint64_t>(missing, room));
    if (given < missing) settled_ = false;
    if (given == 0) continue;
    room -= given;
    agent.share += given;
    agent.occupied = std::max(agent.occupied, agent.share);
    changes.push_back({key, agent.share});
  }
  return changes;
}

}  // namespace squall
