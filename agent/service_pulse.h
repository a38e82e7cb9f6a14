// Keeps the service manager informed that the session is not stuck, and what it is doing.
#pragma once

#include <functional>
#include <string>
#include <thread>

#include "agent/control_link.h"
#include "agent/service_notify.h"
#include "common/clock.h"
#include "common/mutex.h"

namespace squall {

// A thread asks the session for a sign of life, again and again; the session's own thread gives it,
// and so tells the manager. A session that hangs is asked no more and says nothing: the manager
// waits for its time and starts the agent again. Without a manager there is no thread.
class ServicePulse {
 public:
  // How often the session is asked, if the manager's patience does not want it more often.
  static constexpr Nanos kInterval = 5 * kSecond;

  // `notify` is borrowed; `post` brings an event to the session. What the agent does when nobody
  // has it is `idle`: "listening on …".
  ServicePulse(const ServiceNotify& notify, std::string idle, std::function<void(LinkEvent)> post);
  // The session must not run any more.
  ~ServicePulse();

 private:
  void Run() noexcept;
  void Answered(const std::string& busy);

  const ServiceNotify& notify_;
  const std::string idle_;
  const std::function<void(LinkEvent)> post_;
  Mutex mutex_;
  CondVar changed_;
  bool asked_ ABSL_GUARDED_BY(mutex_) = false;  // and not answered yet
  bool ending_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;  // last: it uses all of the above
};

}  // namespace squall
