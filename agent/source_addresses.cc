#include "agent/source_addresses.h"

#include <algorithm>
#include <optional>
#include <unistd.h>

#include <fmt/format.h>
#include <sys/socket.h>

#include "agent/endpoint.h"

namespace squall {
namespace {

bool IsLocal(const std::string& address) {
  const std::optional<Endpoint> endpoint = NumericEndpoint(address);
  if (!endpoint) return false;
  const int socket_number = socket(endpoint->family(), SOCK_STREAM, 0);
  if (socket_number < 0) return false;
  const bool bound = bind(socket_number, endpoint->get(), endpoint->size) == 0;
  close(socket_number);
  return bound;
}

}  // namespace

absl::Status KeepLocalSources(v1::Transport& transport) {
  if (transport.source_addresses().empty()) return absl::OkStatus();
  const std::vector<std::string> all(transport.source_addresses().begin(),
                                     transport.source_addresses().end());
  transport.clear_source_addresses();
  for (const std::string& address : all) {
    if (IsLocal(address)) transport.add_source_addresses(address);
  }
  if (!transport.source_addresses().empty()) return absl::OkStatus();
  return absl::InvalidArgumentError(
      fmt::format("none of the source addresses is its own: {}: add one that is to "
                  "--source-address, or leave this agent out",
                  fmt::join(all, ", ")));
}

}  // namespace squall
