// A new file that is written little by little while a run goes on.
//
// After the first error nothing more is written, and the caller is told when it asks. One owner.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace squall {

class AppendFile {
 public:
  // It must not exist yet. Errors carry the path and what the system says about it.
  static absl::StatusOr<AppendFile> Create(std::string path);
  AppendFile(AppendFile&& other) noexcept;
  AppendFile& operator=(AppendFile&&) = delete;
  ~AppendFile();

  const std::string& path() const { return path_; }

  // Hands it to the system when there is much of it, or at Flush().
  void Append(std::string_view text);
  void Flush();
  // The end. Tells whether all was written.
  absl::Status Close();

 private:
  AppendFile(std::string path, int fd);

  std::string path_;
  int fd_;
  std::string pending_;
  absl::Status status_;
};

// Writes a file whole or not at all: under another name first, ".partial" behind it. One that
// exists is replaced.
absl::Status WriteWhole(const std::string& path, std::string_view text);

}  // namespace squall
