// Results of runs as they are kept in files.
//
// Properties: what is accepted can be reported as text and as JSON; written again, it decodes to
// what is written in the same way; what a run came to is accepted. A refusal says why.
#include <cstddef>
#include <cstdint>
#include <string>

#include <fuzzer/FuzzedDataProvider.h>
#include <nlohmann/json.hpp>

#include "common/check.h"
#include "controller/report_json.h"
#include "controller/report_text.h"
#include "controller/result_proto.h"
#include "tests/fuzz/outcomes.h"
#include "tests/fuzz/properties.h"
#include "tests/fuzz/wire.h"
#include "tests/support/example_result.h"

namespace squall {
namespace {

// The example, and an agent more that saw something else.
v1::RunResult TrueResult(FuzzedDataProvider& data) {
  RunResult result = data.ConsumeBool() ? ExampleResult() : ExampleOpenLoopResult();
  result.agents.emplace_back().metrics.Merge(TrueSnapshot(data).metrics());
  result.planned += result.agents.back().metrics.recorded();
  result.notes.push_back(data.ConsumeRandomLengthString());
  v1::RunResult proto;
  SQUALL_CHECK(proto.ParseFromString(EncodeResult(result)));
  return proto;
}

void TestResult(FuzzedDataProvider& data) {
  const auto received = Receive(data, [&] { return TrueResult(data); });
  if (!received.message) return;
  const absl::StatusOr<RunResult> result = FromProto(*received.message);
  SQUALL_CHECK(result.ok() || !received.is_true);
  if (!result.ok()) return CheckRefusal(result.status());
  std::string text = TextReport(*result, {.colour = false, .utf8 = true, .width = 100});
  std::erase(text, '\n');
  SQUALL_CHECK(IsUtf8(text) && !HasControlCharacter(text));
  SQUALL_CHECK(nlohmann::json::accept(JsonReport(*result)));
  const std::string bytes = EncodeResult(*result);
  const absl::StatusOr<RunResult> again = DecodeResult(bytes);
  SQUALL_CHECK(again.ok() && EncodeResult(*again) == bytes);
}

}  // namespace
}  // namespace squall

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  FuzzedDataProvider data(bytes, size);
  squall::TestResult(data);
  return 0;
}
