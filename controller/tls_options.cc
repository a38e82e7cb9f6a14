#include "controller/tls_options.h"

#include <string>
#include <string_view>
#include <utility>

#include "common/values.h"
#include "controller/flag_values.h"

namespace squall {
namespace {

bool Contains(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

// "-----BEGIN PRIVATE KEY-----", "-----BEGIN RSA PRIVATE KEY-----", …
bool HoldsKey(const std::string& pem) { return Contains(pem, "PRIVATE KEY-----"); }

bool HoldsCertificate(const std::string& pem) {
  return Contains(pem, "-----BEGIN CERTIFICATE-----") ||
         Contains(pem, "-----BEGIN TRUSTED CERTIFICATE-----");
}

bool IsEncrypted(const std::string& pem) {
  return Contains(pem, "-----BEGIN ENCRYPTED PRIVATE KEY-----") ||
         Contains(pem, "Proc-Type: 4,ENCRYPTED");
}

absl::StatusOr<std::string> ReadCertificates(std::string_view flag, const std::string& path) {
  absl::StatusOr<std::string> pem = ReadNamedFile(flag, path, kMaxSmallFile);
  if (pem.ok() && !HoldsCertificate(*pem)) {
    return Invalid(
        "{} {}: no certificate in it: PEM is expected, with lines -----BEGIN CERTIFICATE-----",
        flag, Quoted(path));
  }
  return pem;
}

absl::Status ResolveAuthorities(const RunFlags& flags, v1::Transport& transport) {
  transport.set_insecure(flags.insecure);
  if (!flags.ca_file) return absl::OkStatus();
  if (flags.insecure) {
    return Invalid("-k and --cacert exclude each other: with -k no certificate is verified");
  }
  absl::StatusOr<std::string> pem = ReadCertificates("--cacert", *flags.ca_file);
  if (!pem.ok()) return pem.status();
  transport.set_ca_pem(*std::move(pem));
  return absl::OkStatus();
}

absl::StatusOr<std::string> ReadKey(const RunFlags& flags, const std::string& certificate_pem) {
  const std::string_view flag = flags.key_file ? "--key" : "--cert";
  const std::string& path = flags.key_file ? *flags.key_file : *flags.certificate_file;
  absl::StatusOr<std::string> pem = certificate_pem;
  if (flags.key_file) pem = ReadNamedFile(flag, path, kMaxSmallFile);
  if (!pem.ok()) return pem;
  if (!HoldsKey(*pem)) {
    return Invalid("{} {}: no private key in it: {}", flag, Quoted(path),
                   flags.key_file ? "PEM is expected, with a line like -----BEGIN PRIVATE KEY-----"
                                  : "name the file that holds it by --key");
  }
  if (IsEncrypted(*pem)) {
    return Invalid(
        "{} {}: the private key is encrypted: decrypt it, e.g. openssl pkey -in {} -out PLAIN",
        flag, Quoted(path), Quoted(path));
  }
  return pem;
}

absl::Status ResolveClientCertificate(const RunFlags& flags, v1::Transport& transport) {
  if (!flags.certificate_file) {
    if (flags.key_file) {
      return Invalid("--key is the key of a client certificate: name that by --cert");
    }
    return absl::OkStatus();
  }
  absl::StatusOr<std::string> certificate = ReadCertificates("--cert", *flags.certificate_file);
  if (!certificate.ok()) return certificate.status();
  absl::StatusOr<std::string> key = ReadKey(flags, *certificate);
  if (!key.ok()) return key.status();
  transport.set_client_certificate_pem(*std::move(certificate));
  transport.set_client_key_pem(*std::move(key));
  return absl::OkStatus();
}

}  // namespace

absl::Status ResolveTls(const RunFlags& flags, v1::Transport& transport) {
  absl::Status status = ResolveAuthorities(flags, transport);
  if (status.ok()) status = ResolveClientCertificate(flags, transport);
  return status;
}

}  // namespace squall
