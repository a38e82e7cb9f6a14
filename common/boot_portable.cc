#include "common/boot.h"

namespace squall {

std::string BootId() { return {}; }

}  // namespace squall
