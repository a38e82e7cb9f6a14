#include "common/script_replies.h"

#include <utility>

#include <lua.hpp>

#include "absl/strings/ascii.h"
#include "common/json_value.h"
#include "common/script_state.h"
#include "common/script_values.h"

namespace squall {
namespace {

constexpr char kReply[] = "squall.reply";
constexpr char kHeaders[] = "squall.headers";

void PushText(lua_State* lua, std::string_view text) {
  lua_pushlstring(lua, text.data(), text.size());
}

void SetText(lua_State* lua, const char* field, std::string_view text) {
  PushText(lua, text);
  lua_setfield(lua, -2, field);
}

// Names of headers are the same in whatever letters.
void PushName(lua_State* lua, std::string_view name) {
  std::string& lower = ScriptState::Of(lua).buffer;
  lower.assign(name);
  for (char& c : lower) c = absl::ascii_tolower(static_cast<unsigned char>(c));
  PushText(lua, lower);
}

// headers[name]
int Header(lua_State* lua) {
  size_t size = 0;
  const char* name = luaL_checklstring(lua, 2, &size);
  PushName(lua, {name, size});
  lua_rawget(lua, 1);
  return 1;
}

// The body of the answer that a method is called of; it stays on the stack.
std::string_view Body(lua_State* lua, const char* method) {
  if (!lua_istable(lua, 1)) luaL_error(lua, "write r:%s(…), with a colon", method);
  lua_getfield(lua, 1, "body");
  size_t size = 0;
  const char* text = lua_type(lua, -1) == LUA_TSTRING ? lua_tolstring(lua, -1, &size) : nullptr;
  if (text == nullptr) luaL_error(lua, "r:%s: the answer has no body any more", method);
  return {text, size};
}

}  // namespace

ScriptReplies& ScriptReplies::Of(lua_State* lua) {
  return *static_cast<ScriptReplies*>(lua_touserdata(lua, lua_upvalueindex(1)));
}

void ScriptReplies::Open(lua_State* lua) {
  luaL_newmetatable(lua, kReply);
  lua_newtable(lua);
  lua_pushlightuserdata(lua, this);
  lua_pushcclosure(lua, &Json, 1);
  lua_setfield(lua, -2, "json");
  lua_pushlightuserdata(lua, this);
  lua_pushcclosure(lua, &Match, 1);
  lua_setfield(lua, -2, "match");
  lua_setfield(lua, -2, "__index");
  luaL_newmetatable(lua, kHeaders);
  lua_pushcfunction(lua, &Header);
  lua_setfield(lua, -2, "__index");
  lua_pop(lua, 2);
}

void ScriptReplies::Push(lua_State* lua, uint32_t status, const ScriptAnswer* answer) {
  lua_createtable(lua, 0, 5);
  lua_pushinteger(lua, static_cast<lua_Integer>(status));
  lua_setfield(lua, -2, "status");
  SetText(lua, "body", answer == nullptr ? std::string_view() : answer->body());
  lua_newtable(lua);
  if (answer != nullptr) {
    answer->ForEachHeader([lua](std::string_view name, std::string_view value) {
      PushName(lua, name);
      PushText(lua, value);
      lua_rawset(lua, -3);
    });
  }
  luaL_getmetatable(lua, kHeaders);
  lua_setmetatable(lua, -2);
  lua_setfield(lua, -2, "headers");
  luaL_getmetatable(lua, kReply);
  lua_setmetatable(lua, -2);
}

const JsonPath* ScriptReplies::PathOf(std::string_view text) {
  const auto known = paths_.find(text);
  if (known != paths_.end()) return &known->second;
  absl::StatusOr<JsonPath> path = ParseJsonPath(text);
  if (!path.ok()) {
    error_ = std::string(path.status().message());
    return nullptr;
  }
  if (paths_.size() == kMostPaths) paths_.clear();
  return &paths_.emplace(text, *std::move(path)).first->second;
}

const BodyPattern* ScriptReplies::PatternOf(std::string_view text) {
  const auto known = patterns_.find(text);
  if (known != patterns_.end()) return &known->second;
  absl::StatusOr<BodyPattern> pattern = BodyPattern::Make(text, /*captures=*/true);
  if (!pattern.ok()) {
    error_ = std::string(pattern.status().message());
    return nullptr;
  }
  if (patterns_.size() == kMostPatterns) patterns_.clear();
  return &patterns_.emplace(text, *std::move(pattern)).first->second;
}

// r:json(path): the value there; nil, and why, if there is none.
int ScriptReplies::Json(lua_State* lua) {
  ScriptReplies& self = Of(lua);
  size_t size = 0;
  const char* text = luaL_optlstring(lua, 2, "$", &size);
  const JsonPath* path = self.PathOf({text, size});
  if (path == nullptr) return luaL_error(lua, "r:json: %s", self.error_.c_str());
  switch (ReadJsonAt(Body(lua, "json"), *path, self.value_)) {
    case JsonFound::kThere:
      PushScriptValue(lua, self.value_);
      return 1;
    case JsonFound::kNothing:
      lua_pushnil(lua);
      lua_pushliteral(lua, "there is nothing at that place");
      return 2;
    case JsonFound::kNoJson:
      lua_pushnil(lua);
      lua_pushliteral(lua, "the body is not JSON");
      return 2;
    case JsonFound::kTooDeep:
      break;
  }
  return luaL_error(lua, "r:json: what is there has more than %d levels", kMostTables);
}

// r:match(pattern): what its groups match, or all of it; nil if it does not.
int ScriptReplies::Match(lua_State* lua) {
  ScriptReplies& self = Of(lua);
  size_t size = 0;
  const char* text = luaL_checklstring(lua, 2, &size);
  const BodyPattern* pattern = self.PatternOf({text, size});
  if (pattern == nullptr) return luaL_error(lua, "r:match: %s", self.error_.c_str());
  if (!pattern->Find(Body(lua, "match"), self.found_)) {
    lua_pushnil(lua);
    return 1;
  }
  luaL_checkstack(lua, static_cast<int>(self.found_.size()), "too many groups");
  for (const std::string_view part : self.found_) {
    if (part.data() == nullptr) {
      lua_pushnil(lua);
    } else {
      PushText(lua, part);
    }
  }
  return static_cast<int>(self.found_.size());
}

}  // namespace squall
