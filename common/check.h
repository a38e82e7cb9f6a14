// Ends the program when one of its own invariants is broken: going on would report wrong numbers.
//
// Never for input, which gets an absl::Status. Always on, also where assert() is compiled out.
#pragma once

#include <cstdio>
#include <cstdlib>

namespace squall {

[[noreturn]] inline void CheckFailed(const char* condition, const char* file, int line) noexcept {
  std::fprintf(stderr, "%s:%d: broken invariant: %s\n", file, line, condition);
  std::abort();
}

}  // namespace squall

#define SQUALL_CHECK(condition) \
  ((condition) ? static_cast<void>(0) : ::squall::CheckFailed(#condition, __FILE__, __LINE__))
