// Bodies that are held against what a plan expects of them as JSON.
//
// Properties: what is JSON to the library is JSON to the walk, and nothing else (but that a zero
// byte is an end of the text to the library, and to the walk no JSON); what a tree of the text has
// at a path, the walk finds, with its value.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "agent/json_walk.h"
#include "common/check.h"

namespace squall {
namespace {

using Json = nlohmann::json;

constexpr const char* kPaths[] = {"$",     "$.a",       "$[0]",      "$[1]",   "$.a[0]",
                                  "$.a.a", "$[0][0]",   "$[1][1]",   "$.a.b",  "$.b.a[1].a",
                                  "$['']", "$.a[1][0]", "$[0].a[0]", "$[2].b", "$.b[0][0][0][0]"};
constexpr const char* kValues[] = {"1", "\"a\"", "null", "true", "-1", "0.5"};

// Null: nothing is there.
const Json* Find(const Json& tree, const JsonPath& path) {
  const Json* at = &tree;
  for (const auto& step : path) {
    if (const auto* name = std::get_if<std::string>(&step)) {
      if (!at->is_object() || !at->contains(*name)) return nullptr;
      at = &(*at)[*name];
    } else {
      const uint64_t index = std::get<uint64_t>(step);
      if (!at->is_array() || index >= at->size()) return nullptr;
      at = &(*at)[index];
    }
  }
  return at;
}

std::vector<JsonWalk::Wish> Wishes() {
  std::vector<JsonWalk::Wish> wishes;
  for (const char* path : kPaths) {
    for (const char* value : kValues) {
      JsonWalk::Wish& wish = wishes.emplace_back();
      wish.path = ParseJsonPath(path).value();
      wish.value = ParseJsonScalar(value).value();
    }
  }
  return wishes;
}

void TestWalk(std::string_view text) {
  static JsonWalk walk(Wishes());
  const Json tree = Json::parse(text.begin(), text.end(), nullptr, false);
  const bool is_json = walk.Walk(text);
  const bool has_zero = text.find('\0') != std::string_view::npos;
  SQUALL_CHECK(is_json == (!tree.is_discarded() && !has_zero));
  if (!is_json) {
    SQUALL_CHECK(walk.error_at() <= text.size() + 1);
    return;
  }
  for (const JsonWalk::Wish& wish : walk.wishes()) {
    SQUALL_CHECK(wish.found || !wish.holds);
    const Json* there = Find(tree, wish.path);
    // A name that is there twice is there once in the tree.
    if (there == nullptr) continue;
    SQUALL_CHECK(wish.found);
    if (!there->is_primitive()) continue;
    const auto scalar = ParseJsonScalar(there->dump(-1, ' ', true, Json::error_handler_t::replace));
    SQUALL_CHECK(scalar.ok());
    SQUALL_CHECK(wish.holds || !AreSame(*scalar, *wish.value));
  }
}

}  // namespace
}  // namespace squall

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  squall::TestWalk({reinterpret_cast<const char*>(data), size});
  return 0;
}
