// What controllers may say, by their certificates.
#pragma once

#include <string>

#include "common/identity.h"
#include "squall/v1/control.pb.h"

namespace squall {

// What the other end's certificate does not allow it to say, as a sentence for it. Empty: it may.
std::string WhyDenied(const PeerIdentity& identity, const v1::ControllerMessage& message);

}  // namespace squall
