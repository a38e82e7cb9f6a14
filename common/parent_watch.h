// The side of a child that another squall started: it hears when its parent is gone. The parent is
// on this machine (common/child_process.h), or on another one, and the way to it is ssh
// (controller/ssh_fleet.h).
#pragma once

#include <atomic>
#include <functional>
#include <string_view>
#include <thread>
#include <utility>

#include "common/clock.h"

namespace squall {

// Where a child sees its parent.
struct ParentEnds {
  int in = -1;               // its end is the parent's end; what comes on it means nothing
  int out = -1;              // what is said to the parent; may be the same
  Nanos silence = kForever;  // the parent is gone as well if nothing comes for so long
};

// A parent behind ssh shows as standard input and output, and says something so often: a link that
// is dead shows as nothing at all.
inline constexpr Nanos kParentBeat = 5 * kSecond;
inline constexpr ParentEnds kFarParent = {.in = 0, .out = 1, .silence = 6 * kParentBeat};
// What it is told when the child can be used.
inline constexpr std::string_view kFarParentReady = "squall-ready\n";

class ParentWatch {
 public:
  // The descriptors stay open. Children of this process do not get them. `gone` is called on a
  // thread of its own, at most once.
  ParentWatch(const ParentEnds& ends, std::function<void()> gone);
  // A parent on this machine: `fd` is what --parent-fd says.
  ParentWatch(int fd, std::function<void()> gone)
      : ParentWatch(ParentEnds{.in = fd, .out = fd, .silence = kForever}, std::move(gone)) {}
  ~ParentWatch();
  ParentWatch(const ParentWatch&) = delete;
  ParentWatch& operator=(const ParentWatch&) = delete;

  // To the parent. False: it is gone. SIGPIPE must be ignored.
  bool Say(std::string_view words) const;

 private:
  void AwaitEnd() const;

  const ParentEnds ends_;
  int wake_[2] = {-1, -1};  // a pipe, whose end ends the wait
  std::atomic<bool> ending_ = false;
  std::thread thread_;
};

}  // namespace squall
