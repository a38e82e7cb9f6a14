#include "agent/tls_error.h"

#include <memory>
#include <vector>

#include <arpa/inet.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "agent/tls_handles.h"

namespace squall {
namespace {

constexpr size_t kMaxNames = 3;
constexpr size_t kMaxNameBytes = 64;

using Names = std::unique_ptr<GENERAL_NAMES, TlsFree<GENERAL_NAMES_free>>;

// Bytes of the server's choosing: whatever cannot be printed is left out, and what is too much.
std::string Printable(const unsigned char* bytes, int size) {
  std::string text;
  for (int i = 0; i < size && text.size() < kMaxNameBytes; ++i) {
    if (bytes[i] > ' ' && bytes[i] < 0x7f) text += static_cast<char>(bytes[i]);
  }
  return text;
}

std::string TextOf(const ASN1_STRING* text) {
  return Printable(ASN1_STRING_get0_data(text), ASN1_STRING_length(text));
}

std::string AddressOf(const ASN1_STRING* bytes) {
  char text[INET6_ADDRSTRLEN] = "";
  const int family = ASN1_STRING_length(bytes) == 4 ? AF_INET : AF_INET6;
  if (family == AF_INET6 && ASN1_STRING_length(bytes) != 16) return "";
  inet_ntop(family, ASN1_STRING_get0_data(bytes), text, sizeof(text));
  return text;
}

std::string CommonNameOf(X509* certificate) {
  X509_NAME* subject = X509_get_subject_name(certificate);
  const int at = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
  return at < 0 ? "" : TextOf(X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at)));
}

}  // namespace

std::string NamesOf(X509* certificate) {
  std::vector<std::string> texts;
  const Names names(static_cast<GENERAL_NAMES*>(
      X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
  for (int i = 0; i < sk_GENERAL_NAME_num(names.get()); ++i) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(names.get(), i);
    if (name->type == GEN_DNS) texts.push_back(TextOf(name->d.dNSName));
    if (name->type == GEN_IPADD) texts.push_back(AddressOf(name->d.iPAddress));
  }
  if (texts.empty()) texts.push_back(CommonNameOf(certificate));
  if (texts.size() <= kMaxNames) return fmt::format("{}", fmt::join(texts, ", "));
  return fmt::format("{} and {} more", fmt::join(texts.begin(), texts.begin() + kMaxNames, ", "),
                     texts.size() - kMaxNames);
}

std::string DescribeVerification(int result, std::string_view host, X509* certificate) {
  const char* what = X509_verify_cert_error_string(result);
  switch (result) {
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
      return fmt::format("certificate is for {}, not for {}", NamesOf(certificate), host);
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
      return fmt::format("certificate of {}: {}: give its authority by --cacert", host, what);
    default:
      return fmt::format("certificate of {}: {}", host, what);
  }
}

std::string DescribeTlsError(unsigned long error, bool certificate_asked) {
  const int reason = ERR_GET_REASON(error);
  if (ERR_GET_LIB(error) == ERR_LIB_SSL) {
    // TLS 1.2 has no alert of its own for a certificate that is missing.
    if (reason == SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED ||
        (reason == SSL_R_SSLV3_ALERT_HANDSHAKE_FAILURE && certificate_asked)) {
      return "server asks for a client certificate: give one by --cert";
    }
    switch (reason) {
      case SSL_R_TLSV1_ALERT_NO_APPLICATION_PROTOCOL:
        return "no protocol in common: the server does not speak HTTP/1.1 here";
      case SSL_R_TLSV1_ALERT_PROTOCOL_VERSION:
      case SSL_R_UNSUPPORTED_PROTOCOL:
      case SSL_R_VERSION_TOO_LOW:
        return "no TLS version in common";
      case SSL_R_HTTP_REQUEST:
      case SSL_R_PACKET_LENGTH_TOO_LONG:
      case SSL_R_WRONG_VERSION_NUMBER:
        return "the server does not speak TLS here";
      default:
        break;
    }
    if (reason > SSL_AD_REASON_OFFSET && reason < SSL_AD_REASON_OFFSET + 256) {
      return fmt::format("server's alert: {}",
                         SSL_alert_desc_string_long(reason - SSL_AD_REASON_OFFSET));
    }
  }
  const char* text = ERR_reason_error_string(error);
  return text == nullptr ? fmt::format("OpenSSL error {:#x}", error) : std::string(text);
}

}  // namespace squall
