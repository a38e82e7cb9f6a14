// A Lua state that a stranger's script may run in: bounded in memory and in what one call may do.
//
// Its libraries are those of common/script_libraries. Nothing in it is compiled to machine code,
// where instructions would not be counted (docs/adr/0013). All work is done in jobs, from which
// errors of Lua may be raised: no local that has a destructor may be alive where one can be.
// One thread's at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

struct lua_Debug;
struct lua_State;

namespace squall {

class ScriptState {
 public:
  // Of all that a state holds, with what is garbage; and what it may hold beyond for each of its
  // users.
  static constexpr size_t kMostMemory = size_t{256} << 20;
  static constexpr size_t kOfUser = size_t{8} << 10;
  // Instructions of Lua, for what is done once and for what is done for a request.
  static constexpr uint64_t kOnce = 500'000'000;
  static constexpr uint64_t kEach = 20'000'000;

  // RESOURCE_EXHAUSTED if there is no memory. It stays where it is: Lua knows its place.
  static absl::StatusOr<std::unique_ptr<ScriptState>> Make();
  ~ScriptState();
  ScriptState(const ScriptState&) = delete;
  ScriptState& operator=(const ScriptState&) = delete;

  // Runs a script's text, which messages call `name`.
  absl::Status Load(std::string_view text, const std::string& name);

  // Calls `job(state)`, which leaves the stack as it likes. INVALID_ARGUMENT for an error that is
  // raised: "FILE:LINE: what (called from FILE:LINE, …)", if it is from a line. Not from within a
  // job.
  template <typename Job>
  absl::Status Run(uint64_t instructions, Job&& job) {
    return RunJob(instructions, &job, [](lua_State* lua, void* of) {
      (*static_cast<std::remove_reference_t<Job>*>(of))(lua);
    });
  }

  // From now on it may hold what so many users need.
  void MakeRoomFor(uint64_t users) { most_memory_ = kMostMemory + users * kOfUser; }
  // Of all that it holds now, in bytes.
  size_t memory() const { return memory_; }

  // What is told of the error that has ended a coroutine, from within a job or not: as of Run().
  absl::Status ErrorOf(lua_State* coroutine, int code);

  // The object of a state, from within a job.
  static ScriptState& Of(lua_State* lua);

  // For jobs, to make texts in: reused.
  std::string buffer;
  // Gets what print() and io.write() say, from within a job. Null: nobody does.
  std::function<void(std::string_view)> print;

 private:
  using Function = void (*)(lua_State*, void*);

  ScriptState() = default;

  absl::Status RunJob(uint64_t instructions, void* job, Function run);
  absl::Status Error(int code);
  absl::Status TooLarge() const;

  static void* Allocate(void* self, void* memory, size_t old_size, size_t new_size) noexcept;
  static int Enter(lua_State* lua);
  static int Locate(lua_State* lua);
  static void Count(lua_State* lua, lua_Debug* where);

  lua_State* lua_ = nullptr;
  size_t memory_ = 0;  // bytes
  size_t most_memory_ = kMostMemory;
  uint64_t left_ = 0;  // instructions
  bool exhausted_ = false;
  void* job_ = nullptr;
  Function run_ = nullptr;
};

}  // namespace squall
