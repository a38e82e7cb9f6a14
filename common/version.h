// The version of this build, as CMakeLists.txt states it: "0.1.0".
#pragma once

#include <string_view>

namespace squall {

extern const std::string_view kVersion;

}  // namespace squall
