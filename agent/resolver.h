// Asks the system for the addresses of names, on a thread of its own.
//
// One for a run: what one worker has asked for, the others get without asking again. Names are
// looked up one after another. Thread-safe.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "agent/endpoint.h"
#include "common/clock.h"

namespace squall {

class Resolver {
 public:
  struct Answer {
    Nanos at = 0;  // when it came
    // With port 0, each once, in the order of CompareAddresses.
    std::vector<Endpoint> addresses;
    std::string error;  // why there are none: "no-such-host.invalid: Name or service not known"
  };
  using AnswerPtr = std::shared_ptr<const Answer>;
  // Gets the answer, once, on the resolver's thread, and must only pass it on. It may come after
  // the resolver has gone.
  using Deliver = std::function<void(AnswerPtr)>;

  // The addresses of a name, as the system gives them. Blocks.
  using Lookup = std::function<absl::StatusOr<std::vector<Endpoint>>(const std::string& host)>;
  using Clock = std::function<Nanos()>;

  // A name without addresses is not looked up again before so long: one that is wrong would be
  // asked for with every request.
  static constexpr Nanos kRetryInterval = kSecond;

  // Tests give a lookup and a clock of their own.
  explicit Resolver(Lookup lookup = &AskSystem, Clock clock = &SteadyNow);
  // Does not wait for a lookup that is going on: the system's cannot be cancelled, and may take as
  // long as the name servers are silent. Its thread shares what it needs and ends by itself.
  ~Resolver();
  Resolver(const Resolver&) = delete;
  Resolver& operator=(const Resolver&) = delete;

  // The newest answer, if it came at `not_before` or later or is a failure too new to ask again;
  // otherwise null, and `deliver` gets one. Where a name that once had addresses is not found any
  // more, the answer is those that it had.
  AnswerPtr Ask(const std::string& host, Nanos not_before, Deliver deliver);

  Nanos Now() const { return clock_(); }

  static absl::StatusOr<std::vector<Endpoint>> AskSystem(const std::string& host);

 private:
  struct Shared;

  const Clock clock_;
  const std::shared_ptr<Shared> shared_;  // with the thread
};

}  // namespace squall
