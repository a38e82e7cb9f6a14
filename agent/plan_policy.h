// Whether a plan stays within what the agent's owner lets it do: asked before the run.
//
// Refusals are PERMISSION_DENIED. They say what the agent does not do, by which rule of which file,
// and what to change, to be put behind the agent's name: "does not send to api.test:80
// (10.0.0.8:80): deny_targets 10.0.0.0/8 (/etc/squall/agent.yaml:7)".
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "agent/policy.h"
#include "agent/resolver.h"
#include "common/origin.h"
#include "squall/v1/control.pb.h"
#include "squall/v1/plan.pb.h"

namespace squall {

// All limits but those that only the run can show.
absl::Status CheckLimits(const Policy& policy, const v1::Prepare& prepare);
// That of connections alone, for a share of the plan's concurrency.
absl::Status CheckConnections(const Policy& policy, const v1::Plan& plan, uint32_t concurrency);

// For the agent's log: "http://api.test:80", "12 origins by proxy.test:3128", "… at
// unix:/run/app.sock".
std::string TargetText(const v1::Transport& transport, const std::vector<Origin>& origins);

// Whereto the plan leads, with the addresses that names have now. Waits for these until
// `give_up_at` (steady clock): what is not known by then, or has no address, is checked when a
// connection is to be made for it.
absl::Status CheckTargets(const Policy& policy, const v1::Transport& transport,
                          const std::vector<Origin>& origins, Resolver& resolver, Nanos give_up_at);

}  // namespace squall
