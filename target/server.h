// The built-in HTTP/1 server: something to try, test and measure squall against, with counts of
// its own to hold squall's against.
//
// It answers every request alike, whatever its method and path, but for /__stats: GET gives the
// counts as JSON, DELETE clears them. Delays end up to a millisecond late (the grain of the loop's
// timers), never early.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "target/counts.h"
#include "target/listener.h"
#include "target/options.h"
#include "target/request_log.h"
#include "target/responses.h"
#include "target/workers.h"

namespace squall::target {

class LoopThread;

// Its threads start with it. Counts may be asked for from any thread; the rest belongs to the
// thread that owns it.
class Server {
 public:
  // Listens and serves until stopped. INVALID_ARGUMENT or UNAVAILABLE, with a message that says
  // what to do, if it can't listen there or write the log. Other options must hold to what
  // options.h says.
  static absl::StatusOr<std::unique_ptr<Server>> Start(Options options);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  uint16_t port() const { return listener_.port; }
  // "http://127.0.0.1:8080"
  std::string url() const;

  // Closes all connections, whatever goes on in them, ends the threads and writes what is left of
  // the log. Idempotent. The port is free again when the server is destroyed.
  void Stop();

  // False if lines of the log could not be written. True if there is none.
  bool log_is_complete() const;

  Counts counts() const { return tally_.Read(); }
  void ClearCounts() { tally_.Clear(); }

 private:
  Server(Options options, Listener listener, std::unique_ptr<RequestLog> log);

  const Options options_;
  const Listener listener_;
  const Responses responses_;
  Tally tally_;
  std::optional<Workers> workers_;         // nothing: any number at once
  const std::unique_ptr<RequestLog> log_;  // null: none is written
  std::vector<std::unique_ptr<LoopThread>> threads_;
};

}  // namespace squall::target
