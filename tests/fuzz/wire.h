// Messages as they may come over the wire.
//
// Any bytes at all reach only the first checks of a decoder, as sums must match. So half of the
// messages are true ones, with a few bytes changed or none.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include <google/protobuf/stubs/logging.h>

#include "common/check.h"

namespace squall {

template <typename Message>
struct Received {
  std::optional<Message> message;  // nothing: the bytes are no such message
  bool is_true = false;            // as it was made: it must be accepted
};

// `data` is a FuzzedDataProvider, which only clang has; `make_true` returns a message.
template <typename Data, typename MakeTrue>
auto Receive(Data& data, MakeTrue make_true) {
  Received<decltype(make_true())> received;
  std::string bytes;
  if (data.ConsumeBool()) {
    bytes = data.ConsumeRemainingBytesAsString();
  } else {
    const std::string truth = make_true().SerializeAsString();
    bytes = truth;
    const auto changes = truth.empty() ? 0 : data.template ConsumeIntegralInRange<int>(0, 3);
    for (int i = 0; i < changes; ++i) {
      const auto at = data.template ConsumeIntegralInRange<size_t>(0, bytes.size() - 1);
      bytes[at] = static_cast<char>(data.template ConsumeIntegral<uint8_t>());
    }
    received.is_true = bytes == truth;
  }
  const google::protobuf::LogSilencer silencer;  // of a line for each text that is not UTF-8
  if (!received.message.emplace().ParseFromString(bytes)) received.message.reset();
  SQUALL_CHECK(received.message || !received.is_true);
  return received;
}

}  // namespace squall
