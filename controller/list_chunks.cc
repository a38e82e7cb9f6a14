#include "controller/list_chunks.h"

#include <algorithm>

#include "common/protocol.h"
#include "common/zstd_chunk.h"

namespace squall {
namespace {

constexpr size_t kMostRecent = 16;

}  // namespace

bool IsNear(const Address& address) {
  // The run's own agent has no address that people know; one that dialled has that which gRPC gives
  // it.
  return IsOfThisMachine(address) || address.target.starts_with("unix:") ||
         address.display.starts_with("ipv4:127.") || address.display.starts_with("ipv6:%5B::1%5D");
}

absl::StatusOr<ListChunks::Piece> ListChunks::At(uint64_t from, uint64_t until, bool compressed) {
  // Places are the same for all agents, wherever one begins.
  const uint64_t end =
      std::min({until, (from / kChunkBytes + 1) * kChunkBytes, list_->facts().size_bytes()});
  if (compressed) {
    for (const auto& [begin, piece] : recent_) {
      if (begin == from && piece.end == end) return piece;
    }
  }
  absl::StatusOr<std::string> text = list_->Read(from, static_cast<size_t>(end - from));
  if (!text.ok()) return text.status();
  Piece piece;
  piece.end = end;
  std::string frame = compressed ? Compressed(*text) : "";
  if (frame.empty() || frame.size() >= text->size()) {
    piece.chunk.set_data(*std::move(text));
    return piece;
  }
  piece.chunk.set_data(std::move(frame));
  piece.chunk.set_compression(v1::COMPRESSION_ZSTD);
  recent_.emplace_back(from, piece);
  if (recent_.size() > kMostRecent) recent_.pop_front();
  return piece;
}

}  // namespace squall
