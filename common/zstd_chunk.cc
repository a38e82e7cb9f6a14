#include "common/zstd_chunk.h"

#include <zstd.h>

namespace squall {

std::string Compressed(std::string_view bytes) {
  std::string frame(ZSTD_compressBound(bytes.size()), '\0');
  const size_t size =
      ZSTD_compress(frame.data(), frame.size(), bytes.data(), bytes.size(), /*level=*/1);
  frame.resize(ZSTD_isError(size) != 0 ? 0 : size);
  return frame;
}

absl::StatusOr<std::string> Decompressed(std::string_view frame, size_t most) {
  // What the frame says of its size is a stranger's word.
  std::string bytes(most, '\0');
  const size_t size = ZSTD_decompress(bytes.data(), bytes.size(), frame.data(), frame.size());
  if (ZSTD_isError(size) != 0) {
    return absl::InvalidArgumentError(ZSTD_getErrorName(size));
  }
  bytes.resize(size);
  return bytes;
}

}  // namespace squall
