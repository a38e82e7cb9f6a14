#include <string>
#include <zstd.h>

#include <fmt/format.h>

#include "controller/unpack.h"

namespace squall {
namespace {

class Zstd final : public Unpacker {
 public:
  Zstd() : stream_(ZSTD_createDStream()), block_(ZSTD_DStreamOutSize(), '\0') {}
  ~Zstd() override { ZSTD_freeDStream(stream_); }

  absl::Status Add(std::string_view bytes, const Sink& sink) override {
    ZSTD_inBuffer in{bytes.data(), bytes.size(), 0};
    bool full = false;
    while (in.pos < in.size || full) {
      ZSTD_outBuffer out{block_.data(), block_.size(), 0};
      left_ = ZSTD_decompressStream(stream_, &out, &in);
      if (ZSTD_isError(left_) != 0) {
        return absl::InvalidArgumentError(
            fmt::format("damaged: zstd cannot read it ({})", ZSTD_getErrorName(left_)));
      }
      full = out.pos == out.size && left_ != 0;
      if (out.pos == 0) continue;
      if (absl::Status status = sink({block_.data(), out.pos}); !status.ok()) return status;
    }
    return absl::OkStatus();
  }

  absl::Status Finish() override {
    return left_ == 0 ? absl::OkStatus() : absl::InvalidArgumentError("its end is missing (zstd)");
  }

 private:
  ZSTD_DStream* const stream_;
  std::string block_;
  size_t left_ = 1;  // 0: a frame is whole
};

}  // namespace

std::unique_ptr<Unpacker> MakeZstdUnpacker() { return std::make_unique<Zstd>(); }

}  // namespace squall
