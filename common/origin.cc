#include "common/origin.h"

#include <fmt/format.h>

#include "absl/strings/ascii.h"
#include "common/url.h"

namespace squall {

std::string Origin::Display() const {
  const bool ipv6 = host.find(':') != std::string::npos;
  return fmt::format("{}://{}{}{}:{}", https ? "https" : "http", ipv6 ? "[" : "", host,
                     ipv6 ? "]" : "", port);
}

Origin OriginOf(std::string_view url) {
  const UrlParts parts = SplitUrl(url);
  return {parts.https,
          absl::AsciiStrToLower(absl::string_view(parts.host.data(), parts.host.size())),
          parts.port};
}

}  // namespace squall
