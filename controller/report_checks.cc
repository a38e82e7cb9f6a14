#include "controller/report_checks.h"

#include <set>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "common/check_specs.h"
#include "common/json_path.h"
#include "common/plan_requests.h"

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

std::string ChecksText(const v1::Plan& plan) {
  std::set<std::string> texts;
  for (size_t i = 0; i < CountRequests(plan); ++i) texts.insert(ChecksText(ChecksOf(plan, i)));
  return texts.size() == 1 ? *texts.begin() : "what the plan says of each request";
}

}  // namespace squall
