#include "common/yaml_settings.h"

#include <algorithm>
#include <exception>
#include <set>

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include "common/values.h"

namespace squall {
namespace {

constexpr size_t kMostBytes = 1 << 20;
constexpr std::string_view kNeedsQuotes =
    "what begins with * or [ needs quotes, e.g. \"*.example.test\" or \"[::1]:80\"";

YamlText At(const YAML::Mark& mark) { return {.line = mark.line + 1, .column = mark.column + 1}; }

YamlText TextOf(const YAML::Node& node) {
  YamlText text = At(node.Mark());
  text.text = node.Scalar();
  return text;
}

// What stands in a line from its first value on: behind "- " or "name: ".
std::string_view ValueIn(std::string_view text, int line) {
  for (; line > 0 && !text.empty(); --line) {
    text.remove_prefix(std::min(text.find('\n'), text.size() - 1) + 1);
  }
  text = TrimBlanks(text.substr(0, text.find('\n')));
  if (text.starts_with("- ")) return TrimBlanks(text.substr(2));
  const size_t colon = text.find(": ");
  return colon == std::string_view::npos ? text : TrimBlanks(text.substr(colon + 2));
}

// yaml-cpp takes the end of the file for the end of a quote; the settings in between would be lost.
bool EndsItsQuote(std::string_view value) {
  const char quote = value.empty() ? '\0' : value.front();
  if (quote != '"' && quote != '\'') return true;
  for (size_t i = 1; i < value.size(); ++i) {
    const bool doubled = quote == '\'' && value.substr(i, 2) == "''";
    if (doubled || (quote == '"' && value[i] == '\\')) {
      ++i;
    } else if (value[i] == quote) {
      return true;
    }
  }
  return false;
}

absl::Status CheckText(const YamlText& read, std::string_view text, std::string_view file,
                       YamlTexts texts) {
  if (!EndsItsQuote(ValueIn(text, read.line - 1))) {
    return WrongAt(file, read, "a quote without its end in the same line");
  }
  if (texts == YamlTexts::kAnyLines) return absl::OkStatus();
  const auto is_control = [](unsigned char c) { return c < 0x20 || c == 0x7f; };
  if (std::none_of(read.text.begin(), read.text.end(), is_control)) return absl::OkStatus();
  return WrongAt(file, read, "more than one line, or control characters in it");
}

absl::Status CheckTexts(const YamlSetting& setting, std::string_view text, std::string_view file,
                        YamlTexts texts) {
  absl::Status status =
      setting.is_list ? absl::OkStatus() : CheckText(setting.value, text, file, texts);
  for (const YamlText& item : setting.items) {
    if (status.ok()) status = CheckText(item, text, file, texts);
  }
  return status;
}

absl::Status NotYaml(const YAML::Exception& error, std::string_view text, std::string_view file) {
  if (error.mark.is_null()) return WrongAt(file, {.line = 1, .column = 1}, Quoted(error.msg));
  const std::string_view value = ValueIn(text, error.mark.line);
  const bool unquoted = value.starts_with('*') || value.starts_with('[');
  return WrongAt(file, At(error.mark), unquoted ? std::string(kNeedsQuotes) : Quoted(error.msg));
}

std::string_view WhyNoText(const YAML::Node& item) {
  if (item.IsNull()) return "an entry of the list is empty";
  if (item.IsMap()) return "what has a colon and a blank in it needs quotes, e.g. 'Accept: */*'";
  return kNeedsQuotes;
}

absl::StatusOr<YamlSetting> ReadSetting(const YAML::Node& name, const YAML::Node& value,
                                        std::string_view file) {
  YamlSetting setting;
  if (!name.IsScalar()) return WrongAt(file, At(name.Mark()), "a name is missing in front of it");
  setting.name = TextOf(name);
  setting.is_list = value.IsSequence();
  const std::string shown = Quoted(setting.name.text);
  if (value.IsScalar()) {
    setting.value = TextOf(value);
    return setting;
  }
  if (!setting.is_list) {
    return WrongAt(
        file, value.IsNull() ? setting.name : At(value.Mark()),
        fmt::format("{}: {}", shown,
                    value.IsNull() ? "has no value" : "more names where a value belongs"));
  }
  setting.value = At(value.Mark());
  for (const YAML::Node& item : value) {
    if (!item.IsScalar()) {
      return WrongAt(file, item.IsNull() ? setting.value : At(item.Mark()),
                     fmt::format("{}: {}", shown, WhyNoText(item)));
    }
    setting.items.push_back(TextOf(item));
  }
  return setting;
}

absl::StatusOr<std::vector<YamlSetting>> ReadSettings(const std::string& text,
                                                      std::string_view file, YamlTexts texts) {
  const std::vector<YAML::Node> documents = YAML::LoadAll(text);
  std::vector<YamlSetting> settings;
  if (documents.empty() || (documents.size() == 1 && documents.front().IsNull())) return settings;
  if (documents.size() > 1) {
    return WrongAt(file, At(documents[1].Mark()), "a second document: there is to be one");
  }
  const YAML::Node& root = documents.front();
  if (!root.IsMap()) {
    return WrongAt(file, At(root.Mark()), "no settings: write lines such as max_connections: 500");
  }
  std::set<std::string> seen;
  for (const auto& entry : root) {
    absl::StatusOr<YamlSetting> setting = ReadSetting(entry.first, entry.second, file);
    if (!setting.ok()) return setting.status();
    if (absl::Status status = CheckTexts(*setting, text, file, texts); !status.ok()) return status;
    if (!seen.insert(setting->name.text).second) {
      return WrongAt(file, setting->name,
                     fmt::format("{}: is given twice", Quoted(setting->name.text)));
    }
    settings.push_back(*std::move(setting));
  }
  return settings;
}

}  // namespace

absl::StatusOr<std::vector<YamlSetting>> ParseYamlSettings(const std::string& text,
                                                           std::string_view file, YamlTexts texts) {
  if (text.size() > kMostBytes) {
    return absl::InvalidArgumentError(fmt::format("{}: larger than 1 MiB", file));
  }
  if (!IsUtf8(text) || text.find('\0') != std::string::npos) {
    return absl::InvalidArgumentError(fmt::format("{}: not UTF-8", file));
  }
  try {
    return ReadSettings(text, file, texts);
  } catch (const YAML::Exception& error) {
    return NotYaml(error, text, file);
  } catch (const std::exception& error) {
    return absl::InvalidArgumentError(fmt::format("{}: {}", file, error.what()));
  }
}

absl::Status WrongAt(std::string_view file, const YamlText& where, std::string_view what) {
  return absl::InvalidArgumentError(
      fmt::format("{}:{}:{}: {}", file, where.line, where.column, what));
}

}  // namespace squall
