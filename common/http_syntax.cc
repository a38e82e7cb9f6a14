#include "common/http_syntax.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "absl/strings/ascii.h"
#include "common/values.h"

namespace squall {
namespace {

absl::Status Invalid(std::string_view text, std::string_view reason) {
  return absl::InvalidArgumentError(fmt::format("{}: {}", Quoted(text), reason));
}

bool IsTokenCharacter(char c) {
  return absl::ascii_isalnum(static_cast<unsigned char>(c)) ||
         std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
}

bool IsToken(std::string_view text) {
  return !text.empty() && FirstBeyondToken(text) == text.size();
}

bool IsControl(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return (byte < 0x20 && c != '\t') || byte == 0x7F;
}

}  // namespace

size_t FirstBeyondToken(std::string_view text) {
  const auto* end = std::find_if_not(text.begin(), text.end(), IsTokenCharacter);
  return static_cast<size_t>(end - text.begin());
}

absl::Status CheckMethod(std::string_view method) {
  if (!IsToken(method)) return Invalid(method, "not a method: write e.g. GET, POST or DELETE");
  const std::string upper = absl::AsciiStrToUpper(absl::string_view(method.data(), method.size()));
  if (upper != method) {
    return Invalid(method, fmt::format("methods are in upper case: did you mean {}?", upper));
  }
  if (upper == "CONNECT") return Invalid(method, "asks for a tunnel, which is not a request");
  return absl::OkStatus();
}

bool IsIdempotent(std::string_view method) {
  static constexpr std::array<std::string_view, 6> kMethods = {"GET",    "HEAD",    "PUT",
                                                               "DELETE", "OPTIONS", "TRACE"};
  return std::find(kMethods.begin(), kMethods.end(), method) != kMethods.end();
}

absl::StatusOr<v1::Header> ParseHeader(std::string_view text) {
  constexpr std::string_view kExample = "write \"Name: value\"";
  const size_t colon = text.find(':');
  if (colon == std::string_view::npos) {
    return Invalid(text, fmt::format("a header needs a colon: {}", kExample));
  }
  const std::string_view name = text.substr(0, colon);
  if (!IsToken(name)) {
    return Invalid(
        text, fmt::format("{} is not a header's name: {}",
                          name.empty() ? "nothing" : "what stands before the colon", kExample));
  }
  std::string_view value = text.substr(colon + 1);
  value.remove_prefix(std::min(value.find_first_not_of(" \t"), value.size()));
  value = value.substr(0, value.find_last_not_of(" \t") + 1);
  if (std::any_of(value.begin(), value.end(), IsControl)) {
    return Invalid(text, "a header holds no line breaks or other control characters");
  }
  if (!IsUtf8(value)) return Invalid(text, "a header's value must be UTF-8");
  v1::Header header;
  header.set_name(std::string(name));
  header.set_value(std::string(value));
  return header;
}

}  // namespace squall
