// The table `wrk` that scripts find: what the plan's request has, and wrk's functions.
#pragma once

#include <string>
#include <vector>

#include "common/script_thread.h"
#include "squall/v1/plan.pb.h"

struct lua_State;

namespace squall {

// What is in it, of the plan: its texts outlive the state.
struct ScriptWrk {
  explicit ScriptWrk(const v1::Plan& plan);

  std::string url;
  std::string scheme;
  std::string host;  // without brackets
  std::string port;  // empty: the scheme's own, not written
  std::string authority;
  std::string path;
  v1::Request request;  // with all headers that wrk.headers has
  std::vector<std::string> arguments;
  std::string address;  // "host:port"
};

// Makes the global `wrk` of it. A job (ScriptState::Run). Both outlive the state.
void OpenScriptWrk(lua_State* lua, ScriptWrk& wrk, ScriptThread& thread);

}  // namespace squall
