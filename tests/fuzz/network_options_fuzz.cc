// The flags that say where connections go and come from.
//
// Properties: what is refused is refused with a message that can be shown; what is accepted has a
// text that is accepted, and means the same; source addresses are numeric and none comes twice.
#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <string_view>

#include "common/host_syntax.h"
#include "common/network_options.h"
#include "tests/fuzz/properties.h"

namespace squall {
namespace {

template <typename Parse>
void TestParser(Parse parse, std::string_view text) {
  const auto parsed = parse(text);
  if (!parsed.ok()) return CheckRefusal(parsed.status());
  const std::string normal = ToText(*parsed);
  const auto again = parse(normal);
  SQUALL_CHECK(again.ok());
  SQUALL_CHECK(again->SerializeAsString() == parsed->SerializeAsString());
}

void TestSources(std::string_view text) {
  const auto addresses = ParseSourceAddresses(text);
  if (!addresses.ok()) return CheckRefusal(addresses.status());
  SQUALL_CHECK(!addresses->empty());
  std::set<std::string> seen;
  for (const std::string& address : *addresses) {
    SQUALL_CHECK(NormalIp(address) == address);
    SQUALL_CHECK(seen.insert(address).second);
  }
}

}  // namespace
}  // namespace squall

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  squall::TestParser(&squall::ParseResolution, text);
  squall::TestParser(&squall::ParseDiversion, text);
  squall::TestSources(text);
  return 0;
}
