#include "common/script_wrk.h"

#include <string_view>

#include <fmt/format.h>
#include <lua.hpp>

#include "absl/strings/match.h"
#include "common/script_state.h"
#include "common/url.h"

namespace squall {
namespace {

constexpr char kHost[] = "Host";
constexpr char kLength[] = "Content-Length";

// Upvalues of each function.
int Table() { return lua_upvalueindex(1); }
const ScriptWrk& Of(lua_State* lua) {
  return *static_cast<const ScriptWrk*>(lua_touserdata(lua, lua_upvalueindex(2)));
}

void PushText(lua_State* lua, std::string_view text) {
  lua_pushlstring(lua, text.data(), text.size());
}

// The text at `index`, which is put there if it was a number or a boolean.
std::string_view TextAt(lua_State* lua, int index, const char* what) {
  if (lua_isboolean(lua, index)) {
    lua_pushstring(lua, lua_toboolean(lua, index) != 0 ? "true" : "false");
    lua_replace(lua, index);
  }
  size_t size = 0;
  const char* text = lua_tolstring(lua, index, &size);
  if (text == nullptr) {
    luaL_error(lua, "wrk.format: %s is a %s, where a text belongs", what,
               luaL_typename(lua, index));
  }
  return {text, size};
}

// An argument that was left out is the field of wrk.
void Default(lua_State* lua, int index, const char* field) {
  if (lua_toboolean(lua, index) != 0) return;
  lua_getfield(lua, Table(), field);
  lua_replace(lua, index);
}

// Host and Content-Length become part of the table that was given, as they do in wrk.
void CompleteHeaders(lua_State* lua, int headers, int body) {
  lua_getfield(lua, headers, kHost);
  if (lua_toboolean(lua, -1) == 0) {
    lua_getfield(lua, Table(), "headers");
    if (lua_istable(lua, -1)) {
      lua_getfield(lua, -1, kHost);
      lua_setfield(lua, headers, kHost);
    }
  }
  if (lua_toboolean(lua, body) == 0) {
    lua_pushnil(lua);
  } else {
    lua_pushinteger(lua, static_cast<lua_Integer>(TextAt(lua, body, "the body").size()));
  }
  lua_setfield(lua, headers, kLength);
  lua_settop(lua, body);
}

void AddHeaders(lua_State* lua, int headers, std::string& bytes) {
  lua_pushnil(lua);
  while (lua_next(lua, headers) != 0) {
    const int value = lua_gettop(lua);
    // A copy: a key that is changed cannot be gone on from.
    lua_pushvalue(lua, value - 1);
    bytes.append(TextAt(lua, value + 1, "a header's name")).append(": ");
    bytes.append(TextAt(lua, value, lua_tostring(lua, value + 1))).append("\r\n");
    lua_settop(lua, value - 1);
  }
}

// wrk.format(method, path, headers, body)
int Format(lua_State* lua) {
  constexpr int kMethod = 1;
  constexpr int kPath = 2;
  constexpr int kHeaders = 3;
  constexpr int kBody = 4;
  lua_settop(lua, kBody);
  Default(lua, kMethod, "method");
  Default(lua, kPath, "path");
  Default(lua, kHeaders, "headers");
  Default(lua, kBody, "body");
  if (!lua_istable(lua, kHeaders)) return luaL_error(lua, "wrk.format: headers are no table");
  CompleteHeaders(lua, kHeaders, kBody);

  std::string& bytes = ScriptState::Of(lua).buffer;
  bytes.assign(TextAt(lua, kMethod, "the method")).append(" ");
  bytes.append(TextAt(lua, kPath, "the path")).append(" HTTP/1.1\r\n");
  AddHeaders(lua, kHeaders, bytes);
  bytes.append("\r\n");
  if (lua_toboolean(lua, kBody) != 0) bytes.append(TextAt(lua, kBody, "the body"));
  PushText(lua, bytes);
  return 1;
}

int SameRequest(lua_State* lua) {
  lua_pushvalue(lua, lua_upvalueindex(1));
  return 1;
}

// Calls a global function with the value on top of the stack, if there is one.
void CallIfThere(lua_State* lua, const char* name) {
  lua_getglobal(lua, name);
  if (lua_isfunction(lua, -1)) {
    lua_insert(lua, -2);
    lua_call(lua, 1, 0);
  } else {
    lua_pop(lua, 2);
  }
}

// wrk.setup(thread)
int Setup(lua_State* lua) {
  lua_settop(lua, 1);
  CallIfThere(lua, "setup");
  return 0;
}

// wrk.init(arguments): after it, wrk.request() makes what is the same each time.
int Init(lua_State* lua) {
  lua_settop(lua, 1);
  lua_getfield(lua, Table(), "headers");
  if (!lua_istable(lua, 2)) return luaL_error(lua, "wrk.headers is no table");
  lua_getfield(lua, 2, kHost);
  if (lua_toboolean(lua, 3) == 0) {
    PushText(lua, Of(lua).authority);
    lua_setfield(lua, 2, kHost);
  }
  lua_settop(lua, 1);
  CallIfThere(lua, "init");
  lua_getfield(lua, Table(), "format");
  lua_call(lua, 0, 1);
  lua_pushcclosure(lua, &SameRequest, 1);
  lua_setfield(lua, Table(), "request");
  return 0;
}

// wrk.lookup(host, service): where connections go anyway, and nothing else.
int Lookup(lua_State* lua) {
  const ScriptWrk& wrk = Of(lua);
  const std::string_view host = luaL_checkstring(lua, 1);
  const std::string_view service = luaL_optstring(lua, 2, wrk.scheme.c_str());
  if (host != wrk.host || (service != wrk.scheme && service != wrk.port)) {
    return luaL_error(lua, "wrk.lookup: connections go where the plan's URL says, to %s",
                      wrk.address.c_str());
  }
  lua_createtable(lua, 1, 0);
  PushText(lua, wrk.address);
  lua_rawseti(lua, -2, 1);
  return 1;
}

// wrk.connect(address): none is tried before the run.
int Connect(lua_State* lua) {
  lua_pushboolean(lua, 1);
  return 1;
}

void SetText(lua_State* lua, const char* field, std::string_view text) {
  PushText(lua, text);
  lua_setfield(lua, -2, field);
}

void SetFunction(lua_State* lua, const char* field, lua_CFunction function, ScriptWrk& wrk) {
  lua_pushvalue(lua, -1);
  lua_pushlightuserdata(lua, &wrk);
  lua_pushcclosure(lua, function, 2);
  lua_setfield(lua, -2, field);
}

bool Has(const v1::Request& request, absl::string_view name) {
  for (const v1::Header& header : request.headers()) {
    if (absl::EqualsIgnoreCase(header.name(), name)) return true;
  }
  return false;
}

void AddHeader(v1::Request& request, const char* name, const char* value) {
  if (Has(request, name)) return;
  v1::Header& header = *request.add_headers();
  header.set_name(name);
  header.set_value(value);
}

}  // namespace

ScriptWrk::ScriptWrk(const v1::Plan& plan) : url(plan.request().url()), request(plan.request()) {
  const UrlParts parts = SplitUrl(url);
  scheme = parts.https ? "https" : "http";
  host = parts.host;
  authority = parts.authority;
  address = fmt::format("{}:{}", host, parts.port);
  // Behind the colon, unless it is one of an IPv6 address in brackets.
  const size_t colon = authority.rfind(':');
  if (colon != std::string::npos && authority.back() != ']') port = authority.substr(colon + 1);
  path =
      parts.target.starts_with('/') ? std::string(parts.target) : fmt::format("/{}", parts.target);
  for (const std::string& argument : plan.script().arguments()) arguments.push_back(argument);
  if (plan.transport().no_keepalive()) AddHeader(request, "Connection", "close");
  if (request.has_body()) AddHeader(request, "Content-Type", "application/x-www-form-urlencoded");
}

void OpenScriptWrk(lua_State* lua, ScriptWrk& wrk, ScriptThread& thread) {
  lua_newtable(lua);
  SetText(lua, "scheme", wrk.scheme);
  SetText(lua, "host", wrk.host);
  if (!wrk.port.empty()) SetText(lua, "port", wrk.port);
  SetText(lua, "method", wrk.request.method());
  SetText(lua, "path", wrk.path);
  if (wrk.request.has_body()) SetText(lua, "body", wrk.request.body());
  lua_newtable(lua);
  for (const v1::Header& header : wrk.request.headers()) {
    PushText(lua, header.name());
    PushText(lua, header.value());
    lua_rawset(lua, -3);
  }
  lua_setfield(lua, -2, "headers");
  PushScriptThread(lua, thread);
  lua_setfield(lua, -2, "thread");
  SetFunction(lua, "format", &Format, wrk);
  SetFunction(lua, "setup", &Setup, wrk);
  SetFunction(lua, "init", &Init, wrk);
  SetFunction(lua, "lookup", &Lookup, wrk);
  SetFunction(lua, "connect", &Connect, wrk);
  lua_setglobal(lua, "wrk");
}

}  // namespace squall
