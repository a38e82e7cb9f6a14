// Plan files and command lines of curl, as anybody writes them.
//
// Properties: nothing is thrown; what is refused is refused with a message that can be shown, which
// of a file begins with its name; and the plan that a command line comes to can be read.
#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/strings/match.h"
#include "controller/curl_words.h"
#include "controller/plan_file.h"
#include "tests/fuzz/properties.h"

namespace squall {
namespace {

void TestFile(const std::string& text) {
  const absl::StatusOr<PlanFile> file = PlanFile::Parse(text, "p.yaml");
  if (file.ok()) return;
  SQUALL_CHECK(absl::StartsWith(file.status().message(), "p.yaml:"));
  CheckRefusal(file.status());
}

void TestCurl(const std::string& line) {
  const absl::StatusOr<std::string> plan = PlanFromCurl({line});
  if (!plan.ok()) return CheckRefusal(plan.status());
  SQUALL_CHECK(PlanFile::Parse(*plan, "p.yaml").ok());
}

}  // namespace
}  // namespace squall

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  squall::TestFile(text);
  squall::TestCurl(text);
  return 0;
}
