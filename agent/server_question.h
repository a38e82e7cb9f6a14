// Which server a run asks for its own counts.
#pragma once

#include <memory>
#include <string>

#include "agent/network.h"
#include "agent/server_watch.h"
#include "squall/v1/control.pb.h"

namespace squall {

// Null: none. The one that the plan names; or that of `first_url`, the first request's, once it is
// found to be a squall target and as long as all connections go to one address. `network` outlives
// it.
std::unique_ptr<ServerWatch> WatchServer(const v1::Prepare& prepare, const std::string& first_url,
                                         const Network& network);

}  // namespace squall
