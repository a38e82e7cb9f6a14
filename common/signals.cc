#include "common/signals.h"

#include <pthread.h>
#include <utility>

namespace squall {

SignalWatcher::SignalWatcher(std::initializer_list<int> signals, std::function<void(int)> handler)
    : wake_(*signals.begin()), handler_(std::move(handler)) {
  sigemptyset(&set_);
  for (const int signal : signals) sigaddset(&set_, signal);
  pthread_sigmask(SIG_BLOCK, &set_, &previous_);
  signal(SIGPIPE, SIG_IGN);
  thread_ = std::thread([this]() noexcept {
    while (true) {
      int signal = 0;
      if (sigwait(&set_, &signal) != 0 || ending_) return;
      handler_(signal);
    }
  });
}

SignalWatcher::~SignalWatcher() {
  ending_ = true;
  pthread_kill(thread_.native_handle(), wake_);
  thread_.join();
  pthread_sigmask(SIG_SETMASK, &previous_, nullptr);
}

}  // namespace squall
