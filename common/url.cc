#include "common/url.h"

#include <algorithm>
#include <array>
#include <http_parser.h>
#include <string>

#include <fmt/format.h>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "common/values.h"

namespace squall {
namespace {

absl::Status Invalid(std::string_view url, std::string_view reason) {
  return absl::InvalidArgumentError(fmt::format("{}: {}", Quoted(url), reason));
}

bool EqualsIgnoreCase(std::string_view a, std::string_view b) {
  return absl::EqualsIgnoreCase(absl::string_view(a.data(), a.size()),
                                absl::string_view(b.data(), b.size()));
}

bool IsBlankOrControl(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte <= 0x20 || byte == 0x7F;
}

bool IsAscii(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return absl::ascii_isascii(static_cast<unsigned char>(c)); });
}

bool IsScheme(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '+' || c == '-' || c == '.';
  });
}

// The scheme, or nothing if the URL has none. A "://" further behind belongs to a query.
std::string_view SchemeOf(std::string_view url) {
  const size_t end = url.find("://");
  if (end == std::string_view::npos || !IsScheme(url.substr(0, end))) return {};
  return url.substr(0, end);
}

absl::Status NoScheme(std::string_view url) {
  if (url.starts_with('/')) {
    return Invalid(url, "neither scheme nor host: write e.g. http://127.0.0.1:8080/");
  }
  // "http:host" and "http:/host" lack no more than slashes.
  std::string_view scheme = "http";
  std::string_view rest = url;
  const size_t colon = url.find(':');
  for (const std::string_view known : {"http", "https"}) {
    if (colon != std::string_view::npos && EqualsIgnoreCase(url.substr(0, colon), known)) {
      scheme = known;
      rest = url.substr(std::min(url.find_first_not_of('/', colon + 1), url.size()));
    }
  }
  return Invalid(url, fmt::format("no scheme: did you mean {}://{}?", scheme, Quoted(rest)));
}

// Why http_parser refuses what stands between scheme and path: user, host and port.
absl::Status Diagnose(std::string_view url, std::string_view authority) {
  std::string_view host = authority;
  if (const size_t at = host.rfind('@'); at != std::string_view::npos) host.remove_prefix(at + 1);
  std::string_view port;
  const size_t colon = host.rfind(':');
  if (colon != std::string_view::npos && host.find(']', colon) == std::string_view::npos) {
    port = host.substr(colon + 1);
    host = host.substr(0, colon);
    const absl::StatusOr<uint64_t> number = ParseWholeNumber(port, 1, 65535);
    if (!host.empty() && !number.ok()) {
      return Invalid(url, fmt::format("port {} is not between 1 and 65535", Quoted(port)));
    }
  }
  if (host.empty()) return Invalid(url, "no host: write e.g. http://127.0.0.1:8080/");
  if (!IsAscii(host)) {
    return Invalid(url, "write a host name beyond ASCII in punycode (xn--…)");
  }
  if (host.find(':') != std::string_view::npos && !host.starts_with('[')) {
    return Invalid(url, "write an IPv6 address in brackets, e.g. http://[::1]:8080/");
  }
  return Invalid(url, fmt::format("\"{}\" is not a host name", Quoted(host)));
}

absl::Status CheckCharacters(std::string_view url, std::string_view example) {
  if (url.empty()) return Invalid(url, fmt::format("empty: write e.g. {}", example));
  if (url.size() > kMaxUrlBytes) {
    return Invalid(url,
                   fmt::format("{} bytes long: at most {} are possible", url.size(), kMaxUrlBytes));
  }
  const auto bad = std::find_if(url.begin(), url.end(), IsBlankOrControl);
  if (bad != url.end()) {
    const auto byte = static_cast<unsigned char>(*bad);
    return Invalid(
        url, fmt::format("a {} at position {}: write %{:02X}",
                         byte == ' ' ? "space" : "control character", bad - url.begin() + 1, byte));
  }
  if (!IsAscii(url) && !IsUtf8(url)) return Invalid(url, "not UTF-8: percent-encode such bytes");
  return absl::OkStatus();
}

}  // namespace

absl::Status CheckUrl(std::string_view url) {
  if (absl::Status status = CheckCharacters(url, "http://127.0.0.1:8080/"); !status.ok()) {
    return status;
  }
  const std::string_view scheme = SchemeOf(url);
  if (scheme.empty()) return NoScheme(url);
  if (!EqualsIgnoreCase(scheme, "http") && !EqualsIgnoreCase(scheme, "https")) {
    return Invalid(url, fmt::format("{}:// is not supported: use http:// or https://", scheme));
  }
  // Path and query are free in what they hold, once the characters are right.
  const size_t host = scheme.size() + 3;
  const std::string_view origin = url.substr(0, url.find_first_of("/?#", host));
  http_parser_url parts;
  http_parser_url_init(&parts);
  const bool parsed =
      http_parser_parse_url(origin.data(), origin.size(), /*is_connect=*/0, &parts) == 0;
  const bool has_port = (parts.field_set & (1U << UF_PORT)) != 0;
  if (!parsed || (has_port && parts.port == 0)) return Diagnose(url, origin.substr(host));
  return absl::OkStatus();
}

UrlParts SplitUrl(std::string_view url) {
  constexpr size_t kNowhere = std::string_view::npos;
  UrlParts parts;
  const size_t scheme = url.find(':');
  parts.https = EqualsIgnoreCase(url.substr(0, scheme), "https");
  const uint16_t usual_port = parts.https ? 443 : 80;
  const size_t path = std::min(url.find_first_of("/?#", scheme + 3), url.size());
  parts.origin = url.substr(0, path);
  parts.target = url.substr(path, url.find('#', path) - path);

  std::string_view authority = parts.origin.substr(scheme + 3);
  if (const size_t at = authority.rfind('@'); at != kNowhere) {
    parts.user = authority.substr(0, at);
    authority.remove_prefix(at + 1);
  }
  const size_t bracket = authority.rfind(']');
  const size_t colon = authority.find(':', bracket == kNowhere ? 0 : bracket);
  parts.host = authority.substr(0, colon);
  if (bracket != kNowhere) parts.host = parts.host.substr(1, parts.host.size() - 2);
  parts.port = usual_port;
  if (colon != kNowhere) {
    const absl::StatusOr<uint64_t> port = ParseWholeNumber(authority.substr(colon + 1), 1, 65535);
    parts.port = port.ok() ? static_cast<uint16_t>(*port) : usual_port;
  }
  parts.authority = parts.port == usual_port ? authority.substr(0, colon) : authority;
  return parts;
}

absl::Status CheckProxyUrl(std::string_view url) {
  static constexpr std::array<std::string_view, 4> kSchemes = {"http", "https", "socks5",
                                                               "socks5h"};
  if (absl::Status status = CheckCharacters(url, "http://127.0.0.1:3128"); !status.ok()) {
    return status;
  }
  const std::string_view scheme = SchemeOf(url);
  if (scheme.empty()) return NoScheme(url);
  if (std::none_of(kSchemes.begin(), kSchemes.end(),
                   [scheme](std::string_view known) { return EqualsIgnoreCase(scheme, known); })) {
    return Invalid(url, fmt::format("{}:// is not supported for a proxy: use http://, https://, "
                                    "socks5:// or socks5h://",
                                    scheme));
  }
  const std::string_view after_scheme = url.substr(scheme.size() + 3);
  const size_t path = after_scheme.find_first_of("/?#");
  if (path != std::string_view::npos && after_scheme.substr(path) != "/") {
    return Invalid(url, "a proxy has neither path nor query: write scheme://host:port");
  }
  // http_parser knows no digits in a scheme; what follows it has the same form for all.
  if (absl::Status status = CheckUrl(fmt::format("http://{}", after_scheme)); !status.ok()) {
    return Diagnose(url, after_scheme.substr(0, path));
  }
  return absl::OkStatus();
}

}  // namespace squall
