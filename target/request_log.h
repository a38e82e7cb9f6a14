// A file with a line for each request that was read whole, to hold the claims of a load tester
// against:
//
//     <ns since the target's start> <client's address> <method> <path with query> <status>
//
// In the order in which each thread read them; the status is the one that will be answered. A
// thread of its own writes what has come together, at least every kInterval: what is missing after
// a crash is less than that.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "absl/status/statusor.h"
#include "common/clock.h"
#include "common/mutex.h"
#include "target/listener.h"

namespace squall::target {

class RequestLog {
 public:
  static constexpr Nanos kInterval = 100 * kMillisecond;

  struct Line {
    Nanos since_start;
    std::string_view client;
    std::string_view method;
    std::string_view path;
    int status;
  };

  // Empties the file, or makes it. INVALID_ARGUMENT if it can't be written.
  static absl::StatusOr<std::unique_ptr<RequestLog>> Open(const std::string& path, int threads);
  // Writes what is left.
  ~RequestLog();
  RequestLog(const RequestLog&) = delete;
  RequestLog& operator=(const RequestLog&) = delete;

  // Thread-safe for different threads, which count from 0.
  void Add(int thread, const Line& line);

  // Returns when all that was added before is in the file, or can't be written. Thread-safe.
  void Flush();
  // False if lines are missing because they could not be written.
  bool complete() const;

 private:
  // Of one serving thread; the writer takes it all away at once.
  struct alignas(64) Buffer {
    Mutex mutex;
    std::string text ABSL_GUARDED_BY(mutex);
  };

  RequestLog(const std::string& path, Descriptor file, int threads);
  void Run() noexcept;
  // Only the writer calls it. False if that failed.
  bool WriteAll();

  const std::string path_;
  const Descriptor file_;
  std::vector<Buffer> buffers_;
  std::string writing_;  // the writer's

  mutable Mutex mutex_;
  CondVar changed_;
  // Flushes asked for, and how many of these are done.
  uint64_t asked_ ABSL_GUARDED_BY(mutex_) = 0;
  uint64_t done_ ABSL_GUARDED_BY(mutex_) = 0;
  bool ends_ ABSL_GUARDED_BY(mutex_) = false;
  bool complete_ ABSL_GUARDED_BY(mutex_) = true;
  std::thread writer_;
};

}  // namespace squall::target
