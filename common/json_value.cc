#include "common/json_value.h"

#include <string>
#include <variant>

#include <nlohmann/json.hpp>

#include "common/script_values.h"

namespace squall {
namespace {

using Json = nlohmann::json;

const Json* ChildOf(const Json& json, const std::variant<std::string, uint64_t>& step) {
  if (const auto* name = std::get_if<std::string>(&step)) {
    if (!json.is_object()) return nullptr;
    const auto found = json.find(*name);
    return found == json.end() ? nullptr : &*found;
  }
  const uint64_t index = std::get<uint64_t>(step);
  return json.is_array() && index < json.size() ? &json[index] : nullptr;
}

// False: too deep. Bounded, as `depth` is.
bool Write(const Json& json, v1::ScriptValue& value, int depth) {
  if (json.is_boolean()) {
    value.set_boolean(json.get<bool>());
  } else if (json.is_number()) {
    value.set_number(json.get<double>());
  } else if (json.is_string()) {
    value.set_text(json.get_ref<const std::string&>());
  } else if (json.is_structured()) {
    if (depth == kMostTables) return false;
    v1::ScriptTable& table = *value.mutable_table();
    double index = 0;
    for (const auto& [name, child] : json.items()) {
      ++index;
      if (child.is_null()) continue;
      v1::ScriptEntry& entry = *table.add_entries();
      if (json.is_array()) {
        entry.mutable_key()->set_number(index);
      } else {
        entry.mutable_key()->set_text(name);
      }
      if (!Write(child, *entry.mutable_value(), depth + 1)) return false;
    }
  }
  return true;
}

}  // namespace

JsonFound ReadJsonAt(std::string_view text, const JsonPath& path, v1::ScriptValue& value) {
  value.Clear();
  // The parser takes one for the end.
  if (text.find('\0') != std::string_view::npos) return JsonFound::kNoJson;
  const Json json = Json::parse(text.begin(), text.end(), nullptr, /*allow_exceptions=*/false);
  if (json.is_discarded()) return JsonFound::kNoJson;
  const Json* there = &json;
  for (const auto& step : path) {
    there = ChildOf(*there, step);
    if (there == nullptr) return JsonFound::kNothing;
  }
  if (there->is_null()) return JsonFound::kNothing;
  return Write(*there, value, 0) ? JsonFound::kThere : JsonFound::kTooDeep;
}

}  // namespace squall
