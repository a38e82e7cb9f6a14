#include "agent/agent_config.h"

#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include <fmt/format.h>

#include "absl/time/time.h"
#include "common/address.h"
#include "common/nearest_word.h"
#include "common/protocol.h"
#include "common/values.h"
#include "common/yaml_settings.h"

namespace squall {
namespace {

constexpr uint64_t kMaxThreads = 1024;
constexpr uint64_t kMostBytes = uint64_t{1} << 62;

absl::Status CheckListen(std::string_view text) { return ParseListenAddress(text).status(); }
absl::Status CheckJoin(std::string_view text) { return ParseAddress(text).status(); }
absl::Status CheckLevel(std::string_view text) { return ParseLogLevel(text).status(); }
absl::Status CheckNothing(std::string_view) { return absl::OkStatus(); }

// The flags that may stand in the file, under the same names with _.
using FlagField = std::variant<std::string*, uint32_t*, bool*>;
struct FlagKey {
  std::string_view name;
  FlagField (*field)(AgentFlags&);
  absl::Status (*check)(std::string_view) = &CheckNothing;  // of a text
};
const FlagKey kFlagKeys[] = {
    {"listen", [](AgentFlags& flags) -> FlagField { return &flags.listen; }, &CheckListen},
    {"join", [](AgentFlags& flags) -> FlagField { return &flags.join; }, &CheckJoin},
    {"name", [](AgentFlags& flags) -> FlagField { return &flags.name; }},
    {"threads", [](AgentFlags& flags) -> FlagField { return &flags.threads; }},
    {"state", [](AgentFlags& flags) -> FlagField { return &flags.state; }},
    {"health", [](AgentFlags& flags) -> FlagField { return &flags.health; }, &CheckListen},
    {"tls", [](AgentFlags& flags) -> FlagField { return &flags.tls.bundle; }},
    {"revoked", [](AgentFlags& flags) -> FlagField { return &flags.tls.revoked; }},
    {"insecure", [](AgentFlags& flags) -> FlagField { return &flags.tls.insecure; }},
    {"log_level", [](AgentFlags& flags) -> FlagField { return &flags.log_level; }, &CheckLevel},
};

struct LimitKey {
  std::string_view name;
  PolicyLimit Policy::Limits::*limit;
  absl::StatusOr<uint64_t> (*parse)(std::string_view);
};

absl::StatusOr<uint64_t> ParseConnections(std::string_view text) {
  return ParseWholeNumber(text, 1, kMaxConcurrency);
}
absl::StatusOr<uint64_t> ParseBytes(std::string_view text) {
  return ParseWholeNumber(text, 1, kMostBytes);
}
absl::StatusOr<uint64_t> ParseLength(std::string_view text) {
  const auto length = ParseDuration(text, absl::Seconds(1), absl::Nanoseconds(kMaxDurationNs));
  if (!length.ok()) return length.status();
  return static_cast<uint64_t>(absl::ToInt64Nanoseconds(*length));
}
const LimitKey kLimitKeys[] = {
    {"max_connections", &Policy::Limits::connections, &ParseConnections},
    {"max_rate", &Policy::Limits::rate_nano, &ParseRate},
    {"max_duration", &Policy::Limits::duration_ns, &ParseLength},
    {"max_bytes_per_second", &Policy::Limits::bytes_per_second, &ParseBytes},
};

constexpr std::string_view kAllow = "allow_targets";
constexpr std::string_view kDeny = "deny_targets";

// Reads settings one after the other.
class Reader {
 public:
  explicit Reader(std::string_view file) : file_(file) {}

  absl::Status Read(const YamlSetting& setting);
  absl::StatusOr<AgentConfig> Result() &&;

 private:
  absl::Status Wrong(const YamlText& where, std::string_view name, const absl::Status& why) const {
    return WrongAt(file_, where, fmt::format("{}: {}", name, std::string(why.message())));
  }
  std::string Where(const YamlText& text) const { return fmt::format("{}:{}", file_, text.line); }

  absl::Status CheckSingle(const YamlSetting& setting) const;
  absl::Status ReadFlag(const FlagKey& key, const YamlSetting& setting);
  absl::Status ReadLimit(const LimitKey& key, const YamlSetting& setting);
  absl::Status ReadRules(const YamlSetting& setting, std::vector<TargetRule>& rules) const;
  absl::Status Unknown(const YamlText& name) const;

  const std::string_view file_;
  AgentFlags flags_;
  YamlText join_;  // where it stands, if it does
  Policy::Rules rules_;
  Policy::Limits limits_;
};

absl::Status Reader::Read(const YamlSetting& setting) {
  const std::string& name = setting.name.text;
  for (const FlagKey& key : kFlagKeys) {
    if (name == key.name) return ReadFlag(key, setting);
  }
  for (const LimitKey& key : kLimitKeys) {
    if (name == key.name) return ReadLimit(key, setting);
  }
  if (name == kDeny) return ReadRules(setting, rules_.deny);
  if (name != kAllow) return Unknown(setting.name);
  rules_.allow_where = Where(setting.name);
  return ReadRules(setting, rules_.allow);
}

absl::Status Reader::CheckSingle(const YamlSetting& setting) const {
  if (setting.is_list) {
    return WrongAt(file_, setting.value,
                   fmt::format("{}: a list where one value belongs", setting.name.text));
  }
  if (setting.value.text.empty()) {
    return WrongAt(file_, setting.value, fmt::format("{}: has no value", setting.name.text));
  }
  return absl::OkStatus();
}

absl::Status Reader::ReadFlag(const FlagKey& key, const YamlSetting& setting) {
  if (absl::Status status = CheckSingle(setting); !status.ok()) return status;
  const std::string& text = setting.value.text;
  absl::Status status = key.check(text);
  const FlagField field = key.field(flags_);
  if (std::string* const* const string = std::get_if<std::string*>(&field)) {
    **string = text;
  } else if (uint32_t* const* const number = std::get_if<uint32_t*>(&field)) {
    const absl::StatusOr<uint64_t> value = ParseWholeNumber(text, 1, kMaxThreads);
    status = value.status();
    if (value.ok()) **number = static_cast<uint32_t>(*value);
  } else {
    *std::get<bool*>(field) = text == "true";
    if (text != "true" && text != "false") {
      status = absl::InvalidArgumentError(fmt::format("{}: write true or false", Quoted(text)));
    }
  }
  if (key.name == "join") join_ = setting.name;
  return status.ok() ? status : Wrong(setting.value, key.name, status);
}

absl::Status Reader::ReadLimit(const LimitKey& key, const YamlSetting& setting) {
  if (absl::Status status = CheckSingle(setting); !status.ok()) return status;
  const absl::StatusOr<uint64_t> most = key.parse(setting.value.text);
  if (!most.ok()) return Wrong(setting.value, key.name, most.status());
  limits_.*key.limit = {.most = *most, .where = Where(setting.name)};
  return absl::OkStatus();
}

absl::Status Reader::ReadRules(const YamlSetting& setting, std::vector<TargetRule>& rules) const {
  if (!setting.is_list) {
    return WrongAt(file_, setting.value,
                   fmt::format("{}: write a list, each entry in a line that begins with -",
                               setting.name.text));
  }
  for (const YamlText& item : setting.items) {
    absl::StatusOr<TargetRule> rule = ParseTargetRule(item.text);
    if (!rule.ok()) return Wrong(item, setting.name.text, rule.status());
    rule->where = Where(item);
    rules.push_back(*std::move(rule));
  }
  return absl::OkStatus();
}

absl::Status Reader::Unknown(const YamlText& name) const {
  std::vector<std::string> known = {std::string(kAllow), std::string(kDeny)};
  for (const FlagKey& key : kFlagKeys) known.emplace_back(key.name);
  for (const LimitKey& key : kLimitKeys) known.emplace_back(key.name);
  const std::string nearest = NearestWord(name.text, known);
  const std::string advice = nearest.empty() ? fmt::format("there are {}", fmt::join(known, ", "))
                                             : fmt::format("did you mean {}?", nearest);
  return WrongAt(file_, name, fmt::format("{}: unknown; {}", Quoted(name.text), advice));
}

absl::StatusOr<AgentConfig> Reader::Result() && {
  if (!flags_.listen.empty() && !flags_.join.empty()) {
    return WrongAt(file_, join_, "join: an agent listens or joins, not both");
  }
  return AgentConfig{std::move(flags_), Policy(std::move(rules_), std::move(limits_))};
}

}  // namespace

absl::StatusOr<AgentConfig> ParseAgentConfig(const std::string& text, std::string_view file) {
  const auto settings = ParseYamlSettings(text, file, YamlTexts::kOneLine);
  if (!settings.ok()) return settings.status();
  Reader reader(file);
  for (const YamlSetting& setting : *settings) {
    if (absl::Status status = reader.Read(setting); !status.ok()) return status;
  }
  return std::move(reader).Result();
}

absl::StatusOr<AgentConfig> ReadAgentConfig(const std::string& file) {
  std::ifstream stream(file, std::ios::binary);
  std::string text;
  std::array<char, 4096> block;
  while (stream.good()) {
    stream.read(block.data(), block.size());
    text.append(block.data(), static_cast<size_t>(stream.gcount()));
  }
  if (!stream.is_open() || stream.bad()) {
    return absl::NotFoundError(fmt::format("{}: {}", Quoted(file), std::strerror(errno)));
  }
  return ParseAgentConfig(text, file);
}

void Complete(AgentFlags& flags, AgentFlags from_file) {
  if (flags.listen.empty() && flags.join.empty()) {
    flags.listen = from_file.listen;
    flags.join = from_file.join;
  }
  for (const FlagKey& key : kFlagKeys) {
    if (key.name == "listen" || key.name == "join") continue;
    std::visit(
        [&](auto* field) {
          using Value = std::remove_pointer_t<decltype(field)>;
          if (*field == Value()) *field = *std::get<Value*>(key.field(from_file));
        },
        key.field(flags));
  }
}

}  // namespace squall
