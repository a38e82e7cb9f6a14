#include "common/version.h"

namespace squall {

constinit const std::string_view kVersion = SQUALL_VERSION;

}  // namespace squall
