#include "common/script_users.h"

#include <algorithm>
#include <utility>

#include <lua.hpp>

#include "absl/strings/match.h"

namespace squall {

// ---- turns

ScriptUsers::User& ScriptUsers::At(uint32_t user) {
  while (user >= users_.size()) users_.emplace_back();
  return users_[user];
}

ScriptUsers::Turn ScriptUsers::Begin(uint32_t number, uint64_t n) {
  User& user = At(number);
  user.cookies.reset();
  failed_check_.clear();
  running_ = &user;
  int code = 0;
  const absl::Status job = state_.Run(ScriptState::kEach, [&](lua_State* lua) {
    if (user.coroutine == nullptr) {
      lua_State* made = lua_newthread(lua);
      user.anchor = luaL_ref(lua, LUA_REGISTRYINDEX);
      user.coroutine = made;
    }
    lua_settop(user.coroutine, 0);
    lua_getglobal(lua, "user");
    lua_createtable(lua, 0, 2);
    lua_pushnumber(lua, static_cast<double>(n));
    lua_setfield(lua, -2, "id");
    if (rows_ != nullptr) PushData(lua, n);
    lua_xmove(lua, user.coroutine, 2);
    code = lua_resume(user.coroutine, 1);
  });
  return AfterTurn(user, job, code);
}

// u.data: its row, by the names of columns.
void ScriptUsers::PushData(lua_State* lua, uint64_t n) {
  const FeederRow row = rows_->RowOf(n);
  const auto& columns = rows_->feeder().columns();
  lua_createtable(lua, 0, static_cast<int>(columns.size()));
  std::string& value = state_.buffer;
  for (size_t i = 0; i < columns.size(); ++i) {
    const FeederField field = row.Field(i);
    value.resize(field.text.size());
    const char* const end = value.data() + value.size();
    const char* begin = field.WriteBefore(value.data() + value.size());
    lua_pushlstring(lua, columns[i].name.data(), columns[i].name.size());
    lua_pushlstring(lua, begin, static_cast<size_t>(end - begin));
    lua_rawset(lua, -3);
  }
  lua_setfield(lua, -2, "data");
}

ScriptUsers::Turn ScriptUsers::GoOn(uint32_t number) {
  User& user = At(number);
  failed_check_.clear();
  running_ = &user;
  int code = 0;
  const int values = user.requests ? 1 : 0;
  user.requests = user.answered = user.asleep = false;
  const absl::Status job = state_.Run(
      ScriptState::kEach, [&](lua_State*) { code = lua_resume(user.coroutine, values); });
  return AfterTurn(user, job, code);
}

ScriptUsers::Turn ScriptUsers::AfterTurn(User& user, const absl::Status& job, int code) {
  running_ = nullptr;
  const bool wants = std::exchange(wants_, false);
  absl::Status status = job;
  if (status.ok() && code == LUA_YIELD && wants) {
    user.asleep = true;
    return turn_;
  }
  if (status.ok() && code == 0) {
    lua_settop(user.coroutine, 0);
    return {Want::kEnd};
  }
  if (status.ok() && code == LUA_YIELD) {
    status = absl::InvalidArgumentError(
        "user() has called coroutine.yield(): it goes on by http, sleep() and their like alone");
  } else if (status.ok()) {
    status = state_.ErrorOf(user.coroutine, code);
  }
  error_ = std::string(status.message());
  Forget(user);
  return {Want::kError};
}

void ScriptUsers::Drop(uint32_t number) {
  if (User& user = At(number); user.asleep) Forget(user);
}

// One that has not come to its end cannot be used again.
void ScriptUsers::Forget(User& user) {
  if (user.coroutine != nullptr) {
    const int anchor = user.anchor;
    state_
        .Run(ScriptState::kEach,
             [anchor](lua_State* lua) { luaL_unref(lua, LUA_REGISTRYINDEX, anchor); })
        .IgnoreError();
  }
  user = User();
}

// ---- what comes of a request

ScriptUsers::Request ScriptUsers::RequestOf(uint32_t number) const {
  const User& user = users_[number];
  Request request;
  // A text, so that nothing is made of it. What came of the request stands above it.
  size_t size = 0;
  const char* bytes = lua_tolstring(user.coroutine, 1, &size);
  request.bytes = {bytes, size};
  request.step = user.step;
  request.to_head = user.to_head;
  request.idempotent = user.idempotent;
  return request;
}

ScriptUsers::Expected ScriptUsers::Expects(uint32_t number, uint32_t status) const {
  const auto& expected = users_[number].expected;
  if (expected.front() == 0) return Expected::kNotSaid;
  const bool found = std::find(expected.begin(), expected.end(), status) != expected.end();
  return found ? Expected::kYes : Expected::kNo;
}

absl::Status ScriptUsers::TakeAnswer(uint32_t number, uint32_t status, const ScriptAnswer& answer) {
  User& user = users_[number];
  if (answer.too_large()) {
    return absl::InvalidArgumentError("the body is larger than a user may get (1 MiB)");
  }
  answer.ForEachHeader([&user](std::string_view name, std::string_view value) {
    if (!absl::EqualsIgnoreCase({name.data(), name.size()}, "Set-Cookie")) return;
    if (user.cookies == nullptr) user.cookies = std::make_unique<CookieJar>();
    user.cookies->Set(value);
  });
  return state_.Run(ScriptState::kEach, [&](lua_State* lua) {
    ScriptReplies::Push(lua, status, &answer);
    lua_xmove(lua, user.coroutine, 1);
    user.answered = true;
  });
}

absl::Status ScriptUsers::Conclude(uint32_t number, std::string_view error) {
  User& user = users_[number];
  return state_.Run(ScriptState::kEach, [&](lua_State* lua) {
    if (user.answered) {
      lua_pushvalue(user.coroutine, -1);
      lua_xmove(user.coroutine, lua, 1);
    } else {
      ScriptReplies::Push(lua, 0, nullptr);
    }
    lua_pushboolean(lua, error.empty() ? 1 : 0);
    lua_setfield(lua, -2, "ok");
    if (!error.empty()) {
      lua_pushlstring(lua, error.data(), error.size());
      lua_setfield(lua, -2, "error");
    }
    // In place of all that it had there.
    lua_settop(user.coroutine, 0);
    lua_xmove(lua, user.coroutine, 1);
  });
}

}  // namespace squall
