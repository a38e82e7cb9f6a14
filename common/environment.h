// The variables of the environment, as what is asked for them: tests bring their own.
#pragma once

#include <cstdlib>
#include <functional>
#include <string>

namespace squall {

// A variable of the environment; empty if there is none.
using Environment = std::function<std::string(const char* name)>;

// This process's.
inline std::string ProcessEnvironment(const char* name) {
  const char* value = std::getenv(name);
  return value != nullptr ? value : "";
}

// Without any variables.
inline std::string NoEnvironment(const char*) { return ""; }

}  // namespace squall
