// Metrics and snapshots as true agents make them, driven by a fuzzer.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "common/metrics.h"
#include "common/span.h"
#include "squall/v1/metrics.pb.h"

namespace squall {

template <typename Data>
std::string AnyAddress(Data& data) {
  return "10.0.0." + std::to_string(data.template ConsumeIntegral<uint8_t>()) + ":80";
}

// Of a few requests with rising numbers and outcomes of all kinds. `data` is a FuzzedDataProvider,
// which only clang has.
template <typename Data>
v1::Snapshot TrueSnapshot(Data& data) {
  Metrics metrics;
  std::vector<Span> held;
  uint64_t next = 0;
  const bool open_loop = data.ConsumeBool();
  const auto any_time = [&data] {
    return static_cast<Nanos>(data.template ConsumeIntegral<uint64_t>() >>
                              data.template ConsumeIntegralInRange<int>(2, 63));
  };
  const auto any_part = [&] { return data.ConsumeBool() ? any_time() : -1; };
  for (int requests = data.template ConsumeIntegralInRange<int>(0, 16); requests > 0; --requests) {
    const auto gap = data.template ConsumeIntegralInRange<uint64_t>(0, 3);
    const uint64_t number = next + gap;
    if (held.empty() || gap > 0) held.push_back({number, 1, 0});
    ++held.back().count;
    next = number + 1;

    const std::string detail = data.ConsumeRandomLengthString(Metrics::kMaxDetailBytes + 1);
    Outcome outcome;
    outcome.bytes_received = data.template ConsumeIntegral<uint32_t>();
    outcome.bytes_sent = data.template ConsumeIntegral<uint32_t>();
    outcome.connections = data.template ConsumeIntegral<uint8_t>();
    outcome.resent = data.ConsumeBool();
    outcome.detail = detail;
    outcome.kind = static_cast<v1::FailureKind>(
        data.template ConsumeIntegralInRange<int>(0, v1::FailureKind_MAX));
    if (outcome.kind == v1::FAILURE_KIND_NONE || IsOfAnswer(outcome.kind)) {
      if (data.ConsumeBool()) outcome.judged = outcome.kind;
      outcome.kind = v1::FAILURE_KIND_NONE;
      outcome.status = data.template ConsumeIntegralInRange<uint32_t>(Metrics::kMinStatus,
                                                                      Metrics::kStatuses - 1);
    }
    outcome.timings = {any_part(), any_part(), any_part(), any_part(), any_part()};
    Latency latency;
    latency.service = any_time();
    if (open_loop) latency.lag = any_time();
    metrics.Add(number, latency, outcome);
    if (outcome.kind == v1::FAILURE_KIND_NONE && data.ConsumeBool()) {
      ++metrics.addresses[AnyAddress(data)].requests;
    }
  }
  for (int connections = data.template ConsumeIntegralInRange<int>(0, 3); connections > 0;
       --connections) {
    ++metrics.addresses[AnyAddress(data)].connections;
  }
  metrics.waited = data.template ConsumeIntegral<uint8_t>();
  metrics.waited_beside_free = data.template ConsumeIntegralInRange<uint64_t>(0, metrics.waited);
  v1::Snapshot snapshot;
  snapshot.set_sequence(1);
  snapshot.set_window_ns(data.template ConsumeIntegral<int64_t>());
  *snapshot.mutable_held() = RunsToProto(held);
  *snapshot.mutable_metrics() = metrics.ToProto();
  return snapshot;
}

}  // namespace squall
