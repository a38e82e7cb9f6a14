#include "common/script_values.h"

#include <lua.hpp>

namespace squall {
namespace {

// What an element costs beside its text.
constexpr size_t kElement = 16;

constexpr char kTooLarge[] = "it is too large to be handed on (1 MiB)";
constexpr char kTooDeep[] = "it has tables in tables in tables without end";
constexpr char kNoValue[] = "only booleans, numbers, texts and tables of these can be handed on";

const char* ReadTable(lua_State* lua, int index, v1::ScriptTable& table, size_t& bytes, int depth) {
  if (depth == kMostTables) return kTooDeep;
  luaL_checkstack(lua, 4, "tables in tables");
  lua_pushnil(lua);
  while (lua_next(lua, index) != 0) {
    v1::ScriptEntry& entry = *table.add_entries();
    const int value = lua_gettop(lua);
    const char* wrong = ReadScriptValue(lua, value - 1, *entry.mutable_key(), bytes, depth);
    if (wrong == nullptr) {
      wrong = ReadScriptValue(lua, value, *entry.mutable_value(), bytes, depth + 1);
    }
    if (wrong != nullptr) return wrong;
    lua_pop(lua, 1);
  }
  return nullptr;
}

}  // namespace

const char* ReadScriptValue(lua_State* lua, int index, v1::ScriptValue& value, size_t& bytes,
                            int depth) {
  if (bytes < kElement) return kTooLarge;
  bytes -= kElement;
  switch (lua_type(lua, index)) {
    case LUA_TNIL:
      return nullptr;
    case LUA_TBOOLEAN:
      value.set_boolean(lua_toboolean(lua, index) != 0);
      return nullptr;
    case LUA_TNUMBER:
      value.set_number(lua_tonumber(lua, index));
      return nullptr;
    case LUA_TSTRING: {
      size_t size = 0;
      const char* text = lua_tolstring(lua, index, &size);
      if (size > bytes) return kTooLarge;
      bytes -= size;
      value.set_text(text, size);
      return nullptr;
    }
    case LUA_TTABLE:
      return ReadTable(lua, index, *value.mutable_table(), bytes, depth);
    default:
      return kNoValue;
  }
}

void PushScriptValue(lua_State* lua, const v1::ScriptValue& value) {
  luaL_checkstack(lua, 4, "tables in tables");
  switch (value.kind_case()) {
    case v1::ScriptValue::kBoolean:
      return lua_pushboolean(lua, value.boolean() ? 1 : 0);
    case v1::ScriptValue::kNumber:
      return lua_pushnumber(lua, value.number());
    case v1::ScriptValue::kText:
      return lua_pushlstring(lua, value.text().data(), value.text().size());
    case v1::ScriptValue::kTable:
      lua_newtable(lua);
      for (const v1::ScriptEntry& entry : value.table().entries()) {
        const double number = entry.key().number();
        // No key of a table is nil or not a number.
        if (entry.key().kind_case() == v1::ScriptValue::KIND_NOT_SET || number != number) continue;
        PushScriptValue(lua, entry.key());
        PushScriptValue(lua, entry.value());
        lua_rawset(lua, -3);
      }
      return;
    case v1::ScriptValue::KIND_NOT_SET:
      return lua_pushnil(lua);
  }
}

void ReadScriptGlobals(lua_State* lua, v1::ScriptGlobals& globals) {
  size_t bytes = kMostGlobalsBytes;
  lua_pushnil(lua);
  while (lua_next(lua, LUA_GLOBALSINDEX) != 0) {
    const int index = lua_gettop(lua);
    if (lua_type(lua, index - 1) == LUA_TSTRING) {
      v1::ScriptEntry& entry = *globals.mutable_table()->add_entries();
      const char* wrong = ReadScriptValue(lua, index - 1, *entry.mutable_key(), bytes);
      if (wrong == nullptr) wrong = ReadScriptValue(lua, index, *entry.mutable_value(), bytes);
      if (wrong == kTooLarge) {
        globals.clear_table();
        globals.set_too_large(true);
        return;
      }
      if (wrong != nullptr) globals.mutable_table()->mutable_entries()->RemoveLast();
    }
    lua_settop(lua, index - 1);
  }
}

}  // namespace squall
