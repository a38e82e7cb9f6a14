#include <fstream>

#include "common/boot.h"

namespace squall {

// random(4).
std::string BootId() {
  std::string id;
  std::getline(std::ifstream("/proc/sys/kernel/random/boot_id"), id);
  return id;
}

}  // namespace squall
