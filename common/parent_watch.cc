#include "common/parent_watch.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>
#include <utility>

namespace squall {

ParentWatch::ParentWatch(const ParentEnds& ends, std::function<void()> gone) : ends_(ends) {
  fcntl(ends_.in, F_SETFD, FD_CLOEXEC);
  fcntl(ends_.out, F_SETFD, FD_CLOEXEC);
  if (pipe(wake_) == 0) {
    for (const int end : wake_) fcntl(end, F_SETFD, FD_CLOEXEC);
  }
  thread_ = std::thread([this, gone = std::move(gone)]() noexcept {
    AwaitEnd();
    if (!ending_) gone();
  });
}

ParentWatch::~ParentWatch() {
  ending_ = true;
  if (wake_[1] >= 0) close(wake_[1]);
  thread_.join();
  if (wake_[0] >= 0) close(wake_[0]);
}

void ParentWatch::AwaitEnd() const {
  constexpr Nanos kLook = kSecond;  // how often it is looked at whether the silence is too long
  std::array<pollfd, 2> ends = {pollfd{.fd = ends_.in, .events = POLLIN, .revents = 0},
                                pollfd{.fd = wake_[0], .events = POLLIN, .revents = 0}};
  const int timeout = ends_.silence == kForever ? -1 : static_cast<int>(kLook / kMillisecond);
  Nanos heard = SteadyNow();
  while (!ending_) {
    const int found = poll(ends.data(), ends.size(), timeout);
    if (found < 0 && errno != EINTR) return;
    if (found > 0 && ends[1].revents != 0) return;
    if (found > 0) {
      std::array<char, 256> ignored;
      const ssize_t count = read(ends_.in, ignored.data(), ignored.size());
      if (count == 0 || (count < 0 && errno != EINTR && errno != EAGAIN)) return;
      heard = SteadyNow();
    } else if (ends_.silence != kForever && SteadyNow() - heard > ends_.silence) {
      return;
    }
  }
}

bool ParentWatch::Say(std::string_view words) const {
  return write(ends_.out, words.data(), words.size()) == static_cast<ssize_t>(words.size());
}

}  // namespace squall
