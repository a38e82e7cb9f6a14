#include "common/placeholder_syntax.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <utility>

#include <fmt/format.h>

#include "absl/strings/numbers.h"
#include "common/nearest_word.h"
#include "common/values.h"

namespace squall {
namespace {

using Kind = Placeholder::Kind;
using Words = std::vector<std::string_view>;
using Meaning = absl::StatusOr<PlaceholderMeaning>;

constexpr uint32_t kMostDigits = 65'536;

template <typename... Arguments>
absl::Status Wrong(fmt::format_string<Arguments...> format, Arguments&&... arguments) {
  return absl::InvalidArgumentError(fmt::format(format, std::forward<Arguments>(arguments)...));
}

bool IsBlank(char c) { return c == ' ' || c == '\t'; }

size_t SkipBlanks(std::string_view text, size_t at) {
  while (at < text.size() && IsBlank(text[at])) ++at;
  return at;
}

// Where the word ends that begins at `at`: there, if none does; nowhere, if its quotes are not
// closed.
size_t WordEnd(std::string_view text, size_t at) {
  if (at < text.size() && text[at] == '"') {
    const size_t close = text.find('"', at + 1);
    return close == std::string_view::npos ? close : close + 1;
  }
  while (at < text.size() && !IsBlank(text[at]) && text[at] != '\n' && text[at] != '\r' &&
         !text.substr(at).starts_with(kCloseBraces)) {
    ++at;
  }
  return at;
}

// ": did you mean x?", or nothing.
std::string DidYouMean(std::string_view typed, const std::vector<std::string>& words) {
  const std::string nearest(NearestWord(typed, words));
  return nearest.empty() ? "" : fmt::format(": did you mean {}?", Quoted(nearest));
}

absl::StatusOr<int64_t> ParseInteger(std::string_view text) {
  int64_t number = 0;
  if (!absl::SimpleAtoi(absl::string_view(text.data(), text.size()), &number)) {
    return Wrong("{} is not a whole number of 64 bits", Quoted(text));
  }
  return number;
}

Meaning Integer(const Words& words, const TemplateScope&) {
  const absl::StatusOr<int64_t> lowest = ParseInteger(words[1]);
  if (!lowest.ok()) return lowest.status();
  const absl::StatusOr<int64_t> highest = ParseInteger(words[2]);
  if (!highest.ok()) return highest.status();
  if (*lowest > *highest) {
    return Wrong("{} is more than {}: write the smaller one first", *lowest, *highest);
  }
  Placeholder value{.kind = Kind::kInteger};
  value.lowest = *lowest;
  value.values = static_cast<uint64_t>(*highest) - static_cast<uint64_t>(*lowest) + 1;
  return value;
}

Meaning ZipfKey(const Words& words, const TemplateScope&) {
  double exponent = 0;
  const bool is_number =
      absl::SimpleAtod(absl::string_view(words[1].data(), words[1].size()), &exponent);
  if (!is_number || !(exponent > 0 && exponent <= Zipf::kMostExponent)) {
    return Wrong("the exponent {} is not a number above 0 and at most {}", Quoted(words[1]),
                 Zipf::kMostExponent);
  }
  const absl::StatusOr<uint64_t> keys = ParseWholeNumber(words[2], 1, Zipf::kMostKeys);
  if (!keys.ok()) return Wrong("number of keys {}", std::string(keys.status().message()));
  Placeholder value{.kind = Kind::kZipf};
  value.zipf = Zipf(exponent, *keys);
  return value;
}

Meaning Hex(const Words& words, const TemplateScope&) {
  const absl::StatusOr<uint64_t> digits = ParseWholeNumber(words[1], 1, kMostDigits);
  if (!digits.ok()) return Wrong("number of digits {}", std::string(digits.status().message()));
  Placeholder value{.kind = Kind::kHex};
  value.size = static_cast<uint32_t>(*digits);
  return value;
}

// Written by whoever wrote the template, they stand there as they are.
absl::Status CheckWord(std::string_view word, TemplatePlace place) {
  if (place != TemplatePlace::kUrl) return absl::OkStatus();
  const bool fits = std::none_of(word.begin(), word.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte <= 0x20 || byte == 0x7F || c == '#';
  });
  if (fits && IsUtf8(word)) return absl::OkStatus();
  return Wrong("{} has what may not be in a URL: percent-encode it", Quoted(word));
}

Meaning Pick(const Words& words, const TemplateScope& scope) {
  Placeholder value{.kind = Kind::kPick};
  for (size_t i = 1; i < words.size(); ++i) {
    if (absl::Status status = CheckWord(words[i], scope.place); !status.ok()) return status;
    value.words.emplace_back(words[i]);
  }
  value.values = value.words.size();
  return value;
}

Meaning Time(const Words& words, const TemplateScope&) {
  if (words[1] == "rfc3339") return Placeholder{.kind = Kind::kRfc3339};
  if (words[1] == "unix") return Placeholder{.kind = Kind::kUnix};
  if (words[1] == "unix_ms") return Placeholder{.kind = Kind::kUnixMs};
  return Wrong("{} is no form of time: there are rfc3339, unix and unix_ms{}", Quoted(words[1]),
               DidYouMean(words[1], {"rfc3339", "unix", "unix_ms"}));
}

Meaning Column(const Words& words, const TemplateScope& scope) {
  Placeholder value{.kind = Kind::kColumn};
  value.percent_encoded = scope.place == TemplatePlace::kUrl;
  if (scope.feeder == nullptr) {
    if (scope.feeder_comes) return value;
    return Wrong("there is no feeder: name a CSV file by --feed");
  }
  std::vector<std::string> names;
  for (const Feeder::Column& column : scope.feeder->columns()) names.push_back(column.name);
  const auto found = std::find(names.begin(), names.end(), words[1]);
  if (found == names.end()) {
    return Wrong("the feeder has no column {}{}", Quoted(words[1]), DidYouMean(words[1], names));
  }
  value.size = static_cast<uint32_t>(found - names.begin());
  const Feeder::Column& column = scope.feeder->columns()[value.size];
  if (scope.place == TemplatePlace::kHeader && column.control_line != 0) {
    return Wrong(
        "line {} of the feeder has a line break or control character there, which a header "
        "cannot hold",
        column.control_line);
  }
  return value;
}

// As it is in a body. URLs and headers hold no line breaks: those at its end are left out.
Meaning Inserted(v1::InsertionKind kind, std::string_view name, const TemplateScope& scope) {
  const absl::StatusOr<std::string_view> found = scope.insertions(kind, name);
  if (!found.ok()) return found.status();
  std::string text(*found);
  if (scope.place == TemplatePlace::kBody) return text;
  text.resize(text.find_last_not_of("\r\n") + 1);
  if (scope.place == TemplatePlace::kUrl) {
    std::string encoded(3 * text.size(), ' ');
    const char* begin = WritePercentEncodedBefore(text, encoded.data() + encoded.size());
    return encoded.substr(static_cast<size_t>(begin - encoded.data()));
  }
  const bool fits = std::none_of(text.begin(), text.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return (byte < 0x20 && c != '\t') || byte == 0x7F;
  });
  if (!fits) return Wrong("it has a line break or control character, which a header cannot hold");
  if (!IsUtf8(text)) return Wrong("it is not UTF-8, which a header must be");
  return text;
}

Meaning Variable(const Words& words, const TemplateScope& scope) {
  return Inserted(v1::INSERTION_KIND_ENVIRONMENT, words[1], scope);
}

Meaning File(const Words& words, const TemplateScope& scope) {
  return Inserted(v1::INSERTION_KIND_FILE, words[1], scope);
}

Meaning Field(const Words& words, const TemplateScope& scope) {
  const absl::StatusOr<uint64_t> field =
      ParseWholeNumber(words.size() == 2 ? words[1] : "", 0, scope.list_fields - 1);
  if (!field.ok()) return Wrong("field of a line: {}", std::string(field.status().message()));
  if (scope.place == TemplatePlace::kUrl) return Wrong("no field of a line stands in its URL");
  Placeholder value{.kind = Kind::kField};
  value.size = static_cast<uint32_t>(*field);
  return value;
}

struct Function {
  std::string_view name;
  size_t fewest;  // words behind the name
  size_t most;
  std::string_view example;
  Meaning (*parse)(const Words& words, const TemplateScope& scope);
};

template <Kind kind>
Meaning Plain(const Words&, const TemplateScope&) {
  return Placeholder{.kind = kind};
}

constexpr std::array<Function, 10> kFunctions = {{
    {"seq", 0, 0, "{{seq}}", &Plain<Kind::kSequence>},
    {"int", 2, 2, "{{int 1 100000}}", &Integer},
    {"zipf", 2, 2, "{{zipf 1.1 100000}}", &ZipfKey},
    {"uuid", 0, 0, "{{uuid}}", &Plain<Kind::kUuid>},
    {"hex", 1, 1, "{{hex 16}}", &Hex},
    {"pick", 1, SIZE_MAX, "{{pick a b c}}", &Pick},
    {"time", 1, 1, "{{time rfc3339}}", &Time},
    {"env", 1, 1, "{{env NAME}}", &Variable},
    {"col", 1, 1, "{{col NAME}}", &Column},
    {"file", 1, 1, "{{file NAME}}", &File},
}};

absl::Status Unknown(std::string_view name) {
  std::vector<std::string> names;
  for (const Function& function : kFunctions) names.emplace_back(function.name);
  const std::string nearest = DidYouMean(name, names);
  if (!nearest.empty()) return Wrong("no placeholder is called {}{}", Quoted(name), nearest);
  return Wrong(
      "no placeholder is called {}: there are seq, int, zipf, uuid, hex, pick, time, env, "
      "col and file; write {{{{\"{{{{\"}}}} for {{{{ itself",
      Quoted(name));
}

}  // namespace

size_t PlaceholderSize(std::string_view text) {
  size_t at = SkipBlanks(text, kOpenBraces.size());
  while (at < text.size() && !text.substr(at).starts_with(kCloseBraces)) {
    const size_t end = WordEnd(text, at);
    if (end == at || end == std::string_view::npos) return 0;
    at = SkipBlanks(text, end);
  }
  return at < text.size() ? at + kCloseBraces.size() : 0;
}

absl::StatusOr<PlaceholderText> ReadPlaceholder(std::string_view text) {
  PlaceholderText read;
  size_t at = SkipBlanks(text, kOpenBraces.size());
  while (!text.substr(at).starts_with(kCloseBraces)) {
    const size_t end = WordEnd(text, at);
    if (end == std::string_view::npos) return Wrong("a quote in it is not closed");
    if (end == at) {
      return Wrong("not closed: write }}}} behind it, and {{{{\"{{{{\"}}}} for {{{{ itself");
    }
    const bool quoted = text[at] == '"';
    read.words.push_back(quoted ? text.substr(at + 1, end - at - 2) : text.substr(at, end - at));
    read.is_text = quoted && read.words.size() == 1;
    at = SkipBlanks(text, end);
  }
  read.whole = text.substr(0, at + kCloseBraces.size());
  return read;
}

Meaning ParsePlaceholder(const PlaceholderText& text, const TemplateScope& scope) {
  if (text.words.empty()) {
    return Wrong("empty: write e.g. {{{{seq}}}}, and {{{{\"{{{{\"}}}} for {{{{ itself");
  }
  if (text.is_text) {
    if (absl::Status status = CheckWord(text.words[0], scope.place); !status.ok()) return status;
    return std::string(text.words[0]);
  }
  const std::string_view name = text.words[0];
  if (name == "line" && scope.list_fields > 0) return Field(text.words, scope);
  const auto* const function =
      std::find_if(kFunctions.begin(), kFunctions.end(),
                   [name](const Function& known) { return known.name == name; });
  if (function == kFunctions.end()) return Unknown(name);
  const size_t values = text.words.size() - 1;
  if (values < function->fewest) {
    return Wrong("{} needs {} value{} more: write e.g. {}", name, function->fewest - values,
                 function->fewest - values == 1 ? "" : "s", function->example);
  }
  if (values > function->most) {
    return Wrong("{} is one value too many: write e.g. {}", Quoted(text.words[function->most + 1]),
                 function->example);
  }
  return function->parse(text.words, scope);
}

}  // namespace squall
