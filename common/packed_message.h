// What agents say is packed where it is much: snapshots of many different times. gRPC's own
// compression is not used, and refused (common/grpc_arguments.h): it inflates first and looks at
// the size afterwards.
#pragma once

#include "squall/v1/control.pb.h"

namespace squall {

// The message as it is sent: a long snapshot in a Packed, any other as it is (also what is to show
// how fast a link is).
v1::AgentMessage Pack(v1::AgentMessage message);

// Puts what is in a Packed in its place. One that says more than a message may have, or not what is
// in it, stays as it is: a message out of order, wherever it comes.
void Unpack(v1::AgentMessage& message);

}  // namespace squall
