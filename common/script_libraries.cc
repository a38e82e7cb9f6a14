#include "common/script_libraries.h"

#include <string_view>

#include <lua.hpp>

#include "common/script_state.h"

namespace squall {
namespace {

// What a script of wrk may look for. They are there, so that the error says why they do nothing.
constexpr const char* kFiles[] = {"open", "lines", "read", "popen", "input", "output", "tmpfile"};
constexpr const char* kSystem[] = {"execute", "exit",      "getenv", "remove",
                                   "rename",  "setlocale", "tmpname"};
constexpr const char* kCode[] = {"dofile", "loadfile", "require", "module"};

int LeftOut(lua_State* lua) {
  return luaL_error(lua,
                    "%s is not there for scripts: they run on agents, and reach nothing but the "
                    "plan (a body from a file: -D FILE, as wrk.body)",
                    lua_tostring(lua, lua_upvalueindex(1)));
}

// Into the table on top of the stack.
template <size_t count>
void LeaveOut(lua_State* lua, const char* library, const char* const (&names)[count]) {
  for (const char* name : names) {
    lua_pushfstring(lua, "%s%s", library, name);
    lua_pushcclosure(lua, &LeftOut, 1);
    lua_setfield(lua, -2, name);
  }
}

void Say(lua_State* lua) {
  size_t size = 0;
  const char* text = lua_tolstring(lua, -1, &size);
  const ScriptState& state = ScriptState::Of(lua);
  if (state.print) state.print({text, size});
}

int Print(lua_State* lua) {
  const int count = lua_gettop(lua);
  luaL_checkstack(lua, 2 * count + 3, "too many arguments");
  lua_getglobal(lua, "tostring");
  const int to_string = lua_gettop(lua);
  for (int i = 1; i <= count; ++i) {
    if (i > 1) lua_pushliteral(lua, "\t");
    lua_pushvalue(lua, to_string);
    lua_pushvalue(lua, i);
    lua_call(lua, 1, 1);
    if (lua_isstring(lua, -1) == 0) return luaL_error(lua, "'tostring' must return a string");
  }
  lua_pushliteral(lua, "\n");
  lua_concat(lua, lua_gettop(lua) - to_string);
  Say(lua);
  return 0;
}

int Write(lua_State* lua) {
  const int count = lua_gettop(lua);
  for (int i = 1; i <= count; ++i) luaL_checkstring(lua, i);
  lua_concat(lua, count);
  Say(lua);
  return 0;
}

// load() and loadstring(): of text alone. Bytecode is believed by whatever runs it.
int LoadText(lua_State* lua) {
  size_t size = 0;
  const char* text = luaL_checklstring(lua, 1, &size);
  const char* name = luaL_optstring(lua, 2, "=(load)");
  if (luaL_loadbufferx(lua, text, size, name, "t") == 0) return 1;
  lua_pushnil(lua);
  lua_insert(lua, -2);
  return 2;
}

void Open(lua_State* lua, lua_CFunction library, const char* name) {
  lua_pushcfunction(lua, library);
  lua_pushstring(lua, name);
  lua_call(lua, 1, 0);
}

// A library with these of its functions alone.
template <size_t count>
void Keep(lua_State* lua, const char* library, const char* const (&names)[count]) {
  lua_getglobal(lua, library);
  lua_createtable(lua, 0, static_cast<int>(count));
  for (const char* name : names) {
    lua_getfield(lua, -2, name);
    lua_setfield(lua, -2, name);
  }
  lua_setglobal(lua, library);
  lua_pop(lua, 1);
}

void RemoveGlobal(lua_State* lua, const char* name) {
  lua_pushnil(lua);
  lua_setglobal(lua, name);
}

}  // namespace

void OpenScriptLibraries(lua_State* lua) {
  Open(lua, &luaopen_base, "");
  Open(lua, &luaopen_table, LUA_TABLIBNAME);
  Open(lua, &luaopen_string, LUA_STRLIBNAME);
  Open(lua, &luaopen_math, LUA_MATHLIBNAME);
  Open(lua, &luaopen_bit, LUA_BITLIBNAME);
  Open(lua, &luaopen_os, LUA_OSLIBNAME);
  Open(lua, &luaopen_debug, LUA_DBLIBNAME);
  Keep(lua, LUA_OSLIBNAME, {"clock", "date", "difftime", "time"});
  Keep(lua, LUA_DBLIBNAME, {"traceback"});
  RemoveGlobal(lua, "newproxy");  // its objects have finalizers, which nothing counts

  lua_getglobal(lua, LUA_OSLIBNAME);
  LeaveOut(lua, "os.", kSystem);
  lua_newtable(lua);
  LeaveOut(lua, "io.", kFiles);
  lua_pushcfunction(lua, &Write);
  lua_setfield(lua, -2, "write");
  lua_setglobal(lua, LUA_IOLIBNAME);
  lua_getglobal(lua, LUA_STRLIBNAME);
  LeaveOut(lua, "string.", {"dump"});

  lua_pushvalue(lua, LUA_GLOBALSINDEX);
  LeaveOut(lua, "", kCode);
  lua_pushcfunction(lua, &Print);
  lua_setfield(lua, -2, "print");
  lua_pushcfunction(lua, &LoadText);
  lua_setfield(lua, -2, "load");
  lua_pushcfunction(lua, &LoadText);
  lua_setfield(lua, -2, "loadstring");
}

}  // namespace squall
