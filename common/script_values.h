// Values of Lua on their way from one state to another: nil, booleans, numbers, texts and tables of
// these.
#pragma once

#include <cstddef>

#include "squall/v1/control.pb.h"

struct lua_State;

namespace squall {

// Tables in tables, at most.
inline constexpr int kMostTables = 16;
// What a value may have on its way, in bytes.
inline constexpr size_t kMostValueBytes = size_t{1} << 20;
// Of all globals of a worker.
inline constexpr size_t kMostGlobalsBytes = size_t{64} << 10;

// Reads the value at `index` (not relative to the top) into `value`, which is nil if it has no
// kind. Takes what it needs off `bytes`. Null, or what is wrong with it: a text of its own. What
// Lua raises leaves nothing behind but what `value` has by then.
const char* ReadScriptValue(lua_State* lua, int index, v1::ScriptValue& value, size_t& bytes,
                            int depth = 0);

// Pushes a value. A job (ScriptState::Run).
void PushScriptValue(lua_State* lua, const v1::ScriptValue& value);

// The globals that can be told, but for what is there from the beginning (functions and `wrk`).
void ReadScriptGlobals(lua_State* lua, v1::ScriptGlobals& globals);

}  // namespace squall
