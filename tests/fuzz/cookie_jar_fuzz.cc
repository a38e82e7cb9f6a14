// Set-Cookie as servers send it: a value a line.
//
// Properties: what goes back is safe to be a header's value, bounded, and pairs with a name each;
// each name once; a name that is set alone is there with its value.
#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <string_view>

#include "common/cookie_jar.h"
#include "tests/fuzz/properties.h"

namespace squall {
namespace {

void CheckHeader(std::string_view header) {
  SQUALL_CHECK(header.size() <= CookieJar::kMostBytes);
  SQUALL_CHECK(!HasControlCharacter(header));
  std::set<std::string_view> names;
  while (!header.empty()) {
    const size_t end = std::min(header.find("; "), header.size());
    const std::string_view pair = header.substr(0, end);
    const size_t equals = pair.find('=');
    SQUALL_CHECK(equals != std::string_view::npos && equals != 0);
    SQUALL_CHECK(names.insert(pair.substr(0, equals)).second);
    header.remove_prefix(std::min(end + 2, header.size()));
  }
}

void TestJar(std::string_view text) {
  CookieJar jar;
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    jar.Set(text.substr(0, end));
    CheckHeader(jar.header());
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  const std::string before = jar.header();
  jar.Set("squall=1");
  CheckHeader(jar.header());
  const bool fits = before.size() + 10 <= CookieJar::kMostBytes;
  SQUALL_CHECK(!fits || jar.header().find("squall=1") != std::string::npos);
}

}  // namespace
}  // namespace squall

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  squall::TestJar({reinterpret_cast<const char*>(data), size});
  return 0;
}
