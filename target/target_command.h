// The subcommand `squall target`.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace CLI {
class App;
}

namespace squall {

// The flags as given; durations as text ("200ms"). What they mean is in target/options.h.
struct TargetFlags {
  std::string listen = "127.0.0.1:8080";
  std::string delay = "0s";
  std::string jitter = "0s";
  int64_t workers = 0;
  int64_t status = 200;
  int64_t fail_every = 0;
  std::optional<int64_t> body_bytes;  // not given: 16, or 0 where the status allows no body
  int64_t threads = 1;
  std::string log;
  // A socket whose other end is the parent's: the address is said on it, nothing on standard
  // output, and its end is the parent's end. -1: the target is on its own.
  int parent_fd = -1;
};

// Declares the subcommand. `flags` is filled when `app` parses, and must live until then.
CLI::App* AddTargetCommand(CLI::App& app, TargetFlags& flags);

// Serves until SIGINT, SIGTERM or the end of its parent, then prints the counts. Call it before
// other threads are started: it blocks these signals in the calling thread, for the ones it starts
// to inherit. Returns the exit code: 0; 2 for flags that make no sense and 3 if it can't listen or
// write, with the reason on standard error.
int RunTarget(const TargetFlags& flags);

}  // namespace squall
