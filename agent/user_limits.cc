#include "agent/user_limits.h"

#include <algorithm>

#include "common/protocol.h"

namespace squall {

uint32_t ConnectionsOfUsers(const v1::Plan& plan, const Policy& policy, uint64_t files,
                            uint64_t ports) {
  uint64_t most = plan.concurrency();
  if (files > kOtherFiles) most = std::min(most, files - kOtherFiles);
  if (plan.transport().unix_socket().empty()) most = std::min(most, ports);
  if (const uint64_t allowed = policy.limits().connections.most; allowed != 0) {
    most = std::min(most, allowed);
  }
  return static_cast<uint32_t>(std::max<uint64_t>(most, 1));
}

}  // namespace squall
