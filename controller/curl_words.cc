#include "controller/curl_words.h"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "absl/strings/match.h"
#include "common/placeholder_syntax.h"
#include "common/values.h"
#include "controller/flag_values.h"
#include "controller/plan_file.h"

namespace squall {
namespace {

// What a flag of curl comes to.
enum class Meaning {
  kKey,      // the key of a plan, with the same value
  kSwitch,   // the same, true
  kHeader,   // a header, whose value it gives
  kData,     // a part of the body
  kJson,     // the same, and two headers
  kGet,      // the body's parts go into the URL
  kHead,     // the method
  kUrl,      // what is requested
  kIgnored,  // takes a value that says nothing here
  kNothing,  // says nothing here
};
struct CurlFlag {
  std::string_view letter;
  std::string_view name;
  Meaning meaning;
  std::string_view key = {};
};
const CurlFlag kFlags[] = {
    {"-X", "--request", Meaning::kKey, "method"},
    {"-H", "--header", Meaning::kHeader, ""},
    {"-A", "--user-agent", Meaning::kHeader, "User-Agent"},
    {"-e", "--referer", Meaning::kHeader, "Referer"},
    {"-b", "--cookie", Meaning::kHeader, "Cookie"},
    {"-d", "--data", Meaning::kData},
    {"", "--data-raw", Meaning::kData},
    {"", "--data-ascii", Meaning::kData},
    {"", "--data-binary", Meaning::kData},
    {"", "--json", Meaning::kJson},
    {"-G", "--get", Meaning::kGet},
    {"-I", "--head", Meaning::kHead},
    {"", "--url", Meaning::kUrl},
    {"-k", "--insecure", Meaning::kSwitch, "insecure"},
    {"-u", "--user", Meaning::kKey, "user"},
    {"", "--compressed", Meaning::kSwitch, "compressed"},
    {"-L", "--location", Meaning::kSwitch, "follow"},
    {"", "--http2", Meaning::kSwitch, "http2"},
    {"", "--http2-prior-knowledge", Meaning::kSwitch, "http2"},
    {"-x", "--proxy", Meaning::kKey, "proxy"},
    {"", "--cacert", Meaning::kKey, "cacert"},
    {"-E", "--cert", Meaning::kKey, "cert"},
    {"", "--key", Meaning::kKey, "key"},
    {"", "--resolve", Meaning::kKey, "resolve"},
    {"", "--connect-to", Meaning::kKey, "connect_to"},
    {"", "--unix-socket", Meaning::kKey, "unix_socket"},
    {"-m", "--max-time", Meaning::kKey, "timeout"},
    {"-o", "--output", Meaning::kIgnored},
    {"-w", "--write-out", Meaning::kIgnored},
    {"", "--connect-timeout", Meaning::kIgnored},
    {"", "--retry", Meaning::kIgnored},
    {"-s", "--silent", Meaning::kNothing},
    {"-S", "--show-error", Meaning::kNothing},
    {"-i", "--include", Meaning::kNothing},
    {"-v", "--verbose", Meaning::kNothing},
    {"-f", "--fail", Meaning::kNothing},
    {"-N", "--no-buffer", Meaning::kNothing},
    {"", "--http1.1", Meaning::kNothing},
};

bool TakesValue(Meaning meaning) {
  return meaning != Meaning::kSwitch && meaning != Meaning::kGet && meaning != Meaning::kHead &&
         meaning != Meaning::kNothing;
}

const CurlFlag* FindFlag(std::string_view word) {
  for (const CurlFlag& flag : kFlags) {
    if (word == flag.name || (!flag.letter.empty() && word == flag.letter)) return &flag;
  }
  return nullptr;
}

// Collects what a command line says.
class Reader {
 public:
  absl::Status Read(const std::vector<std::string>& words);
  absl::StatusOr<std::string> Plan() const;

 private:
  absl::Status ReadFlag(const std::vector<std::string>& words, size_t& at);
  absl::Status Apply(const CurlFlag& flag, const std::string& value);
  absl::Status AddData(const std::string& value);

  void Set(std::string_view key, std::string value);

  struct Setting {
    std::string key;
    std::vector<std::string> values;  // as YAML
  };
  std::optional<std::string> url_;
  std::vector<Setting> settings_;  // but for what stands below
  std::vector<std::string> headers_;
  std::optional<std::string> data_;
  std::optional<std::string> data_file_;
  bool get_ = false;
};

absl::Status Reader::Read(const std::vector<std::string>& words) {
  for (size_t at = 0; at < words.size(); ++at) {
    const std::string& word = words[at];
    absl::Status status;
    if (word.size() > 1 && word[0] == '-') {
      status = ReadFlag(words, at);
    } else if (url_) {
      status = Invalid("{}: a second URL: a plan has one", Quoted(word));
    } else {
      url_ = word;
    }
    if (!status.ok()) return status;
  }
  return absl::OkStatus();
}

// "--request POST", "-X POST", "-XPOST", "-sSk".
absl::Status Reader::ReadFlag(const std::vector<std::string>& words, size_t& at) {
  std::string_view rest = words[at];
  const auto value_of = [&](const CurlFlag& flag,
                            std::string_view attached) -> absl::StatusOr<std::string> {
    if (!TakesValue(flag.meaning)) return std::string();
    if (!attached.empty()) return std::string(attached);
    if (at + 1 == words.size()) return Invalid("curl's {}: its value is missing", flag.name);
    return words[++at];
  };
  if (rest.starts_with("--")) {
    const CurlFlag* flag = FindFlag(rest);
    if (flag == nullptr) return Invalid("curl's {}: has no counterpart here", Quoted(rest));
    const absl::StatusOr<std::string> value = value_of(*flag, "");
    return value.ok() ? Apply(*flag, *value) : value.status();
  }
  for (rest.remove_prefix(1); !rest.empty();) {
    const std::string letter = fmt::format("-{}", rest.front());
    rest.remove_prefix(1);
    const CurlFlag* flag = FindFlag(letter);
    if (flag == nullptr) return Invalid("curl's {}: has no counterpart here", Quoted(letter));
    const absl::StatusOr<std::string> value = value_of(*flag, rest);
    if (!value.ok()) return value.status();
    if (absl::Status status = Apply(*flag, *value); !status.ok()) return status;
    if (TakesValue(flag->meaning)) break;
  }
  return absl::OkStatus();
}

absl::Status Reader::Apply(const CurlFlag& flag, const std::string& value) {
  switch (flag.meaning) {
    case Meaning::kKey: {
      // curl's times are in seconds.
      const bool is_time = flag.key == "timeout";
      Set(flag.key, YamlOf(is_time ? value + "s" : value));
      return absl::OkStatus();
    }
    case Meaning::kSwitch:
      Set(flag.key, "true");
      return absl::OkStatus();
    case Meaning::kHeader:
      headers_.push_back(flag.key.empty() ? value : fmt::format("{}: {}", flag.key, value));
      return absl::OkStatus();
    case Meaning::kJson:
      headers_.emplace_back("Content-Type: application/json");
      headers_.emplace_back("Accept: application/json");
      return AddData(value);
    case Meaning::kData:
      return AddData(value);
    case Meaning::kGet:
      get_ = true;
      return absl::OkStatus();
    case Meaning::kHead:
      Set("method", "HEAD");
      return absl::OkStatus();
    case Meaning::kUrl:
      if (url_) return Invalid("{}: a second URL: a plan has one", Quoted(value));
      url_ = value;
      return absl::OkStatus();
    case Meaning::kIgnored:
    case Meaning::kNothing:
      return absl::OkStatus();
  }
  return absl::OkStatus();
}

// What is said twice holds as it was said last, but for what may have several values.
void Reader::Set(std::string_view key, std::string value) {
  const auto found = std::find_if(settings_.begin(), settings_.end(),
                                  [key](const Setting& setting) { return setting.key == key; });
  if (found == settings_.end()) {
    settings_.push_back({std::string(key), {std::move(value)}});
    return;
  }
  if (key != "resolve" && key != "connect_to") found->values.clear();
  found->values.push_back(std::move(value));
}

absl::Status Reader::AddData(const std::string& value) {
  if (value.starts_with('@')) {
    if (data_ || data_file_) return Invalid("a body of several parts, one of them a file");
    data_file_ = value.substr(1);
    return absl::OkStatus();
  }
  if (data_file_) return Invalid("a body of several parts, one of them a file");
  data_ = data_ ? *data_ + "&" + value : value;
  return absl::OkStatus();
}

absl::StatusOr<std::string> Reader::Plan() const {
  if (!url_) return Invalid("no URL in curl's words");
  std::string url = url_->find("://") == std::string::npos ? "http://" + *url_ : *url_;
  if (get_ && data_file_) return Invalid("curl's --get with a file: has no counterpart here");
  if (get_ && data_) url += (url.find('?') == std::string::npos ? "?" : "&") + *data_;
  std::string plan = fmt::format("url: {}\n", YamlOf(url));
  for (const Setting& setting : settings_) {
    plan += setting.values.size() == 1
                ? fmt::format("{}: {}\n", setting.key, setting.values.front())
                : fmt::format("{}:\n  - {}\n", setting.key, fmt::join(setting.values, "\n  - "));
  }
  std::vector<std::string> headers = headers_;
  const auto is_type = [](const std::string& header) {
    return absl::EqualsIgnoreCase(header.substr(0, header.find(':')), "content-type");
  };
  const bool has_body = !get_ && (data_ || data_file_);
  // As curl says of any body.
  if (has_body && std::none_of(headers.begin(), headers.end(), is_type)) {
    headers.emplace_back("Content-Type: application/x-www-form-urlencoded");
  }
  // To curl, braces mean nothing.
  const bool has_braces =
      HasPlaceholder(url) || HasPlaceholder(data_.value_or("")) ||
      std::any_of(headers.begin(), headers.end(),
                  [](const std::string& header) { return HasPlaceholder(header); });
  if (has_braces) plan += "no_templates: true\n";
  if (!headers.empty()) plan += "header:\n";
  for (const std::string& header : headers) plan += fmt::format("  - {}\n", YamlOf(header));
  if (has_body && data_) plan += fmt::format("data: {}\n", YamlOf(*data_));
  if (has_body && data_file_) plan += fmt::format("data_file: {}\n", YamlOf(*data_file_));
  return plan;
}

// What follows a backslash in $'…'.
char Escaped(char c) {
  constexpr std::string_view kLetters = "abefnrtv";
  constexpr std::string_view kCodes = "\a\b\x1b\f\n\r\t\v";
  const size_t at = kLetters.find(c);
  return at == std::string_view::npos ? c : kCodes[at];
}

}  // namespace

absl::StatusOr<std::vector<std::string>> ShellWords(std::string_view line) {
  std::vector<std::string> words;
  std::optional<std::string> word;
  char quote = '\0';  // the one that we are in; '$': $'…'
  for (size_t i = 0; i < line.size(); ++i) {
    const char c = line[i];
    const bool more = i + 1 < line.size();
    if (quote == '\0' && (c == ' ' || c == '\t' || c == '\n' || c == '\r')) {
      if (word) words.push_back(*std::exchange(word, std::nullopt));
      continue;
    }
    if (quote == '\0' && c == '\\' && more) {
      if (line[++i] != '\n') word = word.value_or("") + line[i];
      continue;
    }
    if (!word) word.emplace();
    if (quote == '\0' && (c == '\'' || c == '"')) {
      quote = c;
    } else if (quote == '\0' && c == '$' && more && line[i + 1] == '\'') {
      quote = '$';
      ++i;
    } else if (quote != '\0' && c == (quote == '$' ? '\'' : quote)) {
      quote = '\0';
    } else if (quote == '"' && c == '\\' && more &&
               std::string_view("\"\\$`\n").find(line[i + 1]) != std::string_view::npos) {
      if (line[++i] != '\n') *word += line[i];
    } else if (quote == '$' && c == '\\' && more) {
      *word += Escaped(line[++i]);
    } else {
      *word += c;
    }
  }
  if (quote != '\0') return Invalid("curl's words: a quote without its end");
  if (word) words.push_back(*word);
  return words;
}

absl::StatusOr<std::string> PlanFromCurl(const std::vector<std::string>& words) {
  std::vector<std::string> all = words;
  if (words.size() == 1) {
    absl::StatusOr<std::vector<std::string>> split = ShellWords(words.front());
    if (!split.ok()) return split.status();
    all = *std::move(split);
  }
  if (all.empty() || all.front() != "curl") {
    return Invalid("no command of curl: write squall plan from-curl 'curl …'");
  }
  all.erase(all.begin());
  Reader reader;
  if (absl::Status status = reader.Read(all); !status.ok()) return status;
  return reader.Plan();
}

}  // namespace squall
