// A plan as a file: the flags of `squall run` as settings, to be kept, shared and run again.
//
// YAML. A key is the long name of a flag with _ for -: `source_address` is --source-address; and
// `mix` is a list of named requests. What is typed comes before what the file says. Files that it
// names to be read are looked for beside it.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/yaml_settings.h"
#include "controller/run_flags.h"
#include "controller/run_options.h"

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace squall {

class PlanFile {
 public:
  // By its name alone: "plan.yaml" or "plan.yml", which no URL is.
  static bool IsMeant(std::string_view argument);

  static absl::StatusOr<PlanFile> Read(const std::string& path);
  // The same, of its text. INVALID_ARGUMENT names file, line and column.
  static absl::StatusOr<PlanFile> Parse(const std::string& text, const std::string& path);

  // Gives a parsed command with the flags of `squall run`, which are bound to `flags`, those that
  // were not typed. INVALID_ARGUMENT, with line and column: no such flag, or not a value for it.
  absl::Status Complete(CLI::App& command, RunFlags& flags);

  // An error that begins with a flag which the file gave, with where it stands there in front.
  absl::Status Located(const absl::Status& status) const;

 private:
  // What a flag has from the file.
  struct Given {
    std::vector<std::string> spellings;  // "-n", "--requests"
    YamlText where;
  };

  explicit PlanFile(std::string path) : path_(std::move(path)) {}

  absl::Status CompleteOne(const YamlSetting& setting, CLI::App& command, const CLI::App* around);
  absl::Status CompleteMix(const YamlSetting& setting, CLI::App& command, RunFlags& flags);
  absl::Status CheckNameOf(const NamedRequestFlags& named) const;
  absl::Status Unknown(const YamlText& key, const CLI::App& command, const CLI::App* around) const;
  const YamlText* PlaceOf(std::string_view message) const;
  absl::Status Give(const YamlSetting& setting, const YamlText& value, CLI::Option& option) const;
  absl::Status GiveAll(const YamlSetting& setting, CLI::Option& option);
  std::string Beside(const std::string& key, const std::string& text) const;

  std::string path_;
  std::vector<YamlSetting> settings_;
  std::vector<Given> given_;
  std::vector<PlanFile> mix_;  // of each of its requests, the settings
  std::string prefix_;         // of one of these: what messages about it begin with
};

// The options of a parsed command with the flags of `squall run`, which are bound to `flags`:
// completed by the plan file where the URL names one. Errors as of ResolveRunOptions.
absl::StatusOr<RunOptions> ResolveRun(CLI::App& command, RunFlags& flags);

// The key of a flag, or empty: it has none.
std::string PlanKey(const CLI::Option& option);

// What a flag of the command has been given, as a plan file says it, in the order of the help. A
// text that YAML would read as something else is put into quotes.
std::string PlanText(const CLI::App& command);
// The same of a plan's named requests; empty: there are none.
std::string MixText(const RunFlags& flags);
std::string YamlOf(std::string_view text);

// A schema (JSON Schema 2020-12) of such files, for editors.
std::string PlanSchema(const CLI::App& command);

}  // namespace squall
