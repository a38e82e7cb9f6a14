// Addresses of agents.
//
// Properties: the displayed form of an accepted address is an address, and the same one; what gRPC
// is given holds visible ASCII only; what may be dialled may be listened on; an accepted address
// that is no path of a socket holds visible ASCII only, so nothing of it was overlooked; what is
// refused is refused with a message that can be shown.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "common/address.h"
#include "tests/fuzz/properties.h"

namespace squall {
namespace {

bool IsVisibleAscii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < 0x7F; });
}

void TestAddress(std::string_view text) {
  const absl::StatusOr<Address> listened = ParseListenAddress(text);
  if (!listened.ok()) CheckRefusal(listened.status());
  const absl::StatusOr<Address> dialled = ParseAddress(text);
  if (!dialled.ok()) return CheckRefusal(dialled.status());
  SQUALL_CHECK(listened.ok() && *listened == *dialled);
  SQUALL_CHECK(IsVisibleAscii(dialled->target));
  SQUALL_CHECK(text.starts_with("unix:") || IsVisibleAscii(text));
  const absl::StatusOr<Address> again = ParseAddress(dialled->display);
  SQUALL_CHECK(again.ok() && *again == *dialled);
}

}  // namespace
}  // namespace squall

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  squall::TestAddress({reinterpret_cast<const char*>(data), size});
  return 0;
}
