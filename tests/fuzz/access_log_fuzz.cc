// Lines of access logs.
//
// Properties: a line that is read has a status of three digits, and a tag only as squall makes
// them; whatever stands behind such a line changes neither.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "common/check.h"
#include "common/run_id.h"
#include "controller/access_log.h"

namespace squall {
namespace {

void TestAccessLog(std::string_view line) {
  const auto parsed = ParseAccessLine(line);
  if (!parsed) return;
  SQUALL_CHECK(parsed->status <= 999);
  SQUALL_CHECK(parsed->number < uint64_t{1} << 63);
  SQUALL_CHECK(parsed->run.empty()
                   ? !parsed->warm_up && parsed->number == 0
                   : IsRunId(parsed->run) && line.find(parsed->run) != std::string_view::npos);
  if (line.ends_with('\r')) return;
  const std::string more = std::string(line) + " \"-\"";
  const auto again = ParseAccessLine(more);
  SQUALL_CHECK(again && again->status == parsed->status && again->run == parsed->run &&
               again->number == parsed->number && again->warm_up == parsed->warm_up);
}

}  // namespace
}  // namespace squall

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  squall::TestAccessLog({reinterpret_cast<const char*>(data), size});
  return 0;
}
