#include "common/packed_message.h"

#include <cstddef>
#include <string>
#include <utility>
#include <zlib.h>

#include "common/check.h"
#include "common/protocol.h"

namespace squall {
namespace {

// In bytes; less is not worth it.
constexpr size_t kLittle = 4096;

}  // namespace

v1::AgentMessage Pack(v1::AgentMessage message) {
  if (!message.has_snapshot() || message.ByteSizeLong() <= kLittle) return message;
  const std::string plain = message.SerializeAsString();
  if (plain.size() > kMaxMessageBytes) return message;  // gRPC refuses to send it, and says so
  uLongf size = compressBound(plain.size());
  v1::AgentMessage out;
  std::string& zlib = *out.mutable_packed()->mutable_zlib();
  zlib.resize(size);
  SQUALL_CHECK(compress(reinterpret_cast<Bytef*>(zlib.data()), &size,
                        reinterpret_cast<const Bytef*>(plain.data()), plain.size()) == Z_OK);
  zlib.resize(size);
  out.mutable_packed()->set_bytes(static_cast<uint32_t>(plain.size()));
  return out;
}

void Unpack(v1::AgentMessage& message) {
  if (!message.has_packed()) return;
  const v1::Packed& packed = message.packed();
  if (packed.bytes() > kMaxMessageBytes) return;
  std::string plain(packed.bytes(), '\0');
  uLongf size = plain.size();
  const int result =
      uncompress(reinterpret_cast<Bytef*>(plain.data()), &size,
                 reinterpret_cast<const Bytef*>(packed.zlib().data()), packed.zlib().size());
  v1::AgentMessage inner;
  if (result != Z_OK || size != plain.size() || !inner.ParseFromString(plain) ||
      inner.has_packed()) {
    return;
  }
  message = std::move(inner);
}

}  // namespace squall
