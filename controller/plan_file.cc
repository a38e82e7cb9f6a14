#include "controller/plan_file.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <utility>

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include "absl/strings/ascii.h"
#include "absl/strings/str_replace.h"
#include "common/nearest_word.h"
#include "common/plan_check.h"
#include "common/protocol.h"
#include "common/values.h"
#include "controller/files.h"
#include "controller/flag_values.h"
#include "controller/mix_options.h"

namespace squall {
namespace {

constexpr size_t kMostBytes = 1 << 20;
// The key of named requests.
constexpr std::string_view kMix = "mix";
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
  auto settings = ParseYamlSettings(text, path, YamlTexts::kAnyLines, kMix);
  if (!settings.ok()) return settings.status();
  file.settings_ = *std::move(settings);
  return file;
}

absl::Status PlanFile::Complete(CLI::App& command, RunFlags& flags) {
  for (const YamlSetting& setting : settings_) {
    const absl::Status status = setting.name.text == kMix ? CompleteMix(setting, command, flags)
                                                          : CompleteOne(setting, command, nullptr);
    if (!status.ok()) return status;
  }
  return absl::OkStatus();
}

// `around`: the plan's own flags, where the setting is one of a named request.
absl::Status PlanFile::CompleteOne(const YamlSetting& setting, CLI::App& command,
                                   const CLI::App* around) {
  const CLI::Option* found = FindKey(command, setting.name.text);
  if (found == nullptr) return Unknown(setting.name, command, around);
  if (found->count() != 0) return absl::OkStatus();  // typed
  return GiveAll(setting, *command.get_option("--" + found->get_lnames().front()));
}

absl::Status PlanFile::CompleteMix(const YamlSetting& setting, CLI::App& command, RunFlags& flags) {
  if (!setting.is_list) {
    return WrongAt(path_, setting.value, "mix: a list of requests belongs here: of each its name");
  }
  if (setting.mappings.empty()) {
    return WrongAt(path_, setting.value, "mix: is empty: name a request, or leave it out");
  }
  if (setting.mappings.size() > static_cast<size_t>(kMaxNamedRequests)) {
    return WrongAt(path_, setting.mappings[kMaxNamedRequests].front().name,
                   fmt::format("mix: more than {} requests", kMaxNamedRequests));
  }
  given_.push_back({{std::string(kMix)}, setting.name});
  for (const std::vector<YamlSetting>& settings : setting.mappings) {
    NamedRequestFlags& named = flags.mix.emplace_back();
    named.command = std::make_shared<CLI::App>();
    AddNamedRequestFlags(*named.command, named);
    PlanFile& one = mix_.emplace_back(PlanFile(path_));
    one.settings_ = settings;
    for (const YamlSetting& of_request : settings) {
      const absl::Status status = one.CompleteOne(of_request, *named.command, &command);
      if (!status.ok()) return status;
    }
    if (absl::Status status = CheckNameOf(named); !status.ok()) return status;
    one.prefix_ = MixPrefix(named);
  }
  return absl::OkStatus();
}

// Of the last one so far.
absl::Status PlanFile::CheckNameOf(const NamedRequestFlags& named) const {
  const PlanFile& one = mix_.back();
  if (!named.name) {
    return WrongAt(path_, one.settings_.front().name, "mix: a request without a name: add name: …");
  }
  const YamlText& where = *one.PlaceOf("name ");
  if (absl::Status status = CheckRequestName(*named.name); !status.ok()) {
    return WrongAt(path_, where, fmt::format("name {}", std::string(status.message())));
  }
  for (const PlanFile& other : mix_) {
    if (other.prefix_ != MixPrefix(named)) continue;
    return WrongAt(path_, where,
                   fmt::format("name {}: the request in line {} has it already",
                               Quoted(*named.name), other.PlaceOf("name ")->line));
  }
  return absl::OkStatus();
}

absl::Status PlanFile::Unknown(const YamlText& key, const CLI::App& command,
                               const CLI::App* around) const {
  const std::string shown = Quoted(key.text);
  std::vector<std::string> known;
  for (const CLI::Option* option : command.get_options()) known.push_back(PlanKey(*option));
  std::erase(known, "");
  if (around != nullptr && FindKey(*around, key.text) != nullptr) {
    return WrongAt(path_, key,
                   fmt::format("{}: is for all requests of the plan: not in one of them", shown));
  }
  const std::string keys = around == nullptr
                               ? "keys are the flags of squall run with _ for -, and mix"
                               : fmt::format("keys of a request are {}", fmt::join(known, ", "));
  if (around == nullptr) known.emplace_back(kMix);
  const std::string nearest = NearestWord(key.text, known);
  return WrongAt(path_, key,
                 fmt::format("{}: unknown; {}", shown,
                             nearest.empty() ? keys : fmt::format("did you mean {}?", nearest)));
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
  given.spellings.push_back(key);  // of what is no flag
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

// Of the flag that a message begins with; null: the file did not give it.
const YamlText* PlanFile::PlaceOf(std::string_view message) const {
  for (const Given& given : given_) {
    for (const std::string& spelling : given.spellings) {
      const bool about = message.starts_with(spelling) && message.size() > spelling.size() &&
                         (message[spelling.size()] == ' ' || message[spelling.size()] == ':');
      if (about) return &given.where;
    }
  }
  return nullptr;
}

absl::Status PlanFile::Located(const absl::Status& status) const {
  const std::string_view message(status.message().data(), status.message().size());
  std::string_view about = message;
  const YamlText* place = nullptr;
  for (const PlanFile& one : mix_) {
    if (!message.starts_with(one.prefix_)) continue;
    about.remove_prefix(one.prefix_.size());
    place = one.PlaceOf(about);
    if (place == nullptr) place = PlaceOf(about);  // what it has from the plan
    if (place == nullptr) place = one.PlaceOf("name ");
    break;
  }
  if (place == nullptr) place = PlaceOf(about);
  return place == nullptr ? status : WrongAt(path_, *place, message);
}

absl::StatusOr<RunOptions> ResolveRun(CLI::App& command, RunFlags& flags) {
  if (!flags.url_argument || !PlanFile::IsMeant(*flags.url_argument)) {
    return ResolveRunOptions(flags);
  }
  absl::StatusOr<PlanFile> file = PlanFile::Read(*flags.url_argument);
  if (!file.ok()) return file.status();
  flags.url_argument.reset();
  if (absl::Status status = file->Complete(command, flags); !status.ok()) return status;
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

std::string MixText(const RunFlags& flags) {
  std::string text = flags.mix.empty() ? "" : fmt::format("{}:\n", kMix);
  for (const NamedRequestFlags& named : flags.mix) {
    const std::string settings = PlanText(*named.command);
    text += "  - " +
            absl::StrReplaceAll(settings.substr(0, settings.size() - 1), {{"\n", "\n    "}}) + "\n";
  }
  return text;
}

namespace {

using Json = nlohmann::ordered_json;

Json SchemaOf(const CLI::App& command) {
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
  return {
      {"type", "object"}, {"additionalProperties", false}, {"properties", std::move(properties)}};
}

}  // namespace

std::string PlanSchema(const CLI::App& command) {
  CLI::App named;
  NamedRequestFlags flags;
  AddNamedRequestFlags(named, flags);
  Json request = SchemaOf(named);
  request["required"] = {"name"};
  Json schema = {{"$schema", "https://json-schema.org/draft/2020-12/schema"},
                 {"title", "A plan of squall"}};
  schema.update(SchemaOf(command));
  schema["properties"][std::string(kMix)] = {
      {"type", "array"},
      {"items", std::move(request)},
      {"minItems", 1},
      {"maxItems", kMaxNamedRequests},
      {"description",
       "Several requests, dealt out by weight; what one does not say is the plan's"}};
  return schema.dump(2) + "\n";
}

}  // namespace squall
