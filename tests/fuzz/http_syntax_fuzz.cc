// Methods and headers.
//
// Properties: no accepted method or header can end its line in a request or begin another one; a
// header put together again from its name and value is the same; what is refused is refused with a
// message that can be shown.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "common/http_syntax.h"
#include "tests/fuzz/properties.h"

namespace squall {
namespace {

bool EndsLine(std::string_view text) {
  return text.find_first_of(std::string_view("\r\n\0", 3)) != std::string_view::npos;
}

void TestMethod(std::string_view text) {
  const absl::Status status = CheckMethod(text);
  if (!status.ok()) return CheckRefusal(status);
  SQUALL_CHECK(!text.empty() && !EndsLine(text) && text.find(' ') == std::string_view::npos);
}

void TestHeader(std::string_view text) {
  const absl::StatusOr<v1::Header> header = ParseHeader(text);
  if (!header.ok()) return CheckRefusal(header.status());
  SQUALL_CHECK(!header->name().empty() && !EndsLine(header->name()) && !EndsLine(header->value()));
  SQUALL_CHECK(header->name().find_first_of(": \t") == std::string::npos);
  const absl::StatusOr<v1::Header> again = ParseHeader(header->name() + ": " + header->value());
  SQUALL_CHECK(again.ok() && again->name() == header->name() && again->value() == header->value());
}

}  // namespace
}  // namespace squall

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  squall::TestMethod(text);
  squall::TestHeader(text);
  return 0;
}
