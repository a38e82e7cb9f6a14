#include "common/yaml_settings.h"

#include <algorithm>
#include <exception>
#include <set>
#include <sstream>

#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/yaml.h>

#include "common/values.h"

namespace squall {
namespace {

constexpr size_t kMostBytes = 1 << 20;
constexpr size_t kMostMappings = 100;
constexpr std::string_view kNeedsQuotes =
    "what begins with * or [ needs quotes, e.g. \"*.example.test\" or \"[::1]:80\"";

constexpr std::string_view kNoMapping =
    "a list of settings belongs here: of each entry lines such as \"- name: list\"";

YamlText At(const YAML::Mark& mark) { return {.line = mark.line + 1, .column = mark.column + 1}; }

YamlText TextOf(const YAML::Node& node) {
  YamlText text = At(node.Mark());
  text.text = node.Scalar();
  return text;
}

// What stands in a line from its first value on: behind "- ", "name: " or both.
std::string_view ValueIn(std::string_view text, int line) {
  for (; line > 0 && !text.empty(); --line) {
    text.remove_prefix(std::min(text.find('\n'), text.size() - 1) + 1);
  }
  text = TrimBlanks(text.substr(0, text.find('\n')));
  if (text.starts_with("- ")) {
    text = TrimBlanks(text.substr(2));
    if (text.starts_with('"') || text.starts_with('\'')) return text;
  }
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

// What all pieces of a file are held against.
struct Reading {
  std::string_view text;
  std::string_view file;
  YamlTexts texts;
  std::string_view mappings;
};

absl::Status CheckTexts(const YamlSetting& setting, const Reading& reading) {
  const auto check = [&reading](const YamlText& read) {
    return CheckText(read, reading.text, reading.file, reading.texts);
  };
  absl::Status status = setting.is_list ? absl::OkStatus() : check(setting.value);
  for (const YamlText& item : setting.items) {
    if (status.ok()) status = check(item);
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

absl::StatusOr<std::vector<YamlSetting>> ReadMapping(const YAML::Node& mapping,
                                                     const Reading& reading);

absl::Status ReadItems(const YAML::Node& list, const Reading& reading, YamlSetting& setting) {
  const bool mappings = !reading.mappings.empty() && setting.name.text == reading.mappings;
  Reading within = reading;
  within.mappings = "";
  for (const YAML::Node& item : list) {
    if (mappings && item.IsMap() && item.size() != 0) {
      // Each may stand for a long one that is somewhere else.
      if (setting.mappings.size() == kMostMappings) {
        return WrongAt(
            reading.file, At(item.Mark()),
            fmt::format("{}: more than {} entries", Quoted(setting.name.text), kMostMappings));
      }
      auto read = ReadMapping(item, within);
      if (!read.ok()) return read.status();
      setting.mappings.push_back(*std::move(read));
      continue;
    }
    if (!mappings && item.IsScalar()) {
      setting.items.push_back(TextOf(item));
      continue;
    }
    const bool elsewhere = !mappings && item.IsMap() && !reading.mappings.empty();
    return WrongAt(
        reading.file, item.IsNull() ? setting.value : At(item.Mark()),
        fmt::format(
            "{}: {}{}", Quoted(setting.name.text), mappings ? kNoMapping : WhyNoText(item),
            elsewhere ? fmt::format("; lists of settings stand under {}", reading.mappings) : ""));
  }
  return absl::OkStatus();
}

absl::StatusOr<YamlSetting> ReadSetting(const YAML::Node& name, const YAML::Node& value,
                                        const Reading& reading) {
  const std::string_view file = reading.file;
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
  if (absl::Status status = ReadItems(value, reading, setting); !status.ok()) return status;
  return setting;
}

absl::StatusOr<std::vector<YamlSetting>> ReadMapping(const YAML::Node& mapping,
                                                     const Reading& reading) {
  std::vector<YamlSetting> settings;
  std::set<std::string> seen;
  for (const auto& entry : mapping) {
    absl::StatusOr<YamlSetting> setting = ReadSetting(entry.first, entry.second, reading);
    if (!setting.ok()) return setting.status();
    if (absl::Status status = CheckTexts(*setting, reading); !status.ok()) return status;
    if (!seen.insert(setting->name.text).second) {
      return WrongAt(reading.file, setting->name,
                     fmt::format("{}: is given twice", Quoted(setting->name.text)));
    }
    settings.push_back(*std::move(setting));
  }
  return settings;
}

// Where documents begin: of all that is read, nothing else.
class DocumentMarks final : public YAML::EventHandler {
 public:
  void OnDocumentStart(const YAML::Mark& mark) override { marks.push_back(mark); }
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark&, YAML::anchor_t) override {}
  void OnAlias(const YAML::Mark&, YAML::anchor_t) override {}
  void OnScalar(const YAML::Mark&, const std::string&, YAML::anchor_t,
                const std::string&) override {}
  void OnSequenceStart(const YAML::Mark&, const std::string&, YAML::anchor_t,
                       YAML::EmitterStyle::value) override {}
  void OnSequenceEnd() override {}
  void OnMapStart(const YAML::Mark&, const std::string&, YAML::anchor_t,
                  YAML::EmitterStyle::value) override {}
  void OnMapEnd() override {}

  std::vector<YAML::Mark> marks;
};

absl::StatusOr<std::vector<YamlSetting>> ReadSettings(const std::string& text,
                                                      const Reading& reading) {
  // yaml-cpp 0.7 has one document after the other, without end, where it does not get on: at a
  // comma.
  std::istringstream stream(text);
  YAML::Parser parser(stream);
  DocumentMarks documents;
  while (documents.marks.size() < 2 && parser.HandleNextDocument(documents)) {
  }
  if (documents.marks.size() > 1) {
    return WrongAt(reading.file, At(documents.marks[1]), "a second document: there is to be one");
  }
  const YAML::Node root = YAML::Load(text);
  if (root.IsNull()) return std::vector<YamlSetting>();
  if (!root.IsMap()) {
    return WrongAt(reading.file, At(root.Mark()), "no settings: write lines such as name: value");
  }
  return ReadMapping(root, reading);
}

}  // namespace

absl::StatusOr<std::vector<YamlSetting>> ParseYamlSettings(const std::string& text,
                                                           std::string_view file, YamlTexts texts,
                                                           std::string_view mappings) {
  if (text.size() > kMostBytes) {
    return absl::InvalidArgumentError(fmt::format("{}: larger than 1 MiB", file));
  }
  if (!IsUtf8(text) || text.find('\0') != std::string::npos) {
    return absl::InvalidArgumentError(fmt::format("{}: not UTF-8", file));
  }
  try {
    return ReadSettings(text, {text, file, texts, mappings});
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
