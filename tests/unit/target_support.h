// A target in this process, for tests.
#pragma once

#include <memory>
#include <utility>

#include <gtest/gtest.h>

#include "target/server.h"

namespace squall::target {

inline constexpr char kGet[] = "GET / HTTP/1.1\r\nHost: t\r\n\r\n";

// At a port of its own, whatever the options say.
inline std::unique_ptr<Server> StartServer(Options options = {}) {
  options.listen = "127.0.0.1:0";
  absl::StatusOr<std::unique_ptr<Server>> server = Server::Start(std::move(options));
  EXPECT_TRUE(server.ok()) << server.status();
  return *std::move(server);
}

}  // namespace squall::target
