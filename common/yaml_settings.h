// A YAML file that holds settings: one mapping of names to texts or to lists of texts; and one name
// at most to a list of such mappings.
//
// Pure. What it means is for others; each piece says where it stands, for their messages. This is
// the edge to yaml-cpp, whose exceptions end here.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace squall {

struct YamlText {
  std::string text = {};
  // Both counted from 1.
  int line = 0;
  int column = 0;
};

struct YamlSetting {
  YamlText name;
  bool is_list = false;
  YamlText value;               // of a list only where it begins
  std::vector<YamlText> items;  // of a list
  std::vector<std::vector<YamlSetting>>
      mappings;  // in place of items, where they may be; none is empty
};

// How a text may be that stands there as a value.
enum class YamlTexts { kOneLine, kAnyLines };

// All settings in their order, each name once. `file` stands for the file in messages; `mappings`
// is the name that is a list of mappings, if there may be one.
// INVALID_ARGUMENT: "agent.yaml:7:3: …", with what is wrong and what to write instead.
absl::StatusOr<std::vector<YamlSetting>> ParseYamlSettings(const std::string& text,
                                                           std::string_view file, YamlTexts texts,
                                                           std::string_view mappings = "");

// "agent.yaml:7:3: what".
absl::Status WrongAt(std::string_view file, const YamlText& where, std::string_view what);

}  // namespace squall
