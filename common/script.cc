#include "common/script.h"

#include <array>
#include <cmath>
#include <utility>

#include <fmt/format.h>
#include <lua.hpp>

#include "common/draw.h"
#include "common/protocol.h"
#include "common/script_values.h"
#include "common/script_wrk.h"

namespace squall {
namespace {

constexpr double kMillisecondNs = 1e6;

// The functions that a script may define, each of which is a global.
constexpr std::array<const char*, 7> kFunctions = {"setup",    "init", "delay", "request",
                                                   "response", "done", "user"};

void PushArguments(lua_State* lua, const ScriptWrk& wrk) {
  lua_createtable(lua, static_cast<int>(wrk.arguments.size()), 1);
  lua_pushlstring(lua, wrk.url.data(), wrk.url.size());
  lua_rawseti(lua, -2, 0);
  for (size_t i = 0; i < wrk.arguments.size(); ++i) {
    const std::string& argument = wrk.arguments[i];
    lua_pushlstring(lua, argument.data(), argument.size());
    lua_rawseti(lua, -2, static_cast<int>(i) + 1);
  }
}

// Puts a function of wrk in front of its one argument, which is on top of the stack.
void PushOfWrk(lua_State* lua, const char* function) {
  lua_getglobal(lua, "wrk");
  if (!lua_istable(lua, -1)) luaL_error(lua, "wrk is no table any more");
  lua_getfield(lua, -1, function);
  lua_insert(lua, -3);
  lua_pop(lua, 1);
}

}  // namespace

Script::Script(const v1::Plan& plan) : wrk_(std::make_unique<ScriptWrk>(plan)) {
  thread_.address = wrk_->address;
}

Script::~Script() = default;

absl::StatusOr<std::unique_ptr<Script>> Script::Load(const v1::Plan& plan, uint64_t place,
                                                     Print print) {
  absl::StatusOr<std::unique_ptr<ScriptState>> state = ScriptState::Make();
  if (!state.ok()) return state.status();
  std::unique_ptr<Script> script(new Script(plan));
  script->state_ = *std::move(state);
  script->state_->print = std::move(print);
  script->thread_.state = script->state_.get();
  script->users_ = std::make_unique<ScriptUsers>(plan, *script->state_);
  // As many bits as a number of Lua has.
  const auto seed = static_cast<double>(Draw(plan.seed(), place) >> 11);
  absl::Status status = script->state_->Run(ScriptState::kOnce, [&](lua_State* lua) {
    OpenScriptThreads(lua);
    OpenScriptWrk(lua, *script->wrk_, script->thread_);
    script->users_->Open(lua);
    lua_getglobal(lua, "math");
    lua_getfield(lua, -1, "randomseed");
    lua_pushnumber(lua, seed);
    lua_call(lua, 1, 0);
  });
  if (status.ok()) status = script->state_->Load(plan.script().text(), plan.script().name());
  if (!status.ok()) return status;
  return script;
}

absl::Status Script::Setup(ScriptThread& worker) {
  return state_->Run(ScriptState::kOnce, [&](lua_State* lua) {
    PushScriptThread(lua, worker);
    PushOfWrk(lua, "setup");
    lua_call(lua, 1, 0);
  });
}

absl::Status Script::Init() {
  const absl::Status status = state_->Run(ScriptState::kOnce, [&](lua_State* lua) {
    PushArguments(lua, *wrk_);
    PushOfWrk(lua, "init");
    lua_call(lua, 1, 0);
  });
  return status.ok() ? FindFunctions() : status;
}

absl::Status Script::FindFunctions() {
  std::array<bool, kFunctions.size()> there{};
  const absl::Status status = state_->Run(ScriptState::kOnce, [&](lua_State* lua) {
    for (size_t i = 0; i < kFunctions.size(); ++i) {
      lua_getglobal(lua, kFunctions[i]);
      there[i] = lua_isfunction(lua, -1);
    }
  });
  has_delay_ = there[2];
  has_request_ = there[3];
  has_response_ = there[4];
  has_done_ = there[5];
  has_user_ = there[6];
  if (!status.ok() || !has_user_ || !(has_delay_ || has_request_ || has_response_)) return status;
  return absl::InvalidArgumentError(
      fmt::format("the script has user() and {}(): user() makes all requests and gets all answers, "
                  "and waits by sleep(): leave out one",
                  has_request_    ? "request"
                  : has_response_ ? "response"
                                  : "delay"));
}

absl::Status Script::Request(uint64_t n, std::string& bytes) {
  return state_->Run(ScriptState::kEach, [&](lua_State* lua) {
    lua_getglobal(lua, "request");
    if (!has_request_) {
      lua_getglobal(lua, "wrk");
      lua_getfield(lua, -1, "request");
    }
    lua_pushnumber(lua, static_cast<double>(n));
    lua_call(lua, 1, 1);
    size_t size = 0;
    const char* text = lua_tolstring(lua, -1, &size);
    if (text == nullptr) {
      luaL_error(lua, "request() returned a %s, where the text of a request belongs",
                 luaL_typename(lua, -1));
    }
    if (size > kMaxBodyBytes) luaL_error(lua, "request() returned more than 16 MiB");
    bytes.assign(text, size);
  });
}

Nanos Script::Delay() {
  double milliseconds = 0;
  absl::Status status = state_->Run(ScriptState::kEach, [&](lua_State* lua) {
    lua_getglobal(lua, "delay");
    lua_call(lua, 0, 1);
    milliseconds = lua_isnumber(lua, -1) != 0 ? lua_tonumber(lua, -1) : -1;
    const auto longest = static_cast<double>(kMaxTimeoutNs) / kMillisecondNs;
    if (!(milliseconds >= 0 && milliseconds <= longest)) {
      luaL_error(lua, "delay() returned no number of milliseconds from 0 to 86400000");
    }
  });
  if (status.ok()) return std::llround(milliseconds * kMillisecondNs);
  delay_error_ = std::move(status);
  return 0;
}

absl::Status Script::Respond(uint32_t status, const ScriptAnswer& answer) {
  if (answer.too_large()) {
    return absl::InvalidArgumentError(fmt::format(
        "the body is larger than response() may get ({} MiB)", ScriptAnswer::kMostBody >> 20));
  }
  return state_->Run(ScriptState::kEach, [&](lua_State* lua) {
    lua_getglobal(lua, "response");
    lua_pushinteger(lua, static_cast<lua_Integer>(status));
    lua_newtable(lua);
    answer.ForEachHeader([lua](std::string_view name, std::string_view value) {
      lua_pushlstring(lua, name.data(), name.size());
      lua_pushlstring(lua, value.data(), value.size());
      lua_rawset(lua, -3);
    });
    lua_pushlstring(lua, answer.body().data(), answer.body().size());
    lua_call(lua, 3, 0);
  });
}

v1::ScriptGlobals Script::Globals() {
  v1::ScriptGlobals globals;
  const absl::Status status = state_->Run(
      ScriptState::kOnce, [&globals](lua_State* lua) { ReadScriptGlobals(lua, globals); });
  if (!status.ok()) globals.set_too_large(true);
  return globals;
}

}  // namespace squall
