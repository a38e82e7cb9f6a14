// What an agent tells the service manager that started it, if there is one.
//
// The protocol of sd_notify(3): datagrams with lines NAME=value to the unix socket of
// $NOTIFY_SOCKET. libsystemd would be a library more in a program that is to be one file, for one
// sendto().
#pragma once

#include <string>
#include <string_view>

#include "common/clock.h"
#include "common/environment.h"

namespace squall {

// Thread-safe: it holds no state but the socket. What cannot be sent is lost: nobody waits for it.
class ServiceNotify {
 public:
  // Of the process `pid`. Without $NOTIFY_SOCKET all that is said goes nowhere.
  ServiceNotify(const Environment& environment, int pid);
  ~ServiceNotify();
  ServiceNotify(const ServiceNotify&) = delete;
  ServiceNotify& operator=(const ServiceNotify&) = delete;

  bool connected() const { return fd_ >= 0; }
  // Within what time the manager wants to hear Alive() (WatchdogSec=); kForever: it does not care.
  Nanos patience() const { return patience_; }

  // The agent can be used. `status` is for people who ask for it.
  void Ready(std::string_view status) const;
  void Alive(std::string_view status) const;
  void Stopping() const;

 private:
  void Say(std::string_view lines) const;

  int fd_ = -1;
  Nanos patience_ = kForever;
};

}  // namespace squall
