#include "common/address_text.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <netdb.h>
#include <string>
#include <string_view>

#include <arpa/inet.h>
#include <fmt/format.h>
#include <net/if.h>
#include <netinet/in.h>

namespace squall {
namespace {

bool Write(std::string_view text, char* to, socklen_t size) {
  if (text.size() >= size) return false;
  *std::copy(text.begin(), text.end(), to) = '\0';
  return true;
}

std::string ScopeText(uint32_t scope) {
  std::array<char, IF_NAMESIZE> name{};
  if (scope == 0) return "";
  if (if_indextoname(scope, name.data()) != nullptr) return fmt::format("%{}", name.data());
  return fmt::format("%{}", scope);
}

}  // namespace

int AddressToText(const sockaddr* address, socklen_t size, char* host, socklen_t host_size,
                  char* service, socklen_t service_size, int flags) {
  if ((flags & NI_NAMEREQD) != 0) return EAI_NONAME;
  std::array<char, INET6_ADDRSTRLEN> text{};
  std::string scope;
  uint16_t port = 0;
  if (address->sa_family == AF_INET && size >= sizeof(sockaddr_in)) {
    const auto& whole = *reinterpret_cast<const sockaddr_in*>(address);
    inet_ntop(AF_INET, &whole.sin_addr, text.data(), text.size());
    port = whole.sin_port;
  } else if (address->sa_family == AF_INET6 && size >= sizeof(sockaddr_in6)) {
    const auto& whole = *reinterpret_cast<const sockaddr_in6*>(address);
    inet_ntop(AF_INET6, &whole.sin6_addr, text.data(), text.size());
    scope = ScopeText(whole.sin6_scope_id);
    port = whole.sin6_port;
  } else {
    return EAI_FAMILY;
  }
  if (host != nullptr && host_size > 0 && !Write(text.data() + scope, host, host_size)) {
    return EAI_OVERFLOW;
  }
  if (service != nullptr && service_size > 0 &&
      !Write(std::to_string(ntohs(port)), service, service_size)) {
    return EAI_OVERFLOW;
  }
  return 0;
}

}  // namespace squall
