#include "common/script_thread.h"

#include <cstring>
#include <string_view>

#include <lua.hpp>

#include "common/script_values.h"

namespace squall {
namespace {

constexpr char kMetatable[] = "squall.thread";

ScriptThread& Check(lua_State* lua) {
  return **static_cast<ScriptThread**>(luaL_checkudata(lua, 1, kMetatable));
}

bool Failed(ScriptThread& thread, const absl::Status& status) {
  if (!status.ok()) thread.error = std::string(status.message());
  return !status.ok();
}

bool ReadGlobal(ScriptThread& thread, const char* name) {
  const char* wrong = nullptr;
  const absl::Status status = thread.state->Run(ScriptState::kEach, [&](lua_State* lua) {
    size_t bytes = kMostValueBytes;
    lua_getglobal(lua, name);
    wrong = ReadScriptValue(lua, lua_gettop(lua), thread.value, bytes);
  });
  if (wrong == nullptr) return !Failed(thread, status);
  thread.error = wrong;
  return false;
}

bool WriteGlobal(ScriptThread& thread, const char* name) {
  return !Failed(thread, thread.state->Run(ScriptState::kEach, [&](lua_State* lua) {
    PushScriptValue(lua, thread.value);
    lua_setglobal(lua, name);
  }));
}

bool FindEnded(ScriptThread& thread, std::string_view name) {
  if (thread.ended == nullptr || thread.ended->too_large()) {
    thread.error = thread.ended == nullptr ? "it is not known here what the worker has"
                                           : "the worker's variables are larger than 64 KiB";
    return false;
  }
  for (const v1::ScriptEntry& entry : thread.ended->table().entries()) {
    if (entry.key().text() == name) thread.value = entry.value();
  }
  return true;
}

int Get(lua_State* lua) {
  ScriptThread& thread = Check(lua);
  const char* name = luaL_checkstring(lua, 2);
  if (thread.state == &ScriptState::Of(lua)) {
    lua_getglobal(lua, name);
    return 1;
  }
  thread.value.Clear();
  const bool found = thread.state != nullptr ? ReadGlobal(thread, name) : FindEnded(thread, name);
  if (!found) return luaL_error(lua, "thread:get(\"%s\"): %s", name, thread.error.c_str());
  PushScriptValue(lua, thread.value);
  return 1;
}

int Set(lua_State* lua) {
  ScriptThread& thread = Check(lua);
  const char* name = luaL_checkstring(lua, 2);
  lua_settop(lua, 3);
  if (thread.state == &ScriptState::Of(lua)) {
    lua_setglobal(lua, name);
    return 0;
  }
  thread.value.Clear();
  size_t bytes = kMostValueBytes;
  if (const char* wrong = ReadScriptValue(lua, 3, thread.value, bytes)) {
    return luaL_error(lua, "thread:set(\"%s\"): %s", name, wrong);
  }
  // One that has ended takes no more: setup() is called again for it, before done().
  if (thread.state != nullptr && !WriteGlobal(thread, name)) {
    return luaL_error(lua, "thread:set(\"%s\"): %s", name, thread.error.c_str());
  }
  return 0;
}

int Stop(lua_State* lua) {
  Check(lua).stopped = true;
  return 0;
}

int Index(lua_State* lua) {
  const ScriptThread& thread = Check(lua);
  const std::string_view key = luaL_checkstring(lua, 2);
  if (key == "get") {
    lua_pushcfunction(lua, &Get);
  } else if (key == "set") {
    lua_pushcfunction(lua, &Set);
  } else if (key == "stop") {
    lua_pushcfunction(lua, &Stop);
  } else if (key == "addr") {
    lua_pushlstring(lua, thread.address.data(), thread.address.size());
  } else {
    return luaL_error(lua, "a thread has no \"%s\": it has addr, get(), set() and stop()",
                      lua_tostring(lua, 2));
  }
  return 1;
}

int NewIndex(lua_State* lua) {
  const ScriptThread& thread = Check(lua);
  if (std::strcmp(luaL_checkstring(lua, 2), "addr") != 0) {
    return luaL_error(lua, "cannot set \"%s\" of a thread: use thread:set()", lua_tostring(lua, 2));
  }
  if (lua_isstring(lua, 3) == 0 || thread.address != lua_tostring(lua, 3)) {
    return luaL_error(lua, "thread.addr: connections go where the plan's URL says, to %s",
                      thread.address.c_str());
  }
  return 0;
}

}  // namespace

void OpenScriptThreads(lua_State* lua) {
  luaL_newmetatable(lua, kMetatable);
  lua_pushcfunction(lua, &Index);
  lua_setfield(lua, -2, "__index");
  lua_pushcfunction(lua, &NewIndex);
  lua_setfield(lua, -2, "__newindex");
  lua_pushliteral(lua, "thread");
  lua_setfield(lua, -2, "__metatable");
  lua_pop(lua, 1);
}

void PushScriptThread(lua_State* lua, ScriptThread& thread) {
  *static_cast<ScriptThread**>(lua_newuserdata(lua, sizeof(ScriptThread*))) = &thread;
  luaL_getmetatable(lua, kMetatable);
  lua_setmetatable(lua, -2);
}

}  // namespace squall
