#include "agent/own_target.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "common/values.h"

namespace squall {
namespace {

constexpr Nanos kReadyTime = 10 * kSecond;
constexpr size_t kLongestLine = 200;

}  // namespace

absl::StatusOr<OwnTarget> OwnTarget::Start(const std::string& program, uint32_t threads) {
  absl::StatusOr<ChildProcess> child = ChildProcess::Start(
      program, {"target", "--listen", "127.0.0.1:0", "--threads", std::to_string(threads)});
  if (!child.ok()) {
    return absl::InternalError(
        fmt::format("cannot start a target of its own: {}", std::string(child.status().message())));
  }
  OwnTarget target(*std::move(child));
  const Nanos deadline = SteadyNow() + kReadyTime;
  std::string line;
  char byte = 0;
  while (line.size() < kLongestLine && target.child_.Read(byte, deadline) && byte != '\n') {
    line += byte;
  }
  constexpr std::string_view kSaid = "listening on http://127.0.0.1:";
  const absl::StatusOr<uint64_t> port = ParseWholeNumber(
      std::string_view(line).substr(std::min(kSaid.size(), line.size())), 1, 65535);
  if (byte != '\n' || !line.starts_with(kSaid) || !port.ok()) {
    return absl::UnavailableError(fmt::format(
        "a target of its own does not come up (the agent's log may say why); it said {}",
        Quoted(line)));
  }
  target.url_ = fmt::format("http://127.0.0.1:{}/", *port);
  return target;
}

}  // namespace squall
