#include "target/request_log.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <iterator>
#include <unistd.h>
#include <utility>

#include <fmt/format.h>
#include <spdlog/spdlog.h>

namespace squall::target {
namespace {

constexpr mode_t kPermissions = 0644;

bool WriteWhole(int descriptor, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = write(descriptor, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return false;
    text.remove_prefix(static_cast<size_t>(written));
  }
  return true;
}

}  // namespace

absl::StatusOr<std::unique_ptr<RequestLog>> RequestLog::Open(const std::string& path, int threads) {
  Descriptor file(open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, kPermissions));
  if (!file.valid()) {
    return absl::InvalidArgumentError(
        fmt::format("can't write --log {}: {}; name a file in a folder that is there and yours",
                    path, std::strerror(errno)));
  }
  return std::unique_ptr<RequestLog>(new RequestLog(path, std::move(file), threads));
}

RequestLog::RequestLog(const std::string& path, Descriptor file, int threads)
    : path_(path),
      file_(std::move(file)),
      buffers_(static_cast<size_t>(threads)),
      writer_(&RequestLog::Run, this) {}

RequestLog::~RequestLog() {
  {
    MutexLock lock(mutex_);
    ends_ = true;
  }
  changed_.NotifyAll();
  writer_.join();
}

void RequestLog::Add(int thread, const Line& line) {
  Buffer& buffer = buffers_[static_cast<size_t>(thread)];
  MutexLock lock(buffer.mutex);
  fmt::format_to(std::back_inserter(buffer.text), "{} {} {} {} {}\n", line.since_start, line.client,
                 line.method, line.path, line.status);
}

void RequestLog::Flush() {
  MutexLock lock(mutex_);
  const uint64_t mine = ++asked_;
  changed_.NotifyAll();
  while (done_ < mine) changed_.Wait(mutex_);
}

bool RequestLog::complete() const {
  MutexLock lock(mutex_);
  return complete_;
}

void RequestLog::Run() noexcept {
  bool ends = false;
  while (!ends) {
    uint64_t asked = 0;
    {
      MutexLock lock(mutex_);
      const Nanos due = SteadyNow() + kInterval;
      while (!ends_ && asked_ == done_ && SteadyNow() < due) changed_.WaitUntil(mutex_, due);
      ends = ends_;
      asked = asked_;
    }
    const bool written = WriteAll();
    {
      MutexLock lock(mutex_);
      done_ = asked;
      if (!written) complete_ = false;
    }
    changed_.NotifyAll();
  }
}

bool RequestLog::WriteAll() {
  bool all = true;
  for (Buffer& buffer : buffers_) {
    writing_.clear();
    {
      MutexLock lock(buffer.mutex);
      writing_.swap(buffer.text);
    }
    if (WriteWhole(file_.number(), writing_)) continue;
    all = false;
    spdlog::warn("event=log_incomplete file=\"{}\" error=\"{}\"", path_, std::strerror(errno));
  }
  return all;
}

}  // namespace squall::target
