#include "agent/list_cache.h"

#include <chrono>
#include <filesystem>
#include <fstream>
#include <functional>
#include <optional>
#include <string>
#include <thread>
#include <variant>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <spdlog/spdlog.h>

#include "agent/list_folder.h"
#include "agent/list_intake.h"
#include "common/digest.h"
#include "common/mailbox.h"
#include "common/protocol.h"
#include "common/zstd_chunk.h"

namespace squall {
namespace {

using ::testing::HasSubstr;

constexpr Nanos kPatience = 30 * kSecond;

class ListCacheTest : public ::testing::Test {
 protected:
  ListCacheTest() {
    std::string name = ::testing::TempDir() + "/list_cache_XXXXXX";
    base_ = mkdtemp(name.data());
    folder_ = base_ + "/state/lists";
    spdlog::set_level(spdlog::level::off);
  }
  ~ListCacheTest() override {
    spdlog::set_level(spdlog::level::info);
    std::filesystem::remove_all(base_);
  }

  static std::string ListOf(size_t entries, std::string_view word = "item") {
    std::string text;
    for (size_t i = 0; i < entries; ++i) text += fmt::format("http://a.test/{}/{}\n", word, i);
    return text;
  }

  static v1::UrlList Urls(const std::string& text) {
    v1::UrlList urls;
    urls.set_size_bytes(text.size());
    urls.set_sha256(Sha256Of(text));
    urls.set_name("urls.txt");
    return urls;
  }

  struct Got {
    absl::StatusOr<ListText> list = absl::UnknownError("nothing was heard");
    std::optional<uint64_t> from;  // where it was to begin; nothing: it was not asked for
  };
  // What an intake makes of `text`, of which at most `most` bytes are sent.
  static Got Get(ListCache& cache, const v1::UrlList& urls, const std::string& text,
                 bool packed = false, size_t most = SIZE_MAX) {
    Mailbox<ListIntake::Event> mailbox;
    ListIntake intake(cache, urls, "http://base.test",
                      [&mailbox](ListIntake::Event event) { mailbox.Push(std::move(event)); });
    Got got;
    uint64_t sent = 0;
    while (auto event = mailbox.PopUntil(SteadyNow() + kPatience)) {
      if (auto* list = std::get_if<absl::StatusOr<ListText>>(&*event)) {
        got.list = std::move(*list);
        return got;
      }
      const auto& wanted = std::get<v1::ListWanted>(*event);
      if (wanted.until() == 0) continue;
      if (!got.from) sent = *(got.from = wanted.from());
      for (; sent < std::min<uint64_t>(wanted.until(), most);) {
        const size_t size = std::min<size_t>(wanted.until() - sent, kChunkBytes);
        v1::DataChunk chunk;
        const std::string piece = text.substr(sent, size);
        chunk.set_data(packed ? Compressed(piece) : piece);
        if (packed) chunk.set_compression(v1::COMPRESSION_ZSTD);
        EXPECT_TRUE(intake.Take(chunk));
        sent += size;
      }
      if (sent >= most) return got;  // the stream breaks
    }
    return got;
  }

  std::string PathOf(const std::string& text, const std::string& kind) const {
    return fmt::format("{}/{}.{}", folder_, Sha256(text), kind);
  }

  std::string base_;
  std::string folder_;
};

TEST_F(ListCacheTest, AListIsSentOnceAndFoundAgain) {
  const std::string text = ListOf(400'000);
  ASSERT_GT(text.size(), kListWindow);
  for (const bool packed : {false, true}) {
    ListCache cache(fmt::format("{}/{}", base_, packed));
    const Got first = Get(cache, Urls(text), text, packed);
    ASSERT_TRUE(first.list.ok()) << first.list.status();
    EXPECT_EQ(first.from, 0u);
    EXPECT_EQ(first.list->text, text);
    EXPECT_EQ(first.list->index.facts.entries(), 400'000u);

    ListCache later(fmt::format("{}/{}", base_, packed));
    const Got again = Get(later, Urls(text), "");
    ASSERT_TRUE(again.list.ok()) << again.list.status();
    EXPECT_EQ(again.from, std::nullopt);
    EXPECT_EQ(again.list->text, text);
    EXPECT_EQ(again.list->index.positions, first.list->index.positions);
  }
}

TEST_F(ListCacheTest, ATransferThatBrokeGoesOnWhereItWas) {
  const std::string text = ListOf(400'000);
  ListCache cache(folder_);
  EXPECT_FALSE(Get(cache, Urls(text), text, false, 2 * kChunkBytes).list.ok());
  // It may have been too fast for any of it to be kept.
  std::ofstream(PathOf(text, "part")) << text.substr(0, kChunkBytes + 5);
  const Got rest = Get(cache, Urls(text), text);
  ASSERT_TRUE(rest.list.ok()) << rest.list.status();
  EXPECT_EQ(rest.from, kChunkBytes + 5);
  EXPECT_EQ(rest.list->text, text);
  EXPECT_FALSE(std::filesystem::exists(PathOf(text, "part")));
}

TEST_F(ListCacheTest, DamageIsNoticed) {
  const std::string text = ListOf(1000);
  const struct {
    const char* name;
    std::function<void(const std::string&)> harm;  // the path without its end
    bool sent_again;
  } rows[] = {
      {"a byte of the text",
       [](const std::string& path) {
         std::fstream file(path + "list", std::ios::in | std::ios::out);
         file.seekp(500);
         file << "?";
       },
       true},
      {"the text's end",
       [](const std::string& path) { std::filesystem::resize_file(path + "list", 900); }, true},
      {"nothing of the text",
       [](const std::string& path) { std::filesystem::resize_file(path + "list", 0); }, true},
      {"a byte of the index",
       [](const std::string& path) {
         std::fstream file(path + "index", std::ios::in | std::ios::out);
         file.seekp(50);
         file << "?";
       },
       false},
      {"the index", [](const std::string& path) { std::filesystem::remove(path + "index"); },
       false},
      {"an index of something else",
       [](const std::string& path) { std::ofstream(path + "index") << "http://a.test/\n"; }, false},
  };
  for (const auto& row : rows) {
    SCOPED_TRACE(row.name);
    ListCache cache(folder_);
    ASSERT_TRUE(Get(cache, Urls(text), text).list.ok());
    std::this_thread::sleep_for(std::chrono::milliseconds(20));  // some file systems' clocks
    row.harm(PathOf(text, ""));
    const Got got = Get(cache, Urls(text), text);
    ASSERT_TRUE(got.list.ok()) << got.list.status();
    EXPECT_EQ(got.from.has_value(), row.sent_again);
    EXPECT_EQ(got.list->text, text);
  }
}

TEST_F(ListCacheTest, WhatIsNotTheAnnouncedListIsNotKept) {
  const std::string text = ListOf(1000);
  std::string other = text;
  other[30] = 'x';
  ListCache cache(folder_);
  EXPECT_THAT(Get(cache, Urls(text), other).list.status().message(),
              HasSubstr("what arrived is not the list that was announced"));
  const std::string bad = "http://a.test/\nftp://b/\n";
  EXPECT_THAT(Get(cache, Urls(bad), bad).list.status().message(),
              HasSubstr("urls.txt:2:1: ftp://b/"));
  EXPECT_TRUE(ListsIn(folder_)->empty());
  // A part that has come and is no part of it.
  std::ofstream(PathOf(text, "part")) << other.substr(0, 500);
  EXPECT_THAT(Get(cache, Urls(text), text).list.status().message(),
              HasSubstr("of which a part had come before"));
  EXPECT_TRUE(Get(cache, Urls(text), text).list.ok());
}

TEST_F(ListCacheTest, TheOnesUsedLongestAgoMakeRoom) {
  ListCache cache(folder_, 3 << 20);
  const auto list = [](int which) { return ListOf(40'000, fmt::format("list-{}", which)); };
  const Got used = Get(cache, Urls(list(0)), list(0));
  ASSERT_TRUE(used.list.ok()) << used.list.status();
  for (int i = 1; i < 5; ++i) {
    const Got got = Get(cache, Urls(list(i)), list(i));
    ASSERT_TRUE(got.list.ok()) << got.list.status();
    // Times of files are in seconds there.
    const std::filesystem::file_time_type then(std::chrono::seconds(1'000'000'000 + i));
    for (const char* kind : {"list", "index"}) {
      std::filesystem::last_write_time(PathOf(list(i), kind), then);
    }
  }
  EXPECT_TRUE(std::filesystem::exists(PathOf(list(0), "list"))) << "it is in use";
  EXPECT_FALSE(std::filesystem::exists(PathOf(list(1), "list")));
  EXPECT_FALSE(std::filesystem::exists(PathOf(list(2), "list")));
  EXPECT_TRUE(std::filesystem::exists(PathOf(list(4), "list")));

  const std::string large = ListOf(200'000);
  EXPECT_THAT(Get(cache, Urls(large), large).list.status().message(), HasSubstr("no room for 4."));
  EXPECT_TRUE(std::filesystem::exists(PathOf(list(4), "list"))) << "nothing is removed in vain";
}

TEST_F(ListCacheTest, AWrongSizeIsThePlansFault) {
  const std::string text = ListOf(1000);
  ListCache cache(folder_);
  ASSERT_TRUE(Get(cache, Urls(text), text).list.ok());
  v1::UrlList urls = Urls(text);
  urls.set_size_bytes(text.size() + 1);
  const Got got = Get(cache, urls, text);
  EXPECT_TRUE(absl::IsInvalidArgument(got.list.status())) << got.list.status();
  EXPECT_EQ(Get(cache, Urls(text), "").from, std::nullopt) << "it is still there";
}

TEST_F(ListCacheTest, AgentsShareAFolder) {
  const std::string text = ListOf(1000);
  ListCache one(folder_);
  ListCache other(folder_);
  const auto part = one.Begin(Urls(text));
  ASSERT_TRUE(part.ok());
  EXPECT_TRUE(Get(other, Urls(text), text).list.ok()) << "while the one receives it as well";
  EXPECT_EQ(Get(one, Urls(text), "").from, std::nullopt);
}

TEST_F(ListCacheTest, APartThatNobodyGoesOnWithIsRemoved) {
  const std::string text = ListOf(100'000);
  ListCache one(folder_);
  ListCache other(folder_);
  {
    const auto part = one.Begin(Urls(text));
    ASSERT_TRUE(part.ok());
    EXPECT_FALSE(Get(other, Urls(text), text, false, kChunkBytes).list.ok()) << "it breaks off";
    ASSERT_EQ(ListsIn(folder_)->size(), 1u);
    EXPECT_EQ(ListsIn(folder_)->front().paths.size(), 1u) << "the part of the one";
    ASSERT_TRUE(Get(other, Urls(text), text).list.ok());
  }
  ASSERT_TRUE(Get(one, Urls(text), "").list.ok());
  EXPECT_EQ(ListsIn(folder_)->front().paths.size(), 3u) << "list, index, and the part of the one";
}

TEST_F(ListCacheTest, WithoutAFolderThereIsOneForNow) {
  const std::string text = ListOf(10);
  for (const std::string& folder : {std::string(), std::string("/proc/no/lists")}) {
    std::optional<ListCache> cache(std::in_place, folder);
    EXPECT_TRUE(Get(*cache, Urls(text), text).list.ok());
    EXPECT_EQ(Get(*cache, Urls(text), "").from, std::nullopt);
  }
}

TEST_F(ListCacheTest, ATextThatIsCutOffInUseDoesNotEndTheProcess) {
  const std::string text = ListOf(10'000);
  ListCache cache(folder_);
  const Got got = Get(cache, Urls(text), text);
  ASSERT_TRUE(got.list.ok()) << got.list.status();
  std::filesystem::resize_file(PathOf(text, "list"), 10);
  const auto list = UrlList::Make(*got.list, "urls.txt", "");
  EXPECT_FALSE(list->damaged());
  std::string url;
  list->Get(9'999, url);
  EXPECT_EQ(url, UrlList::kDamaged);
  EXPECT_TRUE(list->damaged());
}

}  // namespace
}  // namespace squall
