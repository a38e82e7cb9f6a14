// What controllers say to an agent, true and hostile, driven by a fuzzer.
#pragma once

#include <cstdint>
#include <limits>
#include <string>

#include <google/protobuf/stubs/logging.h>

#include "common/clock.h"
#include "common/protocol.h"
#include "squall/v1/control.pb.h"
#include "tests/fuzz/fake_engine.h"

namespace squall {

// `data` is a FuzzedDataProvider, which only clang has.
template <typename Data>
class ControllerWords {
 public:
  ControllerWords(Data& data, uint64_t next_command) : data_(data), next_command_(next_command) {}

  v1::ControllerMessage Any() {
    v1::ControllerMessage message = AnyKind();
    if (Rarely()) message.set_acknowledged(AnySmall());
    const bool is_command =
        message.has_grant() || message.has_start() || message.has_resize() || message.has_stop();
    if (is_command) {
      message.set_command(Rarely() ? AnySmall() : next_command_);
      if (message.has_grant()) NumberSpans(message);
    }
    return message;
  }

 private:
  static constexpr uint64_t kMostList = 1 << 12;  // bytes

  bool Rarely() { return Pick(8) == 0; }
  int Pick(int choices) { return data_.template ConsumeIntegralInRange<int>(0, choices - 1); }
  uint64_t AnySmall() { return data_.template ConsumeIntegralInRange<uint64_t>(0, 6); }
  Nanos AnyNanos() { return data_.template ConsumeIntegral<Nanos>(); }

  v1::ControllerMessage AnyKind() {
    v1::ControllerMessage message;
    switch (Pick(16)) {
      case 0:
      case 1:
      case 2:
        SayHello(*message.mutable_hello());
        break;
      case 3:
      case 4:
        SayPrepare(*message.mutable_prepare());
        break;
      case 5:
        if (data_.ConsumeBool()) {
          message.mutable_feeder()->set_data(Rarely() ? data_.ConsumeRandomLengthString(40)
                                                      : "id,name\n1,ann\n");
        } else {
          message.mutable_data()->set_data(Rarely() ? data_.ConsumeRandomLengthString(40)
                                                    : "http://a/\n");
        }
        break;
      case 6:
      case 7:
        SayGrant(*message.mutable_grant());
        break;
      case 8:
        message.mutable_start()->set_at_ns(Rarely() ? AnyNanos() : SteadyNow());
        message.mutable_start()->set_lease_from_ns(Rarely() ? AnyNanos() : SteadyNow());
        break;
      case 9:
      case 10:
        message.mutable_ack()->set_sequence(AnySmall());
        break;
      case 11:
        message.mutable_resize()->set_concurrency(static_cast<uint32_t>(AnySmall()));
        break;
      case 12:
        message.mutable_stop()->set_drain_ns(Rarely() ? AnyNanos() : 0);
        break;
      case 13:
        message.mutable_dismiss()->set_reason(data_.ConsumeRandomLengthString(20));
        break;
      case 14:
        message.mutable_ping()->set_id(AnySmall());
        message.mutable_ping()->set_reply_bytes(Rarely() ? 1 << 12 : 0);
        break;
      default:
        return Bytes();
    }
    return message;
  }

  void SayHello(v1::Hello& hello) {
    hello.set_protocol_version(Rarely() ? static_cast<uint32_t>(AnySmall()) : kProtocolVersion);
    hello.set_controller(Rarely() ? data_.ConsumeRandomLengthString(200) : "ann");
    hello.set_build(Rarely() ? data_.ConsumeRandomLengthString(200) : "1");
    switch (Pick(16)) {
      case 0:
        hello.set_run_id(data_.ConsumeRandomLengthString(200));
        break;
      case 1:
        hello.set_run_id(std::string(5000, 'x'));
        break;
      default:
        hello.set_run_id(Rarely() ? "20261126T101500Z-5f3d" : "20261126T101500Z-5f3c");
    }
    hello.set_check(Rarely());
  }

  // A good one, but perhaps for one thing.
  void SayPrepare(v1::Prepare& prepare) {
    prepare.set_run_id("20261126T101500Z-5f3c");
    prepare.set_concurrency(2);
    prepare.set_lease_ns(kSecond);
    prepare.set_grace_ns(2 * kSecond);
    prepare.set_snapshot_interval_ns(kSecond / 5);
    v1::Plan& plan = *prepare.mutable_plan();
    plan.mutable_request()->set_method("GET");
    plan.mutable_request()->set_url("http://127.0.0.1:1/");
    plan.set_concurrency(4);
    v1::Phase& phase = *plan.add_phases();
    phase.set_measured(true);
    phase.set_requests(100);
    v1::Transport& transport = *plan.mutable_transport();
    transport.set_kind(v1::TRANSPORT_KIND_HTTP1);
    transport.set_http_version(v1::HTTP_VERSION_1_1);
    transport.set_streams(1);
    transport.set_timeout_ns(kSecond);
    switch (Pick(16)) {
      case 0:
        plan.mutable_urls()->set_size_bytes(10 * AnySmall());
        plan.mutable_urls()->set_entries(AnySmall());
        plan.mutable_urls()->set_order(v1::ORDER_SHUFFLED);
        plan.mutable_urls()->set_name(data_.ConsumeRandomLengthString(20));
        break;
      case 7:
        plan.set_templates(true);
        plan.mutable_request()->set_url("http://127.0.0.1:1/{{col id}}");
        plan.mutable_feeder()->set_size_bytes(14 * AnySmall());
        plan.mutable_feeder()->set_rows(AnySmall());
        plan.mutable_feeder()->set_order(v1::ORDER_SEQUENTIAL);
        plan.mutable_feeder()->set_name("feeder");
        break;
      case 1:
        phase.set_duration_ns(AnyNanos());
        break;
      case 2:
        prepare.set_lease_ns(AnyNanos());
        prepare.set_grace_ns(AnyNanos());
        prepare.set_snapshot_interval_ns(AnyNanos());
        break;
      case 3:
        plan.mutable_request()->set_url(data_.ConsumeRandomLengthString(50));
        break;
      case 4:
        prepare.set_concurrency(data_.template ConsumeIntegral<uint32_t>());
        plan.set_concurrency(data_.template ConsumeIntegral<uint32_t>());
        break;
      case 5:
        phase.mutable_arrivals()->set_process(v1::ARRIVAL_PROCESS_POISSON);
        phase.mutable_arrivals()->set_rate_nano(data_.template ConsumeIntegral<uint64_t>());
        break;
      case 6:
        plan.mutable_request()->set_method(data_.ConsumeRandomLengthString(10));
        break;
      default:
        break;
    }
  }

  void SayGrant(v1::Grant& grant) {
    grant.set_phase(Rarely() ? 1 : 0);
    for (int i = Pick(3); i >= 0; --i) {
      v1::Span& span = *grant.add_spans();
      if (Rarely()) {
        span.set_first(data_.template ConsumeIntegral<uint64_t>());
        span.set_stride(data_.template ConsumeIntegral<uint64_t>());
        span.set_count(data_.template ConsumeIntegral<uint64_t>());
      } else {
        span.set_stride(kSerialStride);
        span.set_count(1);
      }
    }
  }

  // Those with serials: they rise with the commands.
  static void NumberSpans(v1::ControllerMessage& message) {
    for (int i = 0; i < message.grant().spans_size(); ++i) {
      v1::Span& span = *message.mutable_grant()->mutable_spans(i);
      if (span.stride() == kSerialStride) {
        span.set_first(16 * message.command() + static_cast<uint64_t>(i));
      }
    }
  }

  // Anything. What would start a process or look a name up is left out: that takes its time.
  v1::ControllerMessage Bytes() {
    v1::ControllerMessage message;
    const std::string bytes = data_.ConsumeRandomLengthString(200);
    const google::protobuf::LogSilencer silencer;
    if (!message.ParseFromString(bytes)) message.Clear();
    if (message.has_prepare()) {
      v1::Prepare& prepare = *message.mutable_prepare();
      prepare.clear_own_target();
      if (prepare.plan().urls().size_bytes() > kMostList) {
        prepare.mutable_plan()->mutable_urls()->set_size_bytes(kMostList);
      }
      if (prepare.plan().feeder().size_bytes() > kMostList) {
        prepare.mutable_plan()->mutable_feeder()->set_size_bytes(kMostList);
      }
    }
    if (message.has_ping() && message.ping().reply_bytes() > kMostList) {
      message.mutable_ping()->set_reply_bytes(kMostList);
    }
    return message;
  }

  Data& data_;
  const uint64_t next_command_;
};

}  // namespace squall
