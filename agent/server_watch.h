// Asks the server for its own counts while a run goes on: about once a second, and at the end.
//
// Where to ask is the plan's wish, and then it is asked from the start on; or the server was found
// to be a squall target, which is given up if it answers otherwise. Its thread alone waits for
// answers; all else is the session's thread's.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <thread>

#include "absl/status/statusor.h"
#include "agent/server_account.h"
#include "common/clock.h"
#include "common/mutex.h"
#include "squall/v1/metrics.pb.h"

namespace squall {

class ServerWatch {
 public:
  struct Answer {
    std::string body;
    Nanos asked = 0;     // when the question was sent …
    Nanos answered = 0;  // … and all of the answer was there
  };
  // Asks once and waits for the answer; Stop(), called from another thread, ends the wait, and all
  // that follow. Errors say why there is none.
  class Question {
   public:
    virtual ~Question() = default;
    virtual absl::StatusOr<Answer> Ask() = 0;
    virtual void Stop() = 0;
  };

  // `target`: it is not asked before Found().
  ServerWatch(std::unique_ptr<Question> question, bool target);
  ~ServerWatch();
  ServerWatch(const ServerWatch&) = delete;
  ServerWatch& operator=(const ServerWatch&) = delete;

  // The run begins at `start`, its measured phase at `measured`; nothing is asked before.
  void Begin(Nanos start, Nanos measured);
  // Its answers are a squall target's.
  void Found();
  // Asks once more, and waits for the answer, but not for long.
  void AskAtEnd();
  // What there is to tell that has not been told yet.
  std::optional<v1::ServerCounts> Take();

 private:
  void Run() noexcept;
  bool WaitUntilDue();
  void AskOnce();
  bool MayAsk() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const std::unique_ptr<Question> question_;
  const bool target_;

  Mutex mutex_;
  CondVar changed_;
  bool over_ ABSL_GUARDED_BY(mutex_) = false;
  bool found_ ABSL_GUARDED_BY(mutex_);
  bool given_up_ ABSL_GUARDED_BY(mutex_) = false;
  bool news_ ABSL_GUARDED_BY(mutex_) = false;
  Nanos next_ ABSL_GUARDED_BY(mutex_) = kForever;  // when it is asked next
  // Of questions: whether one is under way, how many are over, and how many are to be at least.
  bool asking_ ABSL_GUARDED_BY(mutex_) = false;
  uint64_t asked_ ABSL_GUARDED_BY(mutex_) = 0;
  uint64_t wanted_ ABSL_GUARDED_BY(mutex_) = 0;
  std::optional<ServerAccount> account_ ABSL_GUARDED_BY(mutex_);  // once the run has begun

  std::thread thread_;
};

}  // namespace squall
