#include "common/json_path.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "absl/strings/ascii.h"
#include "common/values.h"

namespace squall {
namespace {

using Json = nlohmann::json;

constexpr size_t kMaxTextBytes = 4096;
constexpr uint64_t kMaxIndex = 1'000'000'000;

absl::Status Invalid(std::string_view text, size_t place, std::string_view what) {
  return absl::InvalidArgumentError(
      fmt::format("{}: character {}: {}", Quoted(text), place + 1, what));
}

// Letters of other scripts are above ASCII.
bool IsNameCharacter(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return absl::ascii_isalnum(byte) || c == '_' || c == '-' || byte >= 0x80;
}

// Reads a path, up to where it ends.
class PathReader {
 public:
  explicit PathReader(std::string_view text) : text_(text) {}

  absl::StatusOr<JsonPath> Read() {
    if (!Take('$')) return Wrong("a path begins with $: write e.g. $.items[0].id");
    JsonPath path;
    while (at_ < text_.size() && (Is('.') || Is('['))) {
      if (path.size() == kMaxJsonSteps) {
        return Wrong(fmt::format("a path has at most {} steps", kMaxJsonSteps));
      }
      const absl::Status status = Take('.') ? ReadName(path) : ReadBracket(path);
      if (!status.ok()) return status;
    }
    return path;
  }

  size_t at() const { return at_; }

 private:
  bool Is(char c) const { return at_ < text_.size() && text_[at_] == c; }
  bool Take(char c) {
    if (!Is(c)) return false;
    ++at_;
    return true;
  }
  absl::Status Wrong(std::string_view what) const { return Invalid(text_, at_, what); }

  absl::Status ReadName(JsonPath& path) {
    const size_t begin = at_;
    while (at_ < text_.size() && IsNameCharacter(text_[at_])) ++at_;
    if (at_ == begin) return Wrong("a name is missing here: write e.g. .id, or ['a name']");
    path.emplace_back(std::string(text_.substr(begin, at_ - begin)));
    return absl::OkStatus();
  }

  absl::Status ReadBracket(JsonPath& path) {
    ++at_;
    const bool quoted = Is('\'') || Is('"');
    if (absl::Status status = quoted ? ReadQuoted(path) : ReadIndex(path); !status.ok()) {
      return status;
    }
    return Take(']') ? absl::OkStatus() : Wrong("a ] is missing here");
  }

  // A backslash stands before a quote or a backslash that is part of the name.
  absl::Status ReadQuoted(JsonPath& path) {
    const size_t begin = at_;
    const char quote = text_[at_++];
    std::string name;
    while (at_ < text_.size() && text_[at_] != quote) {
      if (text_[at_] == '\\' && at_ + 1 < text_.size()) ++at_;
      name += text_[at_++];
    }
    if (!Take(quote)) return Invalid(text_, begin, "this quote is not closed");
    path.emplace_back(std::move(name));
    return absl::OkStatus();
  }

  absl::Status ReadIndex(JsonPath& path) {
    const size_t begin = at_;
    while (at_ < text_.size() && absl::ascii_isdigit(static_cast<unsigned char>(text_[at_]))) ++at_;
    const auto index = ParseWholeNumber(text_.substr(begin, at_ - begin), 0, kMaxIndex);
    if (!index.ok()) {
      return Invalid(text_, begin,
                     "an index is a whole number from 0 on, and a name stands in quotes: write "
                     "e.g. [0] or ['id']");
    }
    path.emplace_back(*index);
    return absl::OkStatus();
  }

  const std::string_view text_;
  size_t at_ = 0;
};

// Whether a number is exactly the whole one.
bool IsWhole(double number, const JsonScalar& whole) {
  constexpr double kBeyondSigned = 9223372036854775808.0;     // 2^63
  constexpr double kBeyondUnsigned = 18446744073709551616.0;  // 2^64
  if (number != std::trunc(number)) return false;
  if (const auto* value = std::get_if<int64_t>(&whole)) {
    return number >= -kBeyondSigned && number < kBeyondSigned &&
           static_cast<int64_t>(number) == *value;
  }
  const auto* value = std::get_if<uint64_t>(&whole);
  return value != nullptr && number >= 0 && number < kBeyondUnsigned &&
         static_cast<uint64_t>(number) == *value;
}

}  // namespace

absl::StatusOr<JsonPath> ParseJsonPath(std::string_view text) {
  PathReader reader(text);
  absl::StatusOr<JsonPath> path = reader.Read();
  if (path.ok() && reader.at() != text.size()) {
    return Invalid(text, reader.at(), "a path goes on with .name or [index]");
  }
  return path;
}

absl::StatusOr<JsonScalar> ParseJsonScalar(std::string_view text) {
  const Json json = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (json.is_boolean()) return json.get<bool>();
  if (json.is_number_unsigned()) return json.get<uint64_t>();
  if (json.is_number_integer()) return json.get<int64_t>();
  if (json.is_number_float() && text.find_first_of(".eE") == std::string_view::npos) {
    return Invalid(text, 0, "a whole number of more than 64 bits cannot be compared");
  }
  if (json.is_number_float()) return json.get<double>();
  if (json.is_string()) return json.get<std::string>();
  if (json.is_null()) return JsonScalar();
  return Invalid(text, 0,
                 "a value is JSON: write e.g. 7, \"text\" (with its quotes), true or null");
}

bool AreSame(const JsonScalar& a, const JsonScalar& b) {
  if (a.index() == b.index()) return a == b;
  // Whole numbers differ in kind by their sign; beside them, others are whole if they have no
  // fraction.
  const auto* left = std::get_if<double>(&a);
  const auto* right = std::get_if<double>(&b);
  if (left != nullptr) return IsWhole(*left, b);
  return right != nullptr && IsWhole(*right, a);
}

absl::StatusOr<v1::JsonCheck> ParseJsonCheck(std::string_view text) {
  if (text.size() > kMaxTextBytes || !IsUtf8(text)) {
    return Invalid(text, 0, fmt::format("must be UTF-8 of at most {} bytes", kMaxTextBytes));
  }
  PathReader reader(text);
  if (const absl::StatusOr<JsonPath> path = reader.Read(); !path.ok()) return path.status();
  v1::JsonCheck check;
  check.set_path(std::string(text.substr(0, reader.at())));
  size_t at = std::min(text.find_first_not_of(' ', reader.at()), text.size());
  if (at == text.size()) return check;
  if (text.substr(at, 2) != "==") {
    return Invalid(text, at, "a path goes on with .name or [index], or ends with == and a value");
  }
  at = std::min(text.find_first_not_of(' ', at + 2), text.size());
  const std::string_view value = text.substr(at, text.find_last_not_of(' ') + 1 - at);
  if (const absl::StatusOr<JsonScalar> scalar = ParseJsonScalar(value); !scalar.ok()) {
    return Invalid(text, at,
                   "a value is JSON: write e.g. == 7, == \"text\" (with its quotes), == true or "
                   "== null");
  }
  check.set_value(std::string(value));
  return check;
}

std::string ToText(const v1::JsonCheck& check) {
  return check.has_value() ? fmt::format("{} == {}", check.path(), check.value()) : check.path();
}

}  // namespace squall
