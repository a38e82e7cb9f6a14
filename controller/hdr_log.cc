#include "controller/hdr_log.h"

#include <algorithm>
#include <bit>
#include <cstdint>
#include <zlib.h>

#include <fmt/format.h>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "common/check.h"
#include "common/histogram_cells.h"

namespace squall {
namespace {

// The words that begin encodings V2, of which the lowest byte tells how wide counts are.
constexpr uint32_t kCookie = 0x1c849313;
constexpr uint32_t kCompressedCookie = 0x1c849314;
constexpr uint32_t kSignificantDigits = 3;
// Readers have room for values up to the one that is named: an hour at least, the same for nearly
// all lines.
constexpr int kLeastValueBits = 42;

// Big endian.
template <typename Word>
void Append(Word word, std::string& bytes) {
  for (int shift = 8 * (static_cast<int>(sizeof(word)) - 1); shift >= 0; shift -= 8) {
    bytes += static_cast<char>(word >> shift & 0xff);
  }
}

// ZigZag LEB128 of at most 9 bytes: the ninth has eight bits.
void AppendNumber(int64_t number, std::string& bytes) {
  uint64_t rest = static_cast<uint64_t>(number) << 1 ^ static_cast<uint64_t>(number >> 63);
  for (int i = 0; i < 8 && rest > 0x7f; ++i, rest >>= 7) {
    bytes += static_cast<char>((rest & 0x7f) | 0x80);
  }
  bytes += static_cast<char>(rest);
}

std::string Counts(const v1::Histogram& histogram) {
  std::string bytes;
  uint64_t next = 0;
  CellReader(histogram.cells()).ForEach([&](uint64_t index, uint64_t count) {
    const auto skipped = static_cast<int64_t>(index - next);
    if (skipped == 1) {
      AppendNumber(0, bytes);
    } else if (skipped > 1) {
      AppendNumber(-skipped, bytes);
    }
    AppendNumber(static_cast<int64_t>(count), bytes);
    next = index + 1;
    return true;
  });
  if (bytes.empty()) AppendNumber(0, bytes);
  return bytes;
}

std::string Uncompressed(const v1::Histogram& histogram) {
  const std::string counts = Counts(histogram);
  const int bits = std::max(kLeastValueBits, static_cast<int>(std::bit_width(histogram.max_ns())));
  std::string bytes;
  Append(kCookie, bytes);
  Append(static_cast<uint32_t>(counts.size()), bytes);
  Append(uint32_t{0}, bytes);  // normalizing index offset
  Append(kSignificantDigits, bytes);
  Append(uint64_t{1}, bytes);                   // lowest discernible value
  Append((uint64_t{1} << bits) - 1, bytes);     // highest trackable value
  Append(std::bit_cast<uint64_t>(1.0), bytes);  // integer to double conversion ratio
  return bytes + counts;
}

double Seconds(Nanos nanos) { return static_cast<double>(nanos) / static_cast<double>(kSecond); }

}  // namespace

std::string HdrLogHead(std::string_view title, absl::Time start) {
  return fmt::format(
      "#[{}]\n"
      "#[Histogram log format version 1.3]\n"
      "#[StartTime: {:.3f} (seconds since epoch), {}]\n"
      "\"StartTimestamp\",\"Interval_Length\",\"Interval_Max\",\"Interval_Compressed_Histogram\"\n",
      title, static_cast<double>(absl::ToUnixMillis(start)) / 1e3,
      absl::FormatTime("%Y-%m-%dT%H:%M:%E3SZ", start, absl::UTCTimeZone()));
}

std::string HdrLogLine(std::string_view tag, Nanos begin, Nanos end,
                       const v1::Histogram& histogram) {
  std::string line;
  if (!tag.empty()) line = fmt::format("Tag={},", tag);
  return line + fmt::format("{:.3f},{:.3f},{:.3f},{}\n", Seconds(begin), Seconds(end - begin),
                            static_cast<double>(histogram.max_ns()) / 1e6, HdrEncoded(histogram));
}

std::string HdrLogTag(std::string_view name) {
  std::string tag(name);
  std::replace_if(
      tag.begin(), tag.end(),
      [](char c) {
        return !absl::ascii_isgraph(static_cast<unsigned char>(c)) || c == ',' || c == '"';
      },
      '_');
  return tag.empty() ? "_" : tag;
}

std::string HdrEncoded(const v1::Histogram& histogram) {
  const std::string plain = Uncompressed(histogram);
  std::string stream(compressBound(plain.size()), '\0');
  uLongf size = stream.size();
  // Of so little, a better compression saves next to nothing.
  SQUALL_CHECK(compress2(reinterpret_cast<Bytef*>(stream.data()), &size,
                         reinterpret_cast<const Bytef*>(plain.data()), plain.size(),
                         Z_BEST_SPEED) == Z_OK);
  std::string bytes;
  Append(kCompressedCookie, bytes);
  Append(static_cast<uint32_t>(size), bytes);
  bytes.append(stream, 0, size);
  return absl::Base64Escape({bytes.data(), bytes.size()});
}

}  // namespace squall
