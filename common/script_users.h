// The users of a script: coroutines of its function user(u), each of which runs until it asks for
// something that takes time (docs/adr/0015).
//
// Users are numbered from 0 by whoever owns them; a number is used again when its user has ended,
// and so is its coroutine. All are in the script's state, within its limits; a turn may do what a
// call may. One thread's, that of the state.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "common/clock.h"
#include "common/cookie_jar.h"
#include "common/script_answer.h"
#include "common/script_replies.h"
#include "common/script_state.h"
#include "common/user_request.h"
#include "common/user_rows.h"
#include "squall/v1/plan.pb.h"

struct lua_State;

namespace squall {

class ScriptUsers {
 public:
  // What a user wants next: its request, or its sleep, is to be carried out before GoOn(). kEnd: it
  // has returned. kError: it has ended by an error, which error() tells.
  enum class Want : uint8_t { kRequest, kSleep, kEnd, kError };
  struct Turn {
    Want want = Want::kEnd;
    Nanos sleep = 0;
  };

  // Of a plan whose URL and headers are good. `state` outlives it.
  ScriptUsers(const v1::Plan& plan, ScriptState& state) : state_(state), text_(plan) {}

  // A job (ScriptState::Run), once: http, sleep() and check() for the state, which knows this by
  // its place.
  void Open(lua_State* lua);

  // What users have as u.data; null: nothing.
  void SetRows(UserRows::Ptr rows) { rows_ = std::move(rows); }

  // User `user` begins; its id is `n`.
  Turn Begin(uint32_t user, uint64_t n);
  // Its sleep is over, or what came of its request is known (Conclude()).
  Turn GoOn(uint32_t user);
  // It is given up, whatever it waits for; nothing, if it has ended.
  void Drop(uint32_t user);

  // Of the last turn: what was wrong, and the first check() that was not true (""; there was none).
  const std::string& error() const { return error_; }
  const std::string& failed_check() const { return failed_check_; }

  // What a user wants to send, until it goes on.
  struct Request {
    std::string_view bytes;
    std::string_view step;  // its name, which stays
    bool to_head = false;
    bool idempotent = false;
  };
  Request RequestOf(uint32_t user) const;
  // Whether a status is one that it expects as answer. kNotSaid: it has no list of those.
  enum class Expected : uint8_t { kNotSaid, kYes, kNo };
  Expected Expects(uint32_t user, uint32_t status) const;

  // A whole answer to its request has come. INVALID_ARGUMENT: it cannot be handed over.
  absl::Status TakeAnswer(uint32_t user, uint32_t status, const ScriptAnswer& answer);
  // What came of its request: `error` is empty if it is a success.
  absl::Status Conclude(uint32_t user, std::string_view error);

 private:
  static constexpr size_t kMostExpected = 4;

  struct User {
    lua_State* coroutine = nullptr;  // null: there is none to be used (again)
    int anchor = 0;                  // what keeps it
    bool asleep = false;             // in any way: it has begun, and does not run
    bool requests = false;           // for a request
    bool answered = false;           // what has come is on its stack
    bool to_head = false;
    bool idempotent = false;
    std::array<uint16_t, kMostExpected> expected{};  // 0: no more
    std::string_view step;
    std::unique_ptr<CookieJar> cookies;  // null: none has come
  };

  static int Http(lua_State* lua);
  static int Sleep(lua_State* lua);
  static int Check(lua_State* lua);
  static ScriptUsers& Of(lua_State* lua);

  User& At(uint32_t user);
  User& Running(lua_State* lua, const char* function);
  void ReadHeaders(lua_State* lua, int options);
  void ReadExpected(lua_State* lua, int options, User& user);
  void NameStep(lua_State* lua, int options, std::string_view method, std::string_view target,
                User& user);
  bool FindStep(std::string_view name, bool given, User& user);
  Turn AfterTurn(User& user, const absl::Status& job, int code);
  void Forget(User& user);
  void PushData(lua_State* lua, uint64_t n);

  ScriptState& state_;
  UserRequestText text_;
  ScriptReplies replies_;
  UserRows::Ptr rows_;
  std::deque<User> users_;
  std::set<std::string, std::less<>> steps_;  // names, which stay where they are
  User* running_ = nullptr;                   // within a turn
  bool wants_ = false;                        // within a turn: it has said what
  Turn turn_;
  std::string step_;  // while its name is found
  std::string error_;
  std::string failed_check_;
};

}  // namespace squall
