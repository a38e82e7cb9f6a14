// What request() of a script returned.
//
// Properties: there are 1 to 64 requests, and only of these it is known which is a HEAD; another
// one behind an accepted text is one more, unless nothing may follow; what is refused is refused
// with a message that can be shown.
#include <bit>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "common/raw_request.h"
#include "tests/fuzz/properties.h"

namespace squall {
namespace {

void TestRequests(std::string_view bytes) {
  const absl::StatusOr<RawRequests> requests = ParseRawRequests(bytes);
  if (!requests.ok()) return CheckRefusal(requests.status());
  const uint32_t count = requests->count;
  SQUALL_CHECK(count >= 1 && count <= RawRequests::kMost);
  SQUALL_CHECK(std::bit_width(requests->heads) <= count);
  const absl::StatusOr<RawRequests> more =
      ParseRawRequests(std::string(bytes) + "HEAD / HTTP/1.1\r\n\r\n");
  if (!more.ok()) return CheckRefusal(more.status());
  SQUALL_CHECK(more->count == count + 1 && more->IsHead(count));
}

}  // namespace
}  // namespace squall

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  squall::TestRequests({reinterpret_cast<const char*>(data), size});
  return 0;
}
