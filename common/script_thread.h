// A worker as a script sees it: the `thread` of setup() and done(), and wrk.thread.
#pragma once

#include <string>

#include "common/script_state.h"
#include "squall/v1/control.pb.h"

struct lua_State;

namespace squall {

struct ScriptThread {
  // Where its globals are. Null: in `ended`.
  ScriptState* state = nullptr;
  // What a worker that has ended had. Null: nothing is known of it.
  const v1::ScriptGlobals* ended = nullptr;
  // Where its connections go: "host:port".
  std::string address;
  // thread:stop() was called.
  bool stopped = false;

  // While a value is handed on: no local of a job may own anything.
  v1::ScriptValue value;
  std::string error;
};

// Jobs (ScriptState::Run): what threads can do, once a state; and one of them, which outlives the
// state.
void OpenScriptThreads(lua_State* lua);
void PushScriptThread(lua_State* lua, ScriptThread& thread);

}  // namespace squall
