// Which start of the system this is.
#pragma once

#include <string>

namespace squall {

// Drawn by the system when it started; empty where it does not say.
std::string BootId();

}  // namespace squall
