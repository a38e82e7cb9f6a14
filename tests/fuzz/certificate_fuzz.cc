// The names of a server's certificate, as messages show them.
//
// Properties: whatever bytes stand where names are expected, what is shown is short and has neither
// blanks nor control characters but for those of our own words.
#include <cstddef>
#include <cstdint>
#include <string>

#include "agent/tls_error.h"
#include "agent/tls_handles.h"
#include "common/check.h"

namespace squall {
namespace {

using Octets = std::unique_ptr<ASN1_OCTET_STRING, TlsFree<ASN1_OCTET_STRING_free>>;
using Extension = std::unique_ptr<X509_EXTENSION, TlsFree<X509_EXTENSION_free>>;

bool IsShowable(const std::string& text) {
  for (const char c : text) {
    if (c < ' ' || c > '~') return false;
  }
  return text.size() < 300;
}

void TestNames(const uint8_t* data, int size) {
  const TlsCertificate certificate(X509_new());
  X509_NAME_add_entry_by_NID(X509_get_subject_name(certificate.get()), NID_commonName,
                             V_ASN1_UTF8STRING, data, size, -1, 0);
  SQUALL_CHECK(IsShowable(NamesOf(certificate.get())));

  const Octets names(ASN1_OCTET_STRING_new());
  ASN1_OCTET_STRING_set(names.get(), data, size);
  const Extension extension(
      X509_EXTENSION_create_by_NID(nullptr, NID_subject_alt_name, 0, names.get()));
  X509_add_ext(certificate.get(), extension.get(), -1);
  SQUALL_CHECK(IsShowable(NamesOf(certificate.get())));
}

}  // namespace
}  // namespace squall

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  squall::TestNames(data, static_cast<int>(size));
  return 0;
}
