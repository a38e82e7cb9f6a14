#include "controller/gzip.h"

#include <string>
#include <zlib.h>

#include <gtest/gtest.h>

namespace squall {
namespace {

// By zlib, which reads gzip's format with 16 beside the window's bits.
std::string Unpacked(const std::string& bytes, size_t size) {
  std::string text(size, '\0');
  z_stream stream{};
  EXPECT_EQ(inflateInit2(&stream, MAX_WBITS + 16), Z_OK);
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = reinterpret_cast<Bytef*>(text.data());
  stream.avail_out = static_cast<uInt>(text.size());
  EXPECT_EQ(inflate(&stream, Z_FINISH), Z_STREAM_END);
  EXPECT_EQ(stream.avail_in, 0u);
  EXPECT_EQ(stream.total_out, size);
  inflateEnd(&stream);
  return text;
}

TEST(Gzip, IsWhatItWas) {
  for (const std::string& text : {std::string(), std::string("a"), std::string(1'000'000, 'x')}) {
    const absl::StatusOr<std::string> packed = Gzip(text);
    ASSERT_TRUE(packed.ok()) << packed.status();
    EXPECT_EQ(Unpacked(*packed, text.size()), text);
    EXPECT_EQ(*packed, *Gzip(text));
  }
  EXPECT_LT(Gzip(std::string(1'000'000, 'x'))->size(), 10'000u);
}

}  // namespace
}  // namespace squall
