// What an agent sends packed: whatever is in it, it becomes a message that is not packed, or stays
// as it is.
#include <cstddef>
#include <cstdint>

#include <google/protobuf/stubs/logging.h>

#include "common/check.h"
#include "common/packed_message.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using squall::v1::AgentMessage;
  const google::protobuf::LogSilencer silencer;
  AgentMessage message;
  if (!message.ParseFromArray(data, static_cast<int>(size))) return 0;
  const bool was_packed = message.has_packed();
  const AgentMessage before = message;
  squall::Unpack(message);
  if (message.has_packed() || !was_packed) {
    SQUALL_CHECK(message.SerializeAsString() == before.SerializeAsString());
  }
  return 0;
}
