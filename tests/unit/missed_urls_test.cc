#include "controller/missed_urls.h"

#include <filesystem>
#include <fstream>
#include <memory>
#include <sstream>
#include <string>
#include <string_view>
#include <unistd.h>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace squall {
namespace {

using testing::HasSubstr;

std::shared_ptr<ListFile> ListOf(std::string_view text) {
  const std::string path = testing::TempDir() + "missed_urls_list_" + std::to_string(getpid());
  std::ofstream(path) << text;
  auto list = ListFile::Open(path, "http://h", "");
  EXPECT_TRUE(list.ok()) << list.status();
  std::filesystem::remove(path);
  return *list;
}

std::string Written(std::string_view list_text, const std::vector<bool>& reached) {
  const std::string path = testing::TempDir() + "missed_urls_" + std::to_string(getpid()) + ".txt";
  EXPECT_TRUE(WriteMissedUrls(path, *ListOf(list_text), reached));
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  std::filesystem::remove(path);
  return text.str();
}

TEST(MissedUrls, AreLinesAsTheyStandInTheList) {
  constexpr char kList[] =
      "\xEF\xBB\xBF/first\r\n# a comment\n\n  http://h/second?x=1 \n/third\n/first\n/last";
  EXPECT_EQ(Written(kList, {false, false, false, false, false}),
            "/first\nhttp://h/second?x=1\n/third\n/first\n/last\n");
  EXPECT_EQ(Written(kList, {true, false, true, true, false}), "http://h/second?x=1\n/last\n");
  EXPECT_EQ(Written(kList, {}), "") << "all were requested";
}

TEST(MissedUrls, SayWhyTheyCannotBeWritten) {
  for (const char* path : {"/no/such/folder/file", "/dev/full"}) {
    testing::internal::CaptureStderr();
    EXPECT_FALSE(WriteMissedUrls(path, *ListOf("/a\n"), {false})) << path;
    EXPECT_THAT(testing::internal::GetCapturedStderr(),
                HasSubstr(std::string("squall: ") + path + ": cannot write: "))
        << path;
  }
}

}  // namespace
}  // namespace squall
