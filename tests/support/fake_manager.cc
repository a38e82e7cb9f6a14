#include "tests/support/fake_manager.h"

#include <array>
#include <cstddef>
#include <poll.h>
#include <random>
#include <unistd.h>

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>

namespace squall::testing {

FakeManager::FakeManager(bool abstract) {
  name_ = (abstract ? "@squall-test-" : ::testing::TempDir() + "/notify-") +
          std::to_string(std::random_device()());
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  name_.copy(address.sun_path, sizeof address.sun_path - 1);
  if (abstract) address.sun_path[0] = '\0';
  const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name_.size());
  fd_ = socket(AF_UNIX, SOCK_DGRAM, 0);
  EXPECT_EQ(bind(fd_, reinterpret_cast<const sockaddr*>(&address), length), 0) << name_;
}

FakeManager::~FakeManager() {
  close(fd_);
  if (name_.starts_with('/')) unlink(name_.c_str());
}

std::string FakeManager::HearWithin(Nanos patience) const {
  pollfd ready{.fd = fd_, .events = POLLIN, .revents = 0};
  if (poll(&ready, 1, static_cast<int>(patience / kMillisecond)) != 1) return "";
  std::array<char, 4096> buffer;
  const ssize_t size = recv(fd_, buffer.data(), buffer.size(), 0);
  return size > 0 ? std::string(buffer.data(), static_cast<size_t>(size)) : "";
}

}  // namespace squall::testing
