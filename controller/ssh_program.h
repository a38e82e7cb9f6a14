// The program as a file for another machine: this very one, or a sibling that was built for the
// other's system and processor.
//
// One thread.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace squall {

// What `uname -sm` says: "Linux x86_64".
struct Platform {
  std::string system;
  std::string machine;

  friend bool operator==(const Platform&, const Platform&) = default;
};

Platform OwnPlatform();

// "squall-linux-arm64", as `make static` names its files; empty where there is no such file.
std::string FileNameFor(const Platform& platform);

struct ProgramFile {
  std::string path;
  std::string sha256;  // in hexadecimal digits
  std::string bytes;
};
using ProgramFilePtr = std::shared_ptr<const ProgramFile>;

class ProgramFiles {
 public:
  // The program runs from `path`, on `own`.
  ProgramFiles(std::string path, Platform own);

  // Reads each file once. FAILED_PRECONDITION: what the machine is, and which file it needs where;
  // otherwise why the file cannot be read.
  absl::StatusOr<ProgramFilePtr> For(const Platform& platform);

 private:
  const std::string path_;
  const Platform own_;
  std::map<std::string, ProgramFilePtr> read_;
};

}  // namespace squall
