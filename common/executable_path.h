// Where this program's own file is.
#pragma once

#include <string>

namespace squall {

// Absolute path of the running executable; "squall", to be looked for, if the system does not tell.
std::string ExecutablePath();

}  // namespace squall
