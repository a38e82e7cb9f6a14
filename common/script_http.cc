// What users of a script call: http, sleep() and check().
#include <cmath>
#include <iterator>
#include <string>
#include <string_view>

#include <lua.hpp>

#include "common/http_syntax.h"
#include "common/plan_check.h"
#include "common/protocol.h"
#include "common/script_users.h"

namespace squall {
namespace {

constexpr double kSecondNs = 1e9;

struct Method {
  const char* field;
  const char* name;
  bool body;  // its second argument
};
constexpr Method kMethods[] = {{"get", "GET", false},    {"head", "HEAD", false},
                               {"post", "POST", true},   {"put", "PUT", true},
                               {"patch", "PATCH", true}, {"delete", "DELETE", false}};

std::string_view TextAt(lua_State* lua, int index) {
  size_t size = 0;
  const char* text = lua_tolstring(lua, index, &size);
  return {text, size};
}

bool IsText(lua_State* lua, int index) {
  return lua_type(lua, index) == LUA_TSTRING || lua_type(lua, index) == LUA_TNUMBER;
}

const Method& MethodOf(lua_State* lua) {
  return *static_cast<const Method*>(lua_touserdata(lua, lua_upvalueindex(2)));
}

}  // namespace

ScriptUsers& ScriptUsers::Of(lua_State* lua) {
  return *static_cast<ScriptUsers*>(lua_touserdata(lua, lua_upvalueindex(1)));
}

void ScriptUsers::Open(lua_State* lua) {
  replies_.Open(lua);
  lua_createtable(lua, 0, static_cast<int>(std::size(kMethods)));
  for (const Method& method : kMethods) {
    lua_pushlightuserdata(lua, this);
    lua_pushlightuserdata(lua, const_cast<Method*>(&method));
    lua_pushcclosure(lua, &Http, 2);
    lua_setfield(lua, -2, method.field);
  }
  lua_setglobal(lua, "http");
  lua_pushlightuserdata(lua, this);
  lua_pushcclosure(lua, &Sleep, 1);
  lua_setglobal(lua, "sleep");
  lua_pushlightuserdata(lua, this);
  lua_pushcclosure(lua, &Check, 1);
  lua_setglobal(lua, "check");
}

// The user within whose own coroutine `function` is called.
ScriptUsers::User& ScriptUsers::Running(lua_State* lua, const char* function) {
  if (running_ == nullptr) luaL_error(lua, "%s is for user(u) alone", function);
  if (running_->coroutine != lua) {
    luaL_error(lua, "%s: not within a coroutine that user(u) has made", function);
  }
  return *running_;
}

void ScriptUsers::ReadHeaders(lua_State* lua, int options) {
  text_.Begin();
  if (options == 0) return;
  lua_getfield(lua, options, "headers");
  const int headers = lua_gettop(lua);
  if (lua_isnil(lua, headers)) return lua_settop(lua, headers - 1);
  if (!lua_istable(lua, headers)) luaL_error(lua, "http: headers are no table");
  lua_pushnil(lua);
  while (lua_next(lua, headers) != 0) {
    if (lua_type(lua, -2) != LUA_TSTRING || !IsText(lua, -1)) {
      luaL_error(lua, "http: a header's name and value are texts");
    }
    const char* wrong = text_.AddHeader(TextAt(lua, -2), TextAt(lua, -1));
    if (wrong != nullptr) luaL_error(lua, "http: header %s %s", lua_tostring(lua, -2), wrong);
    lua_pop(lua, 1);
  }
  lua_settop(lua, headers - 1);
}

// opts.expect: a status, or up to four.
void ScriptUsers::ReadExpected(lua_State* lua, int options, User& user) {
  user.expected = {};
  if (options == 0) return;
  lua_getfield(lua, options, "expect");
  const int expect = lua_gettop(lua);
  const auto take = [lua, &user](size_t place) {
    const double status = lua_type(lua, -1) == LUA_TNUMBER ? lua_tonumber(lua, -1) : 0;
    if (place >= kMostExpected || !(status >= 200 && status <= 999)) {
      luaL_error(lua, "http: expect is a status, or a table of up to four: 200 to 999");
    }
    user.expected[place] = static_cast<uint16_t>(status);
  };
  if (lua_istable(lua, expect)) {
    const size_t count = lua_objlen(lua, expect);
    for (size_t i = 0; i < count; ++i) {
      lua_rawgeti(lua, expect, static_cast<int>(i) + 1);
      take(i);
      lua_pop(lua, 1);
    }
  } else if (!lua_isnil(lua, expect)) {
    take(0);
  }
  lua_settop(lua, expect - 1);
}

// False: a name that was given cannot be one.
bool ScriptUsers::FindStep(std::string_view name, bool given, User& user) {
  auto found = steps_.find(name);
  if (found == steps_.end()) {
    if (!CheckRequestName(name).ok()) {
      if (given) return false;
      name = kOtherSteps;
    }
    if (steps_.size() >= kMaxSteps) name = kOtherSteps;
    found = steps_.emplace(name).first;
  }
  user.step = *found;
  return true;
}

// opts.name, or else the method and the path.
void ScriptUsers::NameStep(lua_State* lua, int options, std::string_view method,
                           std::string_view target, User& user) {
  bool given = false;
  if (options != 0) {
    lua_getfield(lua, options, "name");
    given = lua_type(lua, -1) == LUA_TSTRING;
    if (given) {
      step_.assign(TextAt(lua, -1));
    } else if (!lua_isnil(lua, -1)) {
      luaL_error(lua, "http: name is a %s, where a text belongs", luaL_typename(lua, -1));
    }
    lua_pop(lua, 1);
  }
  if (!given) {
    step_.assign(method).append(" ").append(target.substr(0, target.find('?')));
  }
  if (!FindStep(step_, given, user)) {
    luaL_error(lua, "http: a name has 1 to %d bytes, without control characters",
               static_cast<int>(kMaxRequestName));
  }
}

// http.get(url, opts), http.post(url, body, opts), …
int ScriptUsers::Http(lua_State* lua) {
  ScriptUsers& self = Of(lua);
  const Method& method = MethodOf(lua);
  User& user = self.Running(lua, "http");
  constexpr int kUrl = 1;
  const int body = method.body ? 2 : 0;
  const int last = method.body ? 3 : 2;
  lua_settop(lua, last);
  luaL_checkstring(lua, kUrl);
  const std::string_view target = self.text_.TargetOf(TextAt(lua, kUrl));
  if (target.empty()) {
    return luaL_error(lua, "http.%s: %s is no path (\"/items\"), and no URL that begins with %s",
                      method.field, lua_tostring(lua, kUrl), self.text_.origin().c_str());
  }
  if (body != 0 && !lua_isnil(lua, body) && !IsText(lua, body)) {
    return luaL_error(lua, "http.%s: the body is a %s, where a text belongs", method.field,
                      luaL_typename(lua, body));
  }
  if (!lua_isnil(lua, last) && !lua_istable(lua, last)) {
    return luaL_error(lua, "http.%s: options are a %s, where a table belongs", method.field,
                      luaL_typename(lua, last));
  }
  const int options = lua_isnil(lua, last) ? 0 : last;
  self.ReadHeaders(lua, options);
  self.ReadExpected(lua, options, user);
  self.NameStep(lua, options, method.name, target, user);

  const std::string_view text = body == 0 ? std::string_view() : TextAt(lua, body);
  const bool has_body = body != 0 && !lua_isnil(lua, body);
  if (text.size() > kMaxBodyBytes) return luaL_error(lua, "http: a body of more than 16 MiB");
  std::string& bytes = ScriptState::Of(lua).buffer;
  self.text_.Write(method.name, target,
                   user.cookies == nullptr ? std::string_view() : user.cookies->header(),
                   has_body ? &text : nullptr, bytes);
  lua_settop(lua, 0);
  lua_pushlstring(lua, bytes.data(), bytes.size());
  // Nothing is raised any more.
  user.to_head = std::string_view(method.name) == "HEAD";
  user.idempotent = IsIdempotent(method.name);
  user.requests = true;
  self.wants_ = true;
  self.turn_ = {Want::kRequest};
  return lua_yield(lua, 1);
}

// sleep(seconds)
int ScriptUsers::Sleep(lua_State* lua) {
  ScriptUsers& self = Of(lua);
  self.Running(lua, "sleep()");
  const double seconds = luaL_checknumber(lua, 1);
  if (!(seconds >= 0 && seconds * kSecondNs <= static_cast<double>(kMaxTimeoutNs))) {
    return luaL_error(lua, "sleep() of no number of seconds from 0 to 86400");
  }
  self.wants_ = true;
  self.turn_ = {Want::kSleep, std::llround(seconds * kSecondNs)};
  return lua_yield(lua, 0);
}

// check(value, name): value. What is not true makes the flow a failure; the user goes on.
int ScriptUsers::Check(lua_State* lua) {
  ScriptUsers& self = Of(lua);
  self.Running(lua, "check()");
  const char* name = luaL_optstring(lua, 2, "check()");
  if (lua_toboolean(lua, 1) == 0 && self.failed_check_.empty()) {
    luaL_where(lua, 1);
    self.failed_check_.assign(lua_tostring(lua, -1)).append(name);
  }
  lua_settop(lua, 1);
  return 1;
}

}  // namespace squall
