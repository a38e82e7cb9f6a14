// The side of a child that common/child_process.h started: it hears when its parent is gone.
#pragma once

#include <atomic>
#include <functional>
#include <string_view>
#include <thread>

namespace squall {

class ParentWatch {
 public:
  // `fd` is what --parent-fd says, and stays open. Children of this process do not get it. `gone`
  // is called on a thread of its own, at most once.
  ParentWatch(int fd, std::function<void()> gone);
  ~ParentWatch();
  ParentWatch(const ParentWatch&) = delete;
  ParentWatch& operator=(const ParentWatch&) = delete;

  // To the parent. False: it is gone. SIGPIPE must be ignored.
  bool Say(std::string_view words) const;

 private:
  const int fd_;
  std::atomic<bool> ending_ = false;
  std::thread thread_;
};

}  // namespace squall
