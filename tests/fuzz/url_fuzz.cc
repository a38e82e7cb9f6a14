// URLs of requests and of proxies.
//
// Properties: what is accepted is UTF-8 without blanks and control characters, and of one of the
// schemes; an accepted http URL without path, query and fragment is accepted for a proxy too; what
// is refused is refused with a message that can be shown.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "absl/strings/match.h"
#include "common/url.h"
#include "tests/fuzz/properties.h"

namespace squall {
namespace {

bool IsFitToSend(std::string_view url) {
  return url.find(' ') == std::string_view::npos && !HasControlCharacter(url) && IsUtf8(url) &&
         url.size() <= kMaxUrlBytes;
}

void TestUrl(std::string_view url) {
  const absl::Status status = CheckUrl(url);
  const absl::Status proxy_status = CheckProxyUrl(url);
  if (!status.ok()) CheckRefusal(status);
  if (!proxy_status.ok()) CheckRefusal(proxy_status);

  const absl::string_view text(url.data(), url.size());
  const bool is_http =
      absl::StartsWithIgnoreCase(text, "http://") || absl::StartsWithIgnoreCase(text, "https://");
  const bool is_socks = absl::StartsWithIgnoreCase(text, "socks5");
  if (status.ok()) SQUALL_CHECK(is_http && IsFitToSend(url));
  if (proxy_status.ok()) SQUALL_CHECK((is_http || is_socks) && IsFitToSend(url));
  if (is_http) {
    const size_t host = url.find("://") + 3;
    const bool is_bare = url.find_first_of("/?#", host) == std::string_view::npos;
    SQUALL_CHECK(!proxy_status.ok() || status.ok());
    SQUALL_CHECK(!is_bare || proxy_status.ok() == status.ok());
  }
}

}  // namespace
}  // namespace squall

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  squall::TestUrl({reinterpret_cast<const char*>(data), size});
  return 0;
}
