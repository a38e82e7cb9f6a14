#include "controller/json_checks.h"

#include <string>

#include <nlohmann/json.hpp>

namespace squall {
namespace {

using Json = nlohmann::ordered_json;

}  // namespace

Json ChecksJson(const v1::Checks& checks) {
  Json statuses = Json::array();
  for (const auto& range : checks.statuses()) statuses.push_back({range.first(), range.last()});
  Json headers = Json::array();
  for (const v1::HeaderCheck& check : checks.headers()) {
    headers.push_back(
        {{"name", check.name()}, {"value", check.has_value() ? Json(check.value()) : Json()}});
  }
  Json json = Json::array();
  for (const v1::JsonCheck& check : checks.json()) {
    json.push_back(
        {{"path", check.path()}, {"value", check.has_value() ? Json(check.value()) : Json()}});
  }
  Json size;
  if (checks.has_size()) {
    size = {{"least", checks.size().least()},
            {"most", checks.size().has_most() ? Json(checks.size().most()) : Json()}};
  }
  Json bodies = Json::array();
  for (const std::string& body : checks.bodies()) bodies.push_back(body);
  return {{"statuses", statuses},
          {"headers", headers},
          {"size_bytes", size},
          {"bodies", bodies},
          {"json", json}};
}

}  // namespace squall
