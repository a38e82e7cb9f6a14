#include "common/cookie_jar.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace squall {
namespace {

struct Case {
  const char* name;
  std::vector<std::string> set;
  const char* header;
};

class CookieJarTest : public ::testing::TestWithParam<Case> {};

TEST_P(CookieJarTest, Keeps) {
  CookieJar jar;
  for (const std::string& one : GetParam().set) jar.Set(one);
  EXPECT_EQ(jar.header(), GetParam().header);
}

INSTANTIATE_TEST_SUITE_P(
    All, CookieJarTest,
    ::testing::Values(Case{"Nothing", {}, ""}, Case{"One", {"a=1"}, "a=1"},
                      Case{"Attributes", {"a=1; Path=/; HttpOnly", "b=2;Secure"}, "a=1; b=2"},
                      Case{"Blanks", {"  a = 1 ; Path=/"}, "a=1"},
                      Case{"AnotherValue", {"a=1", "b=2", "a=3"}, "b=2; a=3"},
                      Case{"AValueWithEquals", {"a=b=c"}, "a=b=c"},
                      Case{"NamesThatBeginAlike", {"ab=1", "a=2", "a=3"}, "ab=1; a=3"},
                      Case{"EndedFirst", {"a=1", "b=2", "a=x; Max-Age=0"}, "b=2"},
                      Case{"EndedLast", {"a=1", "b=2", "b=x; max-age=-5"}, "a=1"},
                      Case{"EndedMiddle", {"a=1", "b=2", "c=3", "b=; Max-Age=0"}, "a=1; c=3"},
                      Case{"EndedByDate", {"a=1", "a=; Expires=Thu, 01 Jan 1970 00:00:00 GMT"}, ""},
                      Case{"LivesOn", {"a=1; Max-Age=60"}, "a=1"},
                      Case{"NoPair", {"a", "=1", ""}, ""},
                      Case{"ControlCharacters", {"a=1\r\nX: y"}, ""}),
    [](const auto& tested) { return tested.param.name; });

TEST(CookieJarSizeTest, IsBounded) {
  CookieJar jar;
  for (int i = 0; i < 100; ++i) {
    jar.Set("name" + std::to_string(i) + "=" + std::string(100, 'v'));
  }
  EXPECT_LE(jar.header().size(), CookieJar::kMostBytes);
  EXPECT_GT(jar.header().size(), CookieJar::kMostBytes - 200);
  jar.Set("name0=" + std::string(10, 'w'));
  EXPECT_NE(jar.header().find("name0=wwww"), std::string::npos) << "a smaller one fits";
}

}  // namespace
}  // namespace squall
