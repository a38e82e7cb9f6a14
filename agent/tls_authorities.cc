#include "agent/tls_authorities.h"

#include <cstdlib>
#include <filesystem>
#include <string_view>
#include <system_error>

#include <fmt/format.h>
#include <openssl/x509.h>

namespace squall {
namespace {

constexpr std::string_view kBundles[] = {
    "/etc/ssl/certs/ca-certificates.crt",                 // Debian, Ubuntu, Alpine, Arch
    "/etc/pki/tls/certs/ca-bundle.crt",                   // Fedora, Red Hat
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",  // the same, where the link is missing
    "/etc/ssl/ca-bundle.pem",                             // openSUSE
    "/etc/ssl/cert.pem",                                  // macOS, FreeBSD, OpenBSD, Alpine
    "/usr/local/share/certs/ca-root-nss.crt",             // FreeBSD, of old
};

constexpr std::string_view kWayOut =
    "give --cacert FILE, or set SSL_CERT_FILE where the agent starts";

absl::Status Missing(std::string_view what) {
  return absl::FailedPreconditionError(fmt::format("{}: {}", what, kWayOut));
}

bool HasSomething(const std::string& path) {
  std::error_code error;
  return std::filesystem::exists(path, error) && !std::filesystem::is_empty(path, error) && !error;
}

}  // namespace

absl::StatusOr<Authorities> FindAuthorities(const Environment& environment,
                                            const std::function<bool(const std::string&)>& has) {
  Authorities authorities{.file = environment(X509_get_default_cert_file_env()),
                          .folder = environment(X509_get_default_cert_dir_env())};
  if (!authorities.file.empty() || !authorities.folder.empty()) {
    if (!authorities.file.empty() && !has(authorities.file)) {
      return Missing(
          fmt::format("no certificate authorities in SSL_CERT_FILE ({})", authorities.file));
    }
    return authorities;
  }
  for (const std::string_view bundle : kBundles) {
    if (has(std::string(bundle))) {
      authorities.file = bundle;
      break;
    }
  }
  if (const std::string folder = X509_get_default_cert_dir(); has(folder)) {
    authorities.folder = folder;
  }
  if (authorities.file.empty() && authorities.folder.empty()) {
    return Missing(
        "no certificate authorities on this machine, where https needs them (they come "
        "with a package, ca-certificates as a rule)");
  }
  return authorities;
}

absl::StatusOr<Authorities> FindAuthorities() {
  return FindAuthorities(
      [](const char* name) -> std::string {
        const char* value = std::getenv(name);
        return value != nullptr ? value : "";
      },
      &HasSomething);
}

}  // namespace squall
