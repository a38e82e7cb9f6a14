// Answers as the users of a script get them: tables with status, ok, body, headers and error, and
// what they can be asked for: r:json(path) and r:match(pattern).
//
// One state's and one thread's.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "common/body_pattern.h"
#include "common/json_path.h"
#include "common/script_answer.h"
#include "squall/v1/control.pb.h"

struct lua_State;

namespace squall {

class ScriptReplies {
 public:
  // Jobs (ScriptState::Run). First of all, once for a state, which outlives none of it.
  void Open(lua_State* lua);
  // Pushes one; `answer` null: none has come.
  static void Push(lua_State* lua, uint32_t status, const ScriptAnswer* answer);

 private:
  // So many different ones are kept ready.
  static constexpr size_t kMostPaths = 64;
  static constexpr size_t kMostPatterns = 16;  // of some MiB, if they are large

  static int Json(lua_State* lua);
  static int Match(lua_State* lua);
  static ScriptReplies& Of(lua_State* lua);

  // Null: it is none, as error_ says.
  const JsonPath* PathOf(std::string_view text);
  const BodyPattern* PatternOf(std::string_view text);

  std::map<std::string, JsonPath, std::less<>> paths_;
  std::map<std::string, BodyPattern, std::less<>> patterns_;
  // Within a call: no local may own anything.
  v1::ScriptValue value_;
  std::vector<std::string_view> found_;
  std::string error_;
};

}  // namespace squall
