// A plan's script, loaded: what wrk calls a thread's environment (docs/scripts.md).
//
// One state each, so nothing is shared between two of them but what setup() hands on. One thread's
// at a time. Errors are INVALID_ARGUMENT: "FILE:LINE: what (called from …)", safe to print; a
// script that has raised one can go on.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/clock.h"
#include "common/script_answer.h"
#include "common/script_state.h"
#include "common/script_thread.h"
#include "common/script_users.h"
#include "squall/v1/control.pb.h"
#include "squall/v1/plan.pb.h"

namespace squall {

struct ScriptWrk;

class Script {
 public:
  using Print = std::function<void(std::string_view)>;

  ~Script();

  // Loads the script of a plan whose URL and headers are good. `place` tells states apart: what
  // math.random() draws follows from it and the plan's seed. `print` gets what is said by print()
  // and io.write().
  static absl::StatusOr<std::unique_ptr<Script>> Load(const v1::Plan& plan, uint64_t place,
                                                      Print print);

  // Calls setup(), if it has one, for a worker.
  absl::Status Setup(ScriptThread& worker);
  // Calls init(), if it has one. Requests come after that.
  absl::Status Init();

  // Of a script that Init() has let pass.
  bool makes_each() const { return has_request_; }  // else all requests are the same
  bool wants_answers() const { return has_response_; }
  bool delays() const { return has_delay_; }
  bool has_done() const { return has_done_; }
  // Its users; null: it has no user(). With them, nothing else makes or gets anything.
  ScriptUsers* users() { return has_user_ ? users_.get() : nullptr; }

  // Writes the bytes of request n over `bytes`, whose memory is reused.
  absl::Status Request(uint64_t n, std::string& bytes);
  // How long to wait before the next request. An error is that request's: TakeError().
  Nanos Delay();
  absl::Status TakeError() { return std::exchange(delay_error_, absl::OkStatus()); }
  absl::Status Respond(uint32_t status, const ScriptAnswer& answer);

  // What others see of it; its stop() was called: `stopped`.
  ScriptThread& thread() { return thread_; }
  ScriptState& state() { return *state_; }
  v1::ScriptGlobals Globals();

 private:
  explicit Script(const v1::Plan& plan);

  absl::Status FindFunctions();

  // Both are known to the state by their place.
  const std::unique_ptr<ScriptWrk> wrk_;
  ScriptThread thread_;
  std::unique_ptr<ScriptState> state_;
  std::unique_ptr<ScriptUsers> users_;
  absl::Status delay_error_;
  bool has_request_ = false;
  bool has_response_ = false;
  bool has_delay_ = false;
  bool has_done_ = false;
  bool has_user_ = false;
};

}  // namespace squall
