// Results of runs as they are kept in files.
//
// Properties: what is accepted can be reported as text and as JSON; written again, it decodes to
// what is written in the same way; what a run came to is accepted, and written again is the same
// message. A refusal says why.
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

// An example but for its agents, whose many times would only take time.
v1::RunResult Example() {
  v1::RunResult proto;
  SQUALL_CHECK(proto.ParseFromString(EncodeResult(ExampleResult())));
  proto.clear_agents();
  proto.clear_checksum();
  return proto;
}

// With agents that saw something else.
v1::RunResult TrueResult(FuzzedDataProvider& data) {
  static const v1::RunResult example = Example();
  v1::RunResult proto = example;
  for (int agents = data.ConsumeIntegralInRange(0, 3); agents > 0; --agents) {
    v1::AgentResult& agent = *proto.add_agents();
    agent.set_name(data.ConsumeRandomLengthString());
    agent.mutable_host()->set_cores(data.ConsumeIntegral<uint32_t>());
    agent.set_concurrency(data.ConsumeIntegral<uint32_t>());
    *agent.mutable_metrics() = TrueSnapshot(data).metrics();
  }
  proto.set_agent_count(static_cast<uint32_t>(proto.agents_size()));
  proto.add_notes(data.ConsumeRandomLengthString());
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
  if (!received.is_true) return;
  v1::RunResult proto;
  SQUALL_CHECK(proto.ParseFromString(bytes));
  proto.clear_checksum();
  SQUALL_CHECK(proto.SerializeAsString() == received.message->SerializeAsString());
}

}  // namespace
}  // namespace squall

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  FuzzedDataProvider data(bytes, size);
  squall::TestResult(data);
  return 0;
}
