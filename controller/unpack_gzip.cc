#include <algorithm>
#include <climits>
#include <string>
#include <zlib.h>

#include "controller/unpack.h"

namespace squall {
namespace {

constexpr size_t kBlock = size_t{256} << 10;

class Gzip final : public Unpacker {
 public:
  Gzip() : block_(kBlock, '\0') { good_ = inflateInit2(&stream_, /*windowBits=*/15 + 16) == Z_OK; }
  ~Gzip() override { inflateEnd(&stream_); }

  absl::Status Add(std::string_view bytes, const Sink& sink) override {
    while (!bytes.empty() || full_) {
      // One file may be several put together.
      if (ended_ && inflateReset(&stream_) != Z_OK) good_ = false;
      ended_ = false;
      if (!good_) return absl::InvalidArgumentError("damaged: gzip cannot read it");
      const size_t size = std::min<size_t>(bytes.size(), UINT_MAX);
      stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
      stream_.avail_in = static_cast<uInt>(size);
      stream_.next_out = reinterpret_cast<Bytef*>(block_.data());
      stream_.avail_out = static_cast<uInt>(block_.size());
      const int result = inflate(&stream_, Z_NO_FLUSH);
      bytes.remove_prefix(size - stream_.avail_in);
      full_ = stream_.avail_out == 0;
      ended_ = result == Z_STREAM_END;
      good_ = ended_ || result == Z_OK || result == Z_BUF_ERROR;
      const std::string_view text(block_.data(), block_.size() - stream_.avail_out);
      if (text.empty()) continue;
      if (absl::Status status = sink(text); !status.ok()) return status;
      full_ = full_ && !ended_;
    }
    return good_ ? absl::OkStatus() : absl::InvalidArgumentError("damaged: gzip cannot read it");
  }

  absl::Status Finish() override {
    return ended_ ? absl::OkStatus() : absl::InvalidArgumentError("its end is missing (gzip)");
  }

 private:
  z_stream stream_{};
  std::string block_;
  bool good_ = false;
  bool ended_ = false;  // of a member
  bool full_ = false;   // there may be more to come out
};

}  // namespace

std::unique_ptr<Unpacker> MakeGzipUnpacker() { return std::make_unique<Gzip>(); }

std::unique_ptr<Unpacker> UnpackerFor(std::string_view begin) {
  if (begin.starts_with("\x1F\x8B")) return MakeGzipUnpacker();
  if (begin.starts_with("\x28\xB5\x2F\xFD")) return MakeZstdUnpacker();
  return nullptr;
}

}  // namespace squall
