#include "controller/plan_file.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <utility>

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "absl/strings/ascii.h"
#include "absl/strings/str_replace.h"
#include "common/nearest_word.h"
#include "common/values.h"
#include "controller/files.h"
#include "controller/flag_values.h"

namespace squall {
namespace {

constexpr size_t kMostBytes = 1 << 20;
// These name what is read.
constexpr std::array<std::string_view, 10> kFiles = {"urls",        "feed",   "data_file", "script",
                                                     "bearer_file", "cacert", "cert",      "key",
                                                     "tls",         "revoked"};

bool IsSwitch(const CLI::Option& option) { return option.get_items_expected_max() == 0; }
bool IsRepeated(const CLI::Option& option) { return option.get_expected_max() > 1; }

const CLI::Option* FindKey(const CLI::App& command, std::string_view key) {
  for (const CLI::Option* option : command.get_options()) {
    if (PlanKey(*option) == key) return option;
  }
  return nullptr;
}

std::string OneLine(std::string text) {
  text = absl::StrReplaceAll(text, {{"\n", " "}});
  absl::RemoveExtraAsciiWhitespace(&text);
  return text;
}

}  // namespace

std::string PlanKey(const CLI::Option& option) {
  if (option.get_lnames().empty() || option.get_group().empty()) return "";
  const std::string& name = option.get_lnames().front();
  return name == "help" ? "" : absl::StrReplaceAll(name, {{"-", "_"}});
}

bool PlanFile::IsMeant(std::string_view argument) {
  return argument.find("://") == std::string_view::npos &&
         (argument.ends_with(".yaml") || argument.ends_with(".yml"));
}

absl::StatusOr<PlanFile> PlanFile::Read(const std::string& path) {
  const absl::StatusOr<std::string> text = ReadFile(path, kMostBytes);
  if (!text.ok()) return text.status();
  return Parse(*text, path);
}

absl::StatusOr<PlanFile> PlanFile::Parse(const std::string& text, const std::string& path) {
  PlanFile file(path);
  auto settings = ParseYamlSettings(text, path, YamlTexts::kAnyLines);
  if (!settings.ok()) return settings.status();
  file.settings_ = *std::move(settings);
  return file;
}

absl::Status PlanFile::Complete(CLI::App& command) {
  for (const YamlSetting& setting : settings_) {
    const std::string& key = setting.name.text;
    const CLI::Option* found = FindKey(command, key);
    if (found == nullptr) {
      std::vector<std::string> known;
      for (const CLI::Option* option : command.get_options()) known.push_back(PlanKey(*option));
      std::erase(known, "");
      const std::string nearest = NearestWord(key, known);
      return WrongAt(path_, setting.name,
                     fmt::format("{}: unknown; {}", Quoted(key),
                                 nearest.empty() ? "keys are the flags of squall run with _ for -"
                                                 : fmt::format("did you mean {}?", nearest)));
    }
    if (found->count() != 0) continue;  // typed
    CLI::Option& option = *command.get_option("--" + found->get_lnames().front());
    if (absl::Status status = GiveAll(setting, option); !status.ok()) return status;
  }
  return absl::OkStatus();
}

absl::Status PlanFile::GiveAll(const YamlSetting& setting, CLI::Option& option) {
  const std::string& key = setting.name.text;
  if (setting.is_list && !IsRepeated(option)) {
    return WrongAt(path_, setting.value, fmt::format("{}: a list where one value belongs", key));
  }
  if (setting.is_list && setting.items.empty()) return absl::OkStatus();
  absl::Status status = setting.is_list ? absl::OkStatus() : Give(setting, setting.value, option);
  for (const YamlText& item : setting.items) {
    if (status.ok()) status = Give(setting, item, option);
  }
  if (!status.ok()) return status;
  Given given;
  for (const std::string& name : option.get_snames()) given.spellings.push_back("-" + name);
  for (const std::string& name : option.get_lnames()) given.spellings.push_back("--" + name);
  given.where = setting.is_list ? setting.items.front() : setting.value;
  given_.push_back(std::move(given));
  if (option.count() != 0) option.run_callback();
  return absl::OkStatus();
}

absl::Status PlanFile::Give(const YamlSetting& setting, const YamlText& value,
                            CLI::Option& option) const {
  const std::string& key = setting.name.text;
  if (!IsSwitch(option)) {
    option.add_result(Beside(key, value.text));
    return absl::OkStatus();
  }
  if (value.text != "true" && value.text != "false") {
    return WrongAt(path_, value,
                   fmt::format("{}: {}: write true or false", key, Quoted(value.text)));
  }
  if (value.text == "true") option.add_result("true");
  return absl::OkStatus();
}

std::string PlanFile::Beside(const std::string& key, const std::string& text) const {
  const std::filesystem::path folder = std::filesystem::path(path_).parent_path();
  const auto join = [&folder](std::string_view name) {
    return name.empty() || name == "-" ? std::string(name) : (folder / name).string();
  };
  if (std::find(kFiles.begin(), kFiles.end(), key) != kFiles.end()) return join(text);
  if (key == "agents" && text.starts_with('@')) return "@" + join(text.substr(1));
  return text;
}

absl::Status PlanFile::Located(const absl::Status& status) const {
  const std::string_view message(status.message().data(), status.message().size());
  for (const Given& given : given_) {
    for (const std::string& spelling : given.spellings) {
      const bool about = message.starts_with(spelling) && message.size() > spelling.size() &&
                         (message[spelling.size()] == ' ' || message[spelling.size()] == ':');
      if (about) return WrongAt(path_, given.where, message);
    }
  }
  return status;
}

absl::StatusOr<RunOptions> ResolveRun(CLI::App& command, RunFlags& flags) {
  if (!flags.url_argument || !PlanFile::IsMeant(*flags.url_argument)) {
    return ResolveRunOptions(flags);
  }
  absl::StatusOr<PlanFile> file = PlanFile::Read(*flags.url_argument);
  if (!file.ok()) return file.status();
  flags.url_argument.reset();
  if (absl::Status status = file->Complete(command); !status.ok()) return status;
  absl::StatusOr<RunOptions> options = ResolveRunOptions(flags);
  if (!options.ok()) return file->Located(options.status());
  return options;
}

std::string YamlOf(std::string_view text) {
  const auto plain = [](unsigned char c) {
    return absl::ascii_isalnum(c) || c == '.' || c == '/' || c == '_' || c == '-';
  };
  constexpr std::array<std::string_view, 7> kWords = {"true", "false", "null", "yes",
                                                      "no",   "on",    "off"};
  const bool safe =
      !text.empty() &&
      (absl::ascii_isalnum(static_cast<unsigned char>(text[0])) || text[0] == '/') &&
      std::all_of(text.begin(), text.end(), plain) &&
      std::find(kWords.begin(), kWords.end(),
                absl::AsciiStrToLower(absl::string_view(text.data(), text.size()))) == kWords.end();
  if (safe) return std::string(text);
  // A string of JSON is one of YAML.
  return nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

std::string PlanText(const CLI::App& command) {
  std::string text;
  for (const CLI::Option* option : command.get_options()) {
    const std::string key = PlanKey(*option);
    if (key.empty() || option->count() == 0) continue;
    if (IsSwitch(*option)) {
      text += fmt::format("{}: true\n", key);
    } else if (!IsRepeated(*option)) {
      text += fmt::format("{}: {}\n", key, YamlOf(option->results().back()));
    } else {
      text += fmt::format("{}:\n", key);
      for (const std::string& item : option->results())
        text += fmt::format("  - {}\n", YamlOf(item));
    }
  }
  return text;
}

std::string PlanSchema(const CLI::App& command) {
  using Json = nlohmann::ordered_json;
  const Json text = {{"type", {"string", "number"}}};
  Json properties = Json::object();
  for (const CLI::Option* option : command.get_options()) {
    const std::string key = PlanKey(*option);
    if (key.empty()) continue;
    Json property = text;
    if (IsSwitch(*option)) property = {{"type", "boolean"}};
    if (IsRepeated(*option)) {
      property = {{"oneOf", {text, {{"type", "array"}, {"items", text}}}}};
    }
    property["description"] = OneLine(option->get_description());
    properties[key] = std::move(property);
  }
  return Json{{"$schema", "https://json-schema.org/draft/2020-12/schema"},
              {"title", "A plan of squall"},
              {"type", "object"},
              {"additionalProperties", false},
              {"properties", std::move(properties)}}
             .dump(2) +
         "\n";
}

}  // namespace squall
