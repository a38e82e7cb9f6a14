#include "controller/ssh_target.h"

#include <algorithm>

#include <fmt/format.h>

#include "absl/strings/ascii.h"
#include "common/host_syntax.h"
#include "common/values.h"

namespace squall {
namespace {

constexpr std::string_view kScheme = "ssh:";
constexpr size_t kLongest = 255;

absl::Status Invalid(std::string_view text, std::string_view reason) {
  return absl::InvalidArgumentError(fmt::format("{}: {}", Quoted(text), reason));
}

// Aliases and users may be called as they like, within this.
bool IsPlain(std::string_view name, std::string_view others) {
  return !name.empty() && name.size() <= kLongest && name.front() != '-' &&
         std::all_of(name.begin(), name.end(), [others](char c) {
           return absl::ascii_isalnum(static_cast<unsigned char>(c)) ||
                  others.find(c) != std::string_view::npos;
         });
}

bool IsNumber(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return absl::ascii_isdigit(static_cast<unsigned char>(c)); });
}

}  // namespace

bool IsSshTarget(std::string_view text) { return text.starts_with(kScheme); }

absl::StatusOr<SshTarget> ParseSshTarget(std::string_view text) {
  SshTarget target;
  std::string_view rest = text.substr(kScheme.size());
  if (rest.starts_with("//")) return Invalid(text, "write ssh:user@host, without slashes");
  if (const size_t at = rest.rfind('@'); at != std::string_view::npos) {
    if (!IsPlain(rest.substr(0, at), "-._@+")) {
      return Invalid(text, "that is no user: write ssh:user@host");
    }
    target.user = rest.substr(0, at);
    rest.remove_prefix(at + 1);
  }
  std::string_view port;
  bool has_port = false;
  if (rest.starts_with('[')) {
    const size_t bracket = rest.find(']');
    if (bracket == std::string_view::npos) return Invalid(text, "the closing ] is missing");
    target.host = NormalIpv6(rest.substr(1, bracket - 1));
    if (target.host.empty()) return Invalid(text, "that is no IPv6 address in the brackets");
    rest.remove_prefix(bracket + 1);
    has_port = rest.starts_with(':');
    if (!has_port && !rest.empty()) return Invalid(text, "write ssh:[address]:port");
    port = has_port ? rest.substr(1) : "";
  } else {
    const size_t colon = rest.find(':');
    has_port = colon != std::string_view::npos;
    target.host = rest.substr(0, colon);
    port = has_port ? rest.substr(colon + 1) : "";
    if (port.find(':') != std::string_view::npos) {
      return Invalid(text, "write an IPv6 address in brackets");
    }
    // "ssh:7400" is rather a host called ssh.
    if (!IsPlain(target.host, "-._") || IsNumber(target.host)) {
      return Invalid(text, "that is no host: write ssh:host or ssh:user@host");
    }
  }
  if (has_port) {
    const absl::StatusOr<uint64_t> number = ParseWholeNumber(port, 1, 65535);
    if (!number.ok()) {
      return Invalid(text, fmt::format("port {} is not between 1 and 65535", Quoted(port)));
    }
    target.port = static_cast<uint16_t>(*number);
  }
  return target;
}

Address AddressOf(const SshTarget& target) {
  const bool is_ipv6 = target.host.find(':') != std::string::npos;
  std::string text = fmt::format("{}{}{}", kScheme, target.user, target.user.empty() ? "" : "@");
  text += is_ipv6 ? fmt::format("[{}]", target.host) : target.host;
  if (target.port != 0) text += fmt::format(":{}", target.port);
  return {.display = text, .target = text};
}

std::string SshWords(const SshTarget& target) {
  return fmt::format("{}{}{}{}", target.port != 0 ? fmt::format("-p {} ", target.port) : "",
                     target.user, target.user.empty() ? "" : "@", target.host);
}

}  // namespace squall
