// Sends away whoever asks for more than its certificate allows.
//
// Used by the session's thread alone.
#pragma once

#include "agent/control_link.h"
#include "common/log_limit.h"

namespace squall {

class Denials {
 public:
  // True: the message is not to be looked at any further. Its sender was told why, and the stream
  // is over.
  bool Deny(const LinkMessage& event);

 private:
  LogLimit log_limit_;
};

// What the other end's certificate does not allow it to say, as a sentence for it. Empty: it may.
std::string WhyDenied(const PeerIdentity& identity, const v1::ControllerMessage& message);

}  // namespace squall
