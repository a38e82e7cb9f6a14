// Texts that are kept compressed, told by their first bytes, as they come piece by piece.
#pragma once

#include <functional>
#include <memory>
#include <string_view>

#include "absl/status/status.h"

namespace squall {

class Unpacker {
 public:
  // Gets the text, piece by piece. An error ends it.
  using Sink = std::function<absl::Status(std::string_view text)>;

  virtual ~Unpacker() = default;
  // The next bytes. INVALID_ARGUMENT: they are damaged.
  virtual absl::Status Add(std::string_view bytes, const Sink& sink) = 0;
  // That was all. INVALID_ARGUMENT: the end is missing.
  virtual absl::Status Finish() = 0;
};

// By a file's first bytes, four if it has as many: gzip (RFC 1952) or zstd (RFC 8878). Null: a
// plain text.
std::unique_ptr<Unpacker> UnpackerFor(std::string_view begin);

std::unique_ptr<Unpacker> MakeGzipUnpacker();
std::unique_ptr<Unpacker> MakeZstdUnpacker();

}  // namespace squall
