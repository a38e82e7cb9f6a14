// The gRPC adapter of an agent that dials a controller, and dials again whenever that is gone.
//
// It turns streams into events and messages into writes, and knows nothing of the protocol.
#pragma once

#include <functional>
#include <memory>
#include <thread>

#include "agent/control_link.h"
#include "common/address.h"
#include "common/clock.h"
#include "common/log_limit.h"
#include "common/mutex.h"

namespace squall {

class TlsFiles;

class ControlClient {
 public:
  // `events` is called from gRPC's threads until this is destroyed, and must not block. An attempt
  // that is not answered is given up, and the next one comes after a pause; both are short after a
  // stream that lived, and grow to some seconds.
  // With `tls` it obeys a controller of its authority alone (but on a unix socket, which has no
  // TLS).
  ControlClient(Address controller, std::shared_ptr<TlsFiles> tls,
                std::function<void(LinkEvent)> events);
  // Breaks the stream and waits for its last event.
  ~ControlClient();

 private:
  struct Attempt;

  void Run() noexcept;
  // False if the stream never lived.
  bool Serve(Nanos patience);
  void Pause(Nanos length);
  void TellWhyNot(const std::string& reason);

  const Address controller_;
  const std::shared_ptr<TlsFiles> tls_;
  const std::function<void(LinkEvent)> events_;
  Mutex mutex_;
  CondVar changed_;
  bool quitting_ ABSL_GUARDED_BY(mutex_) = false;
  LogLimit log_limit_;
  std::thread thread_;  // last: it uses all of this
};

}  // namespace squall
