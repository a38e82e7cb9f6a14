// Writing to standard output and standard error.
//
// fmt::print throws where nothing can be written (a full disk, a reader that is gone); a message
// that nobody can read must not end a program. Thread-safe as stdio is.
#pragma once

#include <cstdio>
#include <string_view>
#include <utility>

#include <fmt/format.h>

namespace squall {

// Opens /dev/null in place of standard streams that are closed, so that no socket takes their
// number and is written to. To be called before anything is opened.
void HoldStandardStreams();

// Writes and flushes. False, with errno set, if not all of it could be written.
bool Write(std::FILE* file, std::string_view text);

template <typename... Arguments>
bool Print(std::FILE* file, fmt::format_string<Arguments...> format, Arguments&&... arguments) {
  return Write(file, fmt::format(format, std::forward<Arguments>(arguments)...));
}

}  // namespace squall
