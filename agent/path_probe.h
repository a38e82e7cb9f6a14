// How long the way to a server is: the round trip of TCP's handshake, by connections that send
// nothing.
//
// The answer to a SYN is the other system's and not the server's, so it tells the way from the
// server: neither a slow server nor a delayed acknowledgement is part of it, and as this system
// times it (agent/tcp_facts.h), neither is a lack of CPU here.
//
// Never blocks. One thread's. Nanoseconds.
#pragma once

#include <optional>
#include <string>

#include "agent/endpoint.h"
#include "common/clock.h"

namespace squall {

class PathProbe {
 public:
  PathProbe() = default;
  ~PathProbe() { End(); }
  PathProbe(const PathProbe&) = delete;
  PathProbe& operator=(const PathProbe&) = delete;

  // Opens a connection. False if that is not possible now.
  bool Begin(const Endpoint& to);
  bool begun() const { return socket_ >= 0; }
  // The round trip, once the answer has come; the connection is closed then.
  std::optional<Nanos> Look();
  // Closes it, whether there was an answer or not.
  void End();

 private:
  int socket_ = -1;
};

// The interface that leads there. Nothing is sent.
std::optional<std::string> InterfaceTo(const Endpoint& to);

}  // namespace squall
