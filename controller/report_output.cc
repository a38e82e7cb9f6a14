#include "controller/report_output.h"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <string_view>
#include <unistd.h>

#include "common/output.h"

namespace squall {
namespace {

// False, with a message, if it could not be written whole.
bool WriteText(std::FILE* file, const std::string& text, std::string_view name) {
  if (Write(file, text)) return true;
  Print(stderr, "squall: {}: cannot write: {}\n", name, std::strerror(errno));
  return false;
}

bool WriteFile(const std::string& text, const std::string& path) {
  std::FILE* file = std::fopen(path.c_str(), "w");
  if (file == nullptr) {
    Print(stderr, "squall: {}: cannot write: {}\n", path, std::strerror(errno));
    return false;
  }
  const bool written = WriteText(file, text, path);
  return std::fclose(file) == 0 && written;
}

}  // namespace

bool WriteReports(const std::string& json_path, const Report& report) {
  if (json_path == "-") return WriteText(stdout, report.json(), "standard output");
  bool written = WriteText(stdout, report.text(DetectStyle(STDOUT_FILENO)), "standard output");
  if (!json_path.empty()) written = WriteFile(report.json(), json_path) && written;
  return written;
}

}  // namespace squall
