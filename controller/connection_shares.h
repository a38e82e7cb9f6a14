// Who of a fleet may have how many requests in flight, so that together they have as many as the
// plan says: also when agents are lost and when others come.
//
// Pure; one owner. Nobody's share is raised before there is room for it: an agent whose share was
// lowered occupies more until it says that it does not.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <vector>

namespace squall {

class ConnectionShares {
 public:
  // `total` requests in flight at most.
  explicit ConnectionShares(uint64_t total) : total_(total) {}

  // An agent takes part; `most` is what its limits allow, `share` what it has from the beginning (0
  // if it is to get some). Agents are named by numbers of the caller's.
  void Add(size_t agent, uint32_t weight, uint64_t most, uint32_t share);
  void Remove(size_t agent);
  bool Has(size_t agent) const { return agents_.count(agent) != 0; }
  // It says how many it may have in flight at the moment.
  void Report(size_t agent, uint32_t occupied);

  // There is at least one for another agent.
  bool HasRoom() const { return agents_.size() < total_; }
  // The agents that take part can have them all.
  bool Suffice() const;
  // Shares are as they should be.
  bool settled() const { return settled_; }

  struct Change {
    size_t agent = 0;
    uint32_t share = 0;  // at least 1, unless `total` is less than the number of agents
  };
  // What to tell whom now. To be called again after Report() as long as it is not settled.
  std::vector<Change> Settle();

 private:
  struct Agent {
    uint32_t weight = 1;
    uint64_t most = 0;
    uint32_t share = 0;     // that it was told
    uint32_t occupied = 0;  // that it says, if that is more
  };

  std::map<size_t, uint32_t> Targets() const;

  const uint64_t total_;
  bool settled_ = true;
  std::map<size_t, Agent> agents_;
};

}  // namespace squall
