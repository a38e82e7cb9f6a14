#include "controller/list_file.h"

#include <chrono>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <thread>
#include <unistd.h>
#include <utility>
#include <vector>
#include <zlib.h>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "common/digest.h"
#include "common/protocol.h"
#include "common/zstd_chunk.h"
#include "controller/list_chunks.h"

namespace squall {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class ListFileTest : public ::testing::Test {
 protected:
  ListFileTest() {
    std::string name = ::testing::TempDir() + "/list_file_XXXXXX";
    folder_ = mkdtemp(name.data());
    known_ = folder_ + "/known";
  }
  ~ListFileTest() override { std::filesystem::remove_all(folder_); }

  std::string Write(const std::string& name, const std::string& bytes) const {
    const std::string path = folder_ + "/" + name;
    std::ofstream(path, std::ios::binary) << bytes;
    // So long ago that it can be remembered.
    std::filesystem::last_write_time(
        path, std::filesystem::file_time_type::clock::now() - std::chrono::hours(1));
    std::this_thread::sleep_for(std::chrono::milliseconds(150));  // its inode has just changed
    return path;
  }

  auto Open(const std::string& path) const { return ListFile::Open(path, "http://base", known_); }

  static std::string Gzip(const std::string& text) {
    std::string bytes(compressBound(text.size()) + 64, '\0');
    z_stream stream{};
    deflateInit2(&stream, 1, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
    stream.avail_in = static_cast<uInt>(text.size());
    stream.next_out = reinterpret_cast<Bytef*>(bytes.data());
    stream.avail_out = static_cast<uInt>(bytes.size());
    deflate(&stream, Z_FINISH);
    bytes.resize(stream.total_out);
    deflateEnd(&stream);
    return bytes;
  }

  std::string folder_;
  std::string known_;
};

constexpr char kText[] = "# some\nhttp://a.test/1\n/2\nhttps://B.test/3\n\nhttp://a.test/4";

TEST_F(ListFileTest, FactsOfAText) {
  const auto list = Open(Write("urls", kText));
  ASSERT_TRUE(list.ok()) << list.status();
  const v1::ListFacts& facts = (*list)->facts();
  EXPECT_EQ(facts.sha256(), Sha256Of(kText));
  EXPECT_EQ(facts.entries(), 4u);
  EXPECT_THAT(facts.origins(), ElementsAre("http://a.test:80", "", "https://b.test:443"));
  EXPECT_EQ(facts.first_joined_line(), 3u);
  EXPECT_EQ(*(*list)->Read(7, 15), "http://a.test/1");
}

TEST_F(ListFileTest, PackedOnesAreTheSame) {
  const std::string parts = std::string(kText, 20);
  const std::string rest = std::string(kText).substr(20);
  const std::pair<const char*, std::string> rows[] = {
      {"gzip", Gzip(kText)},
      {"zstd", Compressed(kText)},
      {"several of gzip", Gzip(parts) + Gzip(rest)},
      {"several of zstd", Compressed(parts) + Compressed(rest)},
  };
  for (const auto& [name, bytes] : rows) {
    SCOPED_TRACE(name);
    const std::string path = Write("packed", bytes);
    for (const char* time : {"first", "known"}) {
      SCOPED_TRACE(time);
      const auto list = Open(path);
      ASSERT_TRUE(list.ok()) << list.status();
      EXPECT_EQ((*list)->facts().sha256(), Sha256Of(kText));
      EXPECT_EQ(*(*list)->Read(7, 15), "http://a.test/1");
    }
    for (const size_t size : {bytes.size() - 3, bytes.size() / 2}) {
      EXPECT_THAT(Open(Write("short", bytes.substr(0, size))).status().message(),
                  HasSubstr("short: "));
    }
    if (std::string_view(name).ends_with("zstd")) continue;  // it need not have a checksum
    std::string damaged = bytes;
    damaged[bytes.size() - 6] ^= 0x55;  // of its checksum
    EXPECT_FALSE(Open(Write("damaged", damaged)).ok());
  }
}

TEST_F(ListFileTest, APipeIsReadOnce) {
  const std::string path = folder_ + "/pipe";
  ASSERT_EQ(mkfifo(path.c_str(), 0600), 0);
  for (const std::string& bytes : {std::string(kText), Gzip(kText)}) {
    std::thread writer([&] {
      std::ofstream pipe(path, std::ios::binary);
      for (const char byte : bytes) pipe << byte << std::flush;
    });
    const auto list = Open(path);
    writer.join();
    ASSERT_TRUE(list.ok()) << list.status();
    EXPECT_EQ(*(*list)->Read(0, sizeof(kText) - 1), kText);
  }
}

TEST_F(ListFileTest, OneThatHasNotChangedIsNotReadAgain) {
  const std::string path = Write("urls", kText);
  ASSERT_TRUE(Open(path).ok());
  ASSERT_EQ(std::distance(std::filesystem::directory_iterator(known_), {}), 1);
  const std::filesystem::path kept = *std::filesystem::directory_iterator(known_);
  const auto written = std::filesystem::file_size(kept);

  EXPECT_THAT(ListFile::Open(path, "", known_).status().message(),
              HasSubstr("urls:3: the line begins with '/': give the URL"));
  EXPECT_THAT(ListFile::Open(path, "http://" + std::string(65'530, 'h'), known_).status().message(),
              HasSubstr("urls:3: "));

  Write("urls", "http://other/");
  EXPECT_EQ((*Open(path))->facts().entries(), 1u);
  std::filesystem::resize_file(kept, written / 2);
  EXPECT_EQ((*Open(path))->facts().entries(), 1u) << "what is damaged is not believed";
}

TEST_F(ListFileTest, OneThatChangesWhileItIsSentIsNoticed) {
  const std::string path = Write("urls", kText);
  const auto list = Open(path);
  ASSERT_TRUE(list.ok());
  std::ofstream(path, std::ios::app) << "/more\n";
  EXPECT_THAT((*list)->Read(0, 5).status().message(), HasSubstr("urls: has changed since"));
}

TEST_F(ListFileTest, LongLinesInPieces) {
  const std::string comment = "#" + std::string(3 << 20, ' ');
  const std::string good = comment + "\n  /x  \r\n" + std::string(1 << 19, ' ') + "/y\n" + comment;
  const auto list = Open(Write("good", good));
  ASSERT_TRUE(list.ok()) << list.status();
  EXPECT_EQ((*list)->facts().entries(), 2u);
  EXPECT_THAT(
      Open(Write("bad", comment + "\n/x\nhttp://" + std::string(3 << 20, 'a'))).status().message(),
      HasSubstr("bad:3: http://aaaa"));
  EXPECT_THAT(Open(Write("long", "/x\n/" + std::string(70'000, 'a'))).status().message(),
              HasSubstr("long:2:1: http://base/aaa"));
}

TEST_F(ListFileTest, ManyServers) {
  std::string text;
  for (size_t i = 0; i <= kMostOrigins; ++i) text += fmt::format("http://h{}/\n", i);
  EXPECT_THAT(Open(Write("many", text)).status().message(),
              HasSubstr("many:100001:1: the list leads to more than 100000 servers"));
}

TEST_F(ListFileTest, Chunks) {
  std::string text;
  while (text.size() < 2 * kChunkBytes + 100) text += fmt::format("/items/{}\n", text.size());
  const auto list = Open(Write("urls", text));
  ASSERT_TRUE(list.ok()) << list.status();
  ListChunks chunks(*list);
  for (const bool compressed : {false, true, true}) {
    std::string all;
    for (uint64_t at = 100; at < text.size();) {
      const auto piece = chunks.At(at, text.size(), compressed);
      ASSERT_TRUE(piece.ok()) << piece.status();
      const std::string& data = piece->chunk.data();
      EXPECT_EQ(piece->chunk.compression() == v1::COMPRESSION_ZSTD, compressed);
      all += compressed ? *Decompressed(data, kChunkBytes) : data;
      at = piece->end;
    }
    EXPECT_EQ(all, text.substr(100));
  }
}

}  // namespace
}  // namespace squall
