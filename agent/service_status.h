// How the service is, from what its manager says of it. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "agent/service_files.h"

namespace squall {

struct ServiceStatus {
  bool runs = false;
  std::string text;  // for people, lines
};

// What is to be asked, of the manager's own program.
std::vector<std::string> StatusQuestion(ServiceManager manager);

// `answer` is that program's output, `exit_code` its own.
ServiceStatus ReadStatus(ServiceManager manager, int exit_code, std::string_view answer);

}  // namespace squall
