// Signals as ordinary calls on a thread of their own.
#pragma once

#include <atomic>
#include <functional>
#include <initializer_list>
#include <signal.h>
#include <thread>

namespace squall {

// Blocks the signals in the calling thread, and so in all that it starts later: make it before any
// other thread. Calls `handler` with each signal that comes, until destroyed. Ignores SIGPIPE for
// the whole process.
class SignalWatcher {
 public:
  SignalWatcher(std::initializer_list<int> signals, std::function<void(int)> handler);
  ~SignalWatcher();
  SignalWatcher(const SignalWatcher&) = delete;
  SignalWatcher& operator=(const SignalWatcher&) = delete;

 private:
  sigset_t set_;
  sigset_t previous_;
  const int wake_;  // one of the signals: sent to the thread itself to end it
  std::atomic<bool> ending_ = false;
  std::function<void(int)> handler_;
  std::thread thread_;
};

}  // namespace squall
