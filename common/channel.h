// One end of a control stream, whoever dialled it.
#pragma once

#include <cstddef>
#include <string>

#include "common/identity.h"

namespace squall {

template <typename Out>
class Channel {
 public:
  virtual ~Channel() = default;

  // Queues a message; lost if the stream is broken. Any thread.
  virtual void Send(Out message) = 0;
  // Ends the stream when what is queued has been written. Any thread.
  virtual void Finish() = 0;
  // Ends it at once; what is queued is lost. Any thread.
  virtual void Break() = 0;
  // Of what is queued and not written yet. Any thread.
  virtual size_t waiting_bytes() const { return 0; }
  // The other end is no stranger any more (common/gate.h). Any thread.
  virtual void Known() {}
  // Where the other end is, for logs.
  virtual const std::string& peer() const = 0;
  // Who it is, by its certificate; known when the first message has come. Any thread.
  virtual PeerIdentity identity() const { return {}; }
};

}  // namespace squall
