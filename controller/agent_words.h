// What comes over an agent's stream, on its way to the coordinator: unpacked, under the name of its
// certificate, and no more at a time than there is memory for.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "common/clock.h"
#include "common/identity.h"
#include "common/inflow.h"
#include "common/packed_message.h"
#include "controller/certified_name.h"
#include "controller/fleet.h"

namespace squall {

// One thread at a time.
class AgentWords {
 public:
  // Of what one agent has said and the coordinator has not handled yet, in bytes.
  static constexpr size_t kMostUnheard = 64 << 20;

  // What to tell of a message: that it was said, or that there is no room for it and the stream is
  // over. Nothing of those after that. One that nothing is read behind until it was heard takes no
  // room: there is only one of them.
  std::optional<FleetNews> Said(v1::AgentMessage message, Nanos received,
                                const PeerIdentity& identity, bool is_held = false) {
    if (given_up_) return std::nullopt;
    Unpack(message);
    std::shared_ptr<void> room;
    if (!is_held) {
      room = unheard_.Take(message.ByteSizeLong());
      if (room == nullptr) {
        given_up_ = true;
        return AgentClosed{absl::UnavailableError("it said more than could be heard")};
      }
    }
    NameByCertificate(identity, message);
    return AgentSaid{std::move(message), received, std::move(room)};
  }

  // What to tell of the stream's end, if that was not told before.
  std::optional<FleetNews> Closed(absl::Status why) const {
    if (given_up_) return std::nullopt;
    return AgentClosed{std::move(why)};
  }

 private:
  Inflow unheard_{kMostUnheard};
  bool given_up_ = false;
};

}  // namespace squall
