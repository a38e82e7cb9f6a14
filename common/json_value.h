// What stands at a place of a JSON text, as a value for scripts.
//
// Pure.
#pragma once

#include <string_view>

#include "common/json_path.h"
#include "squall/v1/control.pb.h"

namespace squall {

enum class JsonFound {
  kThere,
  kNothing,  // nothing at that place, or null
  kNoJson,   // the text is not JSON
  kTooDeep,  // it has too many levels to be handed on
};

// Writes it over `value`: arrays become tables from 1 on, objects tables by name; members that are
// null are left out.
JsonFound ReadJsonAt(std::string_view text, const JsonPath& path, v1::ScriptValue& value);

}  // namespace squall
