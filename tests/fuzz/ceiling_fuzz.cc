// Files in which agents keep their ceilings.
//
// Properties: what is refused is refused with a message that can be shown; what is accepted is
// plausible, and the same when it is written and read again.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "common/ceiling.h"
#include "tests/fuzz/properties.h"

namespace squall {
namespace {

void TestCeiling(std::string_view text) {
  const absl::StatusOr<v1::Ceiling> ceiling = CeilingFromText(text);
  if (!ceiling.ok()) return CheckRefusal(ceiling.status());
  SQUALL_CHECK(IsPlausible(*ceiling));
  const absl::StatusOr<v1::Ceiling> again = CeilingFromText(CeilingToText(*ceiling));
  SQUALL_CHECK(again.ok() && again->SerializeAsString() == ceiling->SerializeAsString());
}

}  // namespace
}  // namespace squall

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  squall::TestCeiling({reinterpret_cast<const char*>(data), size});
  return 0;
}
