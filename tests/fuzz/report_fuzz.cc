// Reports on what agents and servers said: names, hosts, messages, first bytes of bodies.
//
// Properties: the text is UTF-8 (or ASCII, where that is asked for) and has no control characters
// but line breaks, so no foreign byte commands a terminal; the JSON is ASCII and can be read.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include <fuzzer/FuzzedDataProvider.h>
#include <nlohmann/json.hpp>

#include "common/decoded_metrics.h"
#include "controller/report_json.h"
#include "controller/report_text.h"
#include "tests/fuzz/outcomes.h"
#include "tests/fuzz/properties.h"

namespace squall {
namespace {

bool IsAscii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return (c & 0x80) == 0; });
}

RunResult ResultOf(FuzzedDataProvider& data) {
  RunResult result;
  result.id = "r";
  result.state = static_cast<RunState>(data.ConsumeIntegralInRange(0, 2));
  result.elapsed = data.ConsumeIntegral<Nanos>();
  result.planned = data.ConsumeIntegral<uint64_t>();
  result.notes.push_back(data.ConsumeRandomLengthString());
  for (int agents = data.ConsumeIntegralInRange(0, 3); agents > 0; --agents) {
    AgentResult agent;
    agent.name = data.ConsumeRandomLengthString();
    agent.address = data.ConsumeRandomLengthString();
    agent.build = data.ConsumeRandomLengthString();
    agent.host.set_os(data.ConsumeRandomLengthString());
    agent.host.set_cores(data.ConsumeIntegral<uint32_t>());
    agent.concurrency = data.ConsumeIntegral<uint32_t>();
    const v1::Snapshot snapshot = TrueSnapshot(data);
    const auto metrics = DecodedMetrics::Of(snapshot.metrics());
    SQUALL_CHECK(metrics.ok());
    agent.metrics.Merge(*metrics);
    result.fleet.Merge(*metrics);
    result.agents.push_back(std::move(agent));
  }
  return result;
}

void TestReport(FuzzedDataProvider& data) {
  const TextStyle style = {
      .colour = false, .utf8 = data.ConsumeBool(), .width = data.ConsumeIntegralInRange(1, 100)};
  const RunResult result = ResultOf(data);
  std::string text = TextReport(result, style);
  std::erase(text, '\n');
  SQUALL_CHECK(IsUtf8(text) && !HasControlCharacter(text));
  SQUALL_CHECK(style.utf8 || IsAscii(text));
  const std::string json = JsonReport(result);
  SQUALL_CHECK(IsAscii(json) && nlohmann::json::accept(json));
}

}  // namespace
}  // namespace squall

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  FuzzedDataProvider data(bytes, size);
  squall::TestReport(data);
  return 0;
}
