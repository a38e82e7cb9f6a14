// One end of a control stream, whoever dialled it.
#pragma once

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
  // Ends it at once, if it was dialled from here; otherwise Finish(). Any thread.
  virtual void Break() = 0;
  // Where the other end is, for logs.
  virtual const std::string& peer() const = 0;
  // Who it is, by its certificate; known when the first message has come. Any thread.
  virtual PeerIdentity identity() const { return {}; }
};

}  // namespace squall
