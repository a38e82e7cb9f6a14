// What a script finds in its state: Lua's own libraries, without what would reach beyond it.
#pragma once

struct lua_State;

namespace squall {

// base, string, table, math, coroutine, bit; of os what tells the time; of debug traceback; print
// and io.write (ScriptPrint). Functions that are left out raise an error that says so. A job
// (ScriptState::Run).
void OpenScriptLibraries(lua_State* lua);

}  // namespace squall
