// Where this program's own file is.
#pragma once

#include <string>

namespace squall {

// The path of the running executable, absolute where /proc is there; "squall" if the system does
// not tell.
std::string ExecutablePath();

}  // namespace squall
