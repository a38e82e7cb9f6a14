// A file's bytes in memory, where the system reads them when they are looked at and may forget them
// again: they are no part of a process's own memory.
#pragma once

#include <atomic>
#include <cstddef>
#include <memory>
#include <string_view>
#include <utility>

#include "absl/status/statusor.h"

namespace squall {

// Read only. Any thread may read. Where the file has become shorter than it was, or cannot be read
// from its disk, zeros are read instead, and a flag is set: it would be the process's end
// otherwise.
class MappedFile {
 public:
  using Flag = std::shared_ptr<std::atomic<bool>>;

  // The first `size` bytes, at least 1, of an open file, which need not stay open. The system's
  // error.
  static absl::StatusOr<std::unique_ptr<MappedFile>> Map(int fd, size_t size, Flag failed);
  ~MappedFile();

  std::string_view bytes() const { return {data_, size_}; }

 private:
  MappedFile(const char* data, size_t size, Flag failed)
      : data_(data), size_(size), failed_(std::move(failed)) {}

  const char* const data_;
  const size_t size_;
  const Flag failed_;
};

}  // namespace squall
