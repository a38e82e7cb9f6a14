#include "common/script_state.h"

#include <algorithm>
#include <cstdlib>

#include <fmt/format.h>
#include <lua.hpp>

#include "common/script_libraries.h"
#include "common/values.h"

namespace squall {
namespace {

// Instructions are counted in steps of so many.
constexpr int kStep = 1000;
// How many callers an error names.
constexpr int kMostCallers = 8;
constexpr size_t kLongestError = 1000;

// Fixed places at the bottom of the stack.
constexpr int kLocate = 1;
constexpr int kEnter = 2;

// Appends who called, from a level on: nothing if nobody in Lua did. `first`: the first is where
// the error is, which is said already.
void AddCallers(lua_State* lua, int level, bool first, std::string& text) {
  int named = 0;
  lua_Debug where;
  for (; named < kMostCallers && lua_getstack(lua, level, &where) != 0; ++level) {
    lua_getinfo(lua, "Sln", &where);
    if (where.currentline <= 0) continue;
    if (!first) {
      text += named == 0 ? " (called from " : ", ";
      text += fmt::format("{}:{}", where.short_src, where.currentline);
      if (where.name != nullptr) text += fmt::format(" in {}", where.name);
      ++named;
    }
    first = false;
  }
  if (named != 0) text += ')';
}

}  // namespace

absl::StatusOr<std::unique_ptr<ScriptState>> ScriptState::Make() {
  std::unique_ptr<ScriptState> state(new ScriptState);
  lua_State* lua = lua_newstate(&Allocate, state.get());
  if (lua == nullptr) return absl::ResourceExhaustedError("no memory for a script");
  state->lua_ = lua;
  luaJIT_setmode(lua, 0, LUAJIT_MODE_ENGINE | LUAJIT_MODE_OFF);
  lua_sethook(lua, &Count, LUA_MASKCOUNT, kStep);
  lua_pushcfunction(lua, &Locate);
  lua_pushcfunction(lua, &Enter);
  const absl::Status status = state->Run(kOnce, &OpenScriptLibraries);
  if (!status.ok()) return absl::ResourceExhaustedError(status.message());
  return state;
}

ScriptState::~ScriptState() {
  if (lua_ != nullptr) lua_close(lua_);
}

absl::Status ScriptState::Load(std::string_view text, const std::string& name) {
  const std::string chunk = "@" + name;
  return Run(kOnce, [&](lua_State* lua) {
    if (luaL_loadbufferx(lua, text.data(), text.size(), chunk.c_str(), "t") != 0) lua_error(lua);
    lua_call(lua, 0, 0);
  });
}

ScriptState& ScriptState::Of(lua_State* lua) {
  void* self = nullptr;
  lua_getallocf(lua, &self);
  return *static_cast<ScriptState*>(self);
}

absl::Status ScriptState::RunJob(uint64_t instructions, void* job, Function run) {
  job_ = job;
  run_ = run;
  left_ = instructions;
  if (exhausted_) {
    exhausted_ = false;
    lua_sethook(lua_, &Count, LUA_MASKCOUNT, kStep);
  }
  lua_pushvalue(lua_, kEnter);
  const int code = lua_pcall(lua_, 0, 0, kLocate);
  if (code == 0) return absl::OkStatus();
  return Error(code);
}

absl::Status ScriptState::TooLarge() const {
  return absl::InvalidArgumentError(
      fmt::format("the script needs more memory than it may have ({} MiB)", most_memory_ >> 20));
}

absl::Status ScriptState::ErrorOf(lua_State* coroutine, int code) {
  if (code == LUA_ERRMEM) return TooLarge();
  std::string message =
      fmt::format("error() with a {} where a text belongs", luaL_typename(coroutine, -1));
  if (lua_type(coroutine, -1) == LUA_TSTRING) {
    size_t size = 0;
    const char* text = lua_tolstring(coroutine, -1, &size);
    message.assign(text, size);
  }
  // Nothing has been unwound. If a function of Lua has failed, it is at level 0 and without a line;
  // what one of C has raised is said to be at the line that called it.
  lua_Debug where;
  const bool of_c = lua_getstack(coroutine, 0, &where) != 0 &&
                    lua_getinfo(coroutine, "S", &where) != 0 && *where.what == 'C';
  AddCallers(coroutine, 1, of_c, message);
  return absl::InvalidArgumentError(Quoted(message, kLongestError));
}

absl::Status ScriptState::Error(int code) {
  if (code == LUA_ERRMEM) {
    lua_settop(lua_, kEnter);
    return TooLarge();
  }
  size_t size = 0;
  const char* text = lua_tolstring(lua_, -1, &size);
  std::string message = "an error that is no text";
  if (text != nullptr) message = Quoted({text, size}, kLongestError);
  lua_settop(lua_, kEnter);
  return absl::InvalidArgumentError(message);
}

// Protected: what has no memory here is an error of Lua.
int ScriptState::Enter(lua_State* lua) {
  ScriptState& self = Of(lua);
  self.run_(lua, self.job_);
  return 0;
}

// Where an error comes from can be seen only before the stack is unwound.
int ScriptState::Locate(lua_State* lua) {
  ScriptState& self = Of(lua);
  size_t size = 0;
  const char* text = lua_type(lua, 1) == LUA_TSTRING || lua_type(lua, 1) == LUA_TNUMBER
                         ? lua_tolstring(lua, 1, &size)
                         : nullptr;
  if (text == nullptr) {
    self.buffer = fmt::format("error() with a {} where a text belongs", luaL_typename(lua, 1));
  } else {
    self.buffer.assign(text, size);
  }
  AddCallers(lua, 1, true, self.buffer);
  lua_pushlstring(lua, self.buffer.data(), self.buffer.size());
  return 1;
}

void ScriptState::Count(lua_State* lua, lua_Debug*) {
  ScriptState& self = Of(lua);
  if (self.left_ >= kStep) {
    self.left_ -= kStep;
    return;
  }
  // From now on each instruction is one too many, so that pcall() does not go on with it.
  if (!self.exhausted_) lua_sethook(lua, &Count, LUA_MASKCOUNT, 1);
  self.exhausted_ = true;
  // No frame is a hook's own: level 0 is what was going on.
  luaL_where(lua, 0);
  lua_pushliteral(lua, "more instructions than a call may take: a loop without end?");
  lua_concat(lua, 2);
  lua_error(lua);
}

void* ScriptState::Allocate(void* owner, void* memory, size_t old_size, size_t new_size) noexcept {
  ScriptState& self = *static_cast<ScriptState*>(owner);
  if (new_size == 0) {
    self.memory_ -= old_size;
    std::free(memory);
    return nullptr;
  }
  if (new_size > old_size && new_size - old_size > self.most_memory_ - self.memory_) return nullptr;
  void* allocated = std::realloc(memory, new_size);
  if (allocated != nullptr) self.memory_ += new_size - old_size;
  return allocated;
}

}  // namespace squall
