// Values of flags, and foreign text made fit to print.
//
// Properties: a number, duration or rate that is accepted lies within its bounds, and a number or
// rate is the one whose digits were typed; what is refused is refused with a message that can be
// shown; quoted text is short UTF-8 without control characters, and text that was so already is
// left as it is; what is taken for UTF-8 is what messages of the protocol can carry.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include <fmt/format.h>
#include <google/protobuf/stubs/logging.h>

#include "common/protocol.h"
#include "common/values.h"
#include "squall/v1/plan.pb.h"
#include "tests/fuzz/properties.h"

namespace squall {
namespace {

constexpr size_t kLongestQuoted = 210;  // 200, a character or escape, and the ellipsis
constexpr size_t kSurelyWhole = 200;
constexpr uint64_t kUnit = 1'000'000'000;  // of a rate: one request per second

void TestNumber(std::string_view text, uint64_t lowest, uint64_t highest) {
  const absl::StatusOr<uint64_t> number = ParseWholeNumber(text, lowest, highest);
  if (!number.ok()) return CheckRefusal(number.status());
  SQUALL_CHECK(*number >= lowest && *number <= highest);
  const size_t zeros = std::min(text.find_first_not_of('0'), text.size() - 1);
  SQUALL_CHECK(std::to_string(*number) == text.substr(zeros));
}

void TestDuration(std::string_view text, absl::Duration lowest, absl::Duration highest) {
  const absl::StatusOr<absl::Duration> duration = ParseDuration(text, lowest, highest);
  if (!duration.ok()) return CheckRefusal(duration.status());
  SQUALL_CHECK(*duration >= lowest && *duration <= highest);
}

void TestRate(std::string_view text) {
  const absl::StatusOr<uint64_t> rate = ParseRate(text);
  if (!rate.ok()) return CheckRefusal(rate.status());
  SQUALL_CHECK(*rate >= 1 && *rate <= kMaxRateNano);
  std::string typed(text);
  if (typed.find('.') == std::string::npos) typed += '.';
  typed.append(typed.find('.') + 10 - typed.size(), '0');
  typed.erase(0, std::min(typed.find_first_not_of('0'), typed.find('.') - 1));
  SQUALL_CHECK(fmt::format("{}.{:09}", *rate / kUnit, *rate % kUnit) == typed);
}

void TestQuoted(std::string_view text) {
  const std::string quoted = Quoted(text);
  SQUALL_CHECK(!quoted.empty() && quoted.size() <= kLongestQuoted);
  SQUALL_CHECK(IsUtf8(quoted) && !HasTerminalControl(quoted));
  const bool was_so = !text.empty() && IsUtf8(text) && !HasTerminalControl(text);
  if (text.size() <= kSurelyWhole) SQUALL_CHECK(was_so == (quoted == text));
}

void TestUtf8(std::string_view text) {
  v1::Header sent;
  sent.set_value(std::string(text));
  const google::protobuf::LogSilencer silencer;  // of a line for each text that is not UTF-8
  SQUALL_CHECK(IsUtf8(text) == v1::Header().ParseFromString(sent.SerializeAsString()));
}

void TestValues(std::string_view text) {
  TestNumber(text, 0, UINT64_MAX);
  TestNumber(text, 1, 65535);
  TestDuration(text, absl::Milliseconds(1), absl::Hours(10'000));
  TestDuration(text, absl::ZeroDuration(), absl::Seconds(1));
  TestRate(text);
  TestQuoted(text);
  TestUtf8(text);
  const std::string_view trimmed = TrimBlanks(text);
  SQUALL_CHECK(trimmed == TrimBlanks(trimmed));
  if (const auto level = ParseLogLevel(text); !level.ok()) CheckRefusal(level.status());
}

}  // namespace
}  // namespace squall

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  squall::TestValues({reinterpret_cast<const char*>(data), size});
  return 0;
}
