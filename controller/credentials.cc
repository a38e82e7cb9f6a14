#include "controller/credentials.h"

#include <algorithm>
#include <cstdlib>
#include <optional>
#include <string_view>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "controller/files.h"
#include "controller/flag_values.h"

namespace squall {
namespace {

constexpr size_t kMaxSecret = size_t{1} << 20;  // bytes, of a file
constexpr size_t kMaxToken = size_t{64} << 10;

bool IsControl(char c) { return absl::ascii_iscntrl(static_cast<unsigned char>(c)); }

bool IsInToken(char c) { return c > ' ' && c < 0x7f; }

bool IsInName(char c) { return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '_'; }

// The one line of a file. What the file is called may be a password by mistake: it is not told.
absl::StatusOr<std::string> SecretIn(std::string_view flag, const std::string& path) {
  absl::StatusOr<std::string> text = ReadFile(path, kMaxSecret);
  if (!text.ok()) {
    return Invalid("{}: the file cannot be read: {}", flag,
                   absl::IsNotFound(text.status())           ? "there is none of that name"
                   : absl::IsPermissionDenied(text.status()) ? "permission denied"
                                                             : "it is no file of at most 1 MiB");
  }
  if (text->ends_with('\n')) text->pop_back();
  if (text->ends_with('\r')) text->pop_back();
  if (text->empty()) return Invalid("{}: the file is empty", flag);
  return text;
}

absl::StatusOr<std::string> Bearer(std::string_view flag, const std::string& token) {
  if (token.size() > kMaxToken || !std::all_of(token.begin(), token.end(), IsInToken)) {
    return Invalid("{}: no token: it is one word of at most 64 KiB, without blanks", flag);
  }
  return "Bearer " + token;
}

std::optional<std::string> Variable(const std::string& name) {
  const char* value = std::getenv(name.c_str());
  if (value == nullptr || *value == '\0') return std::nullopt;
  return value;
}

absl::StatusOr<std::string> PasswordOf(const std::string& user, size_t colon) {
  if (colon != std::string::npos) {
    const std::string given = user.substr(colon + 1);
    return given.starts_with('@') ? SecretIn("--user NAME:@FILE", given.substr(1)) : given;
  }
  if (const auto password = Variable(kPasswordVariable)) return *password;
  return Invalid("--user: no password: write NAME:@FILE, or set {} in the environment",
                 kPasswordVariable);
}

}  // namespace

absl::StatusOr<std::string> BasicCredentials(const std::string& user) {
  const size_t colon = user.find(':');
  const std::string name = user.substr(0, colon);
  if (name.empty()) {
    return Invalid("--user: a name is missing: write NAME, NAME:@FILE or NAME:PASSWORD");
  }
  const absl::StatusOr<std::string> password = PasswordOf(user, colon);
  if (!password.ok()) return password.status();
  const std::string both = name + ":" + *password;
  if (std::any_of(both.begin(), both.end(), IsControl)) {
    return Invalid(
        "--user: neither name nor password may have line breaks or other control "
        "characters");
  }
  return "Basic " + absl::Base64Escape(both);
}

absl::StatusOr<std::string> BearerFromFile(const std::string& path) {
  const absl::StatusOr<std::string> token = SecretIn("--bearer-file", path);
  return token.ok() ? Bearer("--bearer-file", *token) : token;
}

absl::StatusOr<std::string> BearerFromEnvironment(const std::string& name) {
  if (name.empty() || !std::all_of(name.begin(), name.end(), IsInName)) {
    return Invalid(
        "--bearer-env: not the name of a variable: the token itself does not stand here");
  }
  const auto token = Variable(name);
  if (!token) {
    return Invalid(
        "--bearer-env: no such variable in the environment: name the one that has the "
        "token");
  }
  return Bearer("--bearer-env", *token);
}

}  // namespace squall
