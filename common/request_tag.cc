#include "common/request_tag.h"

#include "absl/strings/match.h"

namespace squall {

std::string_view TagHeaderOf(const v1::Request& request) {
  for (const v1::Header& header : request.headers()) {
    for (const std::string_view name : {kRunHeader, kRequestHeader}) {
      if (absl::EqualsIgnoreCase(header.name(), absl::string_view(name.data(), name.size()))) {
        return name;
      }
    }
  }
  return "";
}

}  // namespace squall
