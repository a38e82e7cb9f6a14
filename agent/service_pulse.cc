#include "agent/service_pulse.h"

#include <algorithm>
#include <utility>

namespace squall {

ServicePulse::ServicePulse(const ServiceNotify& notify, std::string idle,
                           std::function<void(LinkEvent)> post)
    : notify_(notify), idle_(std::move(idle)), post_(std::move(post)) {
  if (!notify_.connected()) return;
  notify_.Ready(idle_);
  thread_ = std::thread([this]() noexcept { Run(); });
}

ServicePulse::~ServicePulse() {
  if (!thread_.joinable()) return;
  {
    MutexLock lock(mutex_);
    ending_ = true;
  }
  changed_.NotifyAll();
  thread_.join();
  notify_.Stopping();
}

void ServicePulse::Run() noexcept {
  // Half of what the manager waits at most (sd_watchdog_enabled(3)), and room for a slow machine.
  const Nanos interval = std::min(kInterval, notify_.patience() / 4);
  Nanos next = SteadyNow() + interval;
  while (true) {
    {
      MutexLock lock(mutex_);
      while (!ending_ && (asked_ || SteadyNow() < next)) {
        if (asked_) {
          changed_.Wait(mutex_);
        } else {
          changed_.WaitUntil(mutex_, next);
        }
      }
      if (ending_) return;
      asked_ = true;
      next = SteadyNow() + interval;
    }
    post_(LifeSign{[this](const std::string& busy) { Answered(busy); }});
  }
}

void ServicePulse::Answered(const std::string& busy) {
  notify_.Alive(busy.empty() ? idle_ : busy);
  MutexLock lock(mutex_);
  asked_ = false;
  changed_.NotifyAll();
}

}  // namespace squall
