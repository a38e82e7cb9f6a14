#include "controller/report_checks.h"

#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "common/check_specs.h"
#include "common/json_path.h"

namespace squall {

std::string ChecksText(const v1::Checks& checks) {
  std::vector<std::string> parts;
  std::vector<std::string> statuses;
  for (const v1::StatusRange& range : checks.statuses()) statuses.push_back(ToText(range));
  if (!statuses.empty()) parts.push_back(fmt::format("status {}", fmt::join(statuses, " or ")));
  for (const v1::HeaderCheck& check : checks.headers()) parts.push_back("header " + ToText(check));
  if (checks.has_size()) parts.push_back(ToText(checks.size()) + " bytes");
  for (const std::string& body : checks.bodies()) parts.push_back("body " + body);
  for (const v1::JsonCheck& check : checks.json()) parts.push_back("JSON " + ToText(check));
  return fmt::format("{}", fmt::join(parts, ", "));
}

}  // namespace squall
