#include "agent/tls_context.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/certificates.h"
#include "tests/unit/tls_support.h"

namespace squall::testing {
namespace {

struct ContextCase {
  std::string name;
  std::string authorities;
  std::string certificate;
  std::string key;
  std::string complaint;  // empty: none
};
void PrintTo(const ContextCase& test, std::ostream* out) { *out << test.name; }

std::vector<ContextCase> Cases() {
  const Authority authority("authority");
  const Authority other("other");
  const std::string both = authority.Pem() + other.Pem();
  const Identity me = authority.Issue("DNS:me.test");
  const Identity stranger = authority.Issue("DNS:stranger.test");
  const std::string damaged = [&] {
    std::string pem = authority.Pem();
    pem.replace(pem.find('\n') + 1, 8, "AAAAAAAA");
    return pem;
  }();
  const std::string half = me.certificate_pem.substr(0, me.certificate_pem.size() / 2);
  return {
      {"Nothing", "", "", "", ""},
      {"OneAuthority", authority.Pem(), "", "", ""},
      {"AuthoritiesAndText", "# first\n" + both, "", "", ""},
      {"TheSameAuthorityTwice", both + both, "", "", ""},
      {"NoAuthority", "nothing", "", "", "--cacert: no certificate in it"},
      {"KeyAsAuthority", me.key_pem, "", "", "--cacert: no certificate in it"},
      {"DamagedAuthority", damaged, "", "", "--cacert: not readable as certificates in PEM"},
      {"Certificate", "", me.certificate_pem, me.key_pem, ""},
      {"Chain", "", me.certificate_pem + both, me.key_pem, ""},
      {"KeyAndCertificateInOne", "", me.key_pem + me.certificate_pem,
       me.key_pem + me.certificate_pem, ""},
      {"CertificateAfterKey", "", me.certificate_pem + me.key_pem + authority.Pem(),
       me.certificate_pem + me.key_pem, ""},
      {"NoCertificate", "", "nothing", me.key_pem, "--cert: no certificate"},
      {"KeyAsCertificate", "", me.key_pem, me.key_pem, "--cert: no certificate"},
      {"HalfACertificate", "", half, me.key_pem, "--cert: no certificate"},
      {"DamagedChain", "", me.certificate_pem + damaged, me.key_pem,
       "--cert: a certificate after the first cannot be read"},
      {"NoKey", "", me.certificate_pem, "", "--key: no private key"},
      {"CertificateAsKey", "", me.certificate_pem, me.certificate_pem, "--key: no private key"},
      {"AnotherKey", "", me.certificate_pem, stranger.key_pem,
       "--key: the key is not that of the certificate (--cert)"},
      {"EncryptedKey", "", me.certificate_pem, Encrypted(me.key_pem, "secret"),
       "--key: the key is encrypted: decrypt it, e.g. openssl pkey"},
  };
}

class TlsContextFrom : public ::testing::TestWithParam<ContextCase> {};

TEST_P(TlsContextFrom, SaysWhatIsWrong) {
  v1::Transport transport;
  transport.set_ca_pem(GetParam().authorities);
  transport.set_client_certificate_pem(GetParam().certificate);
  transport.set_client_key_pem(GetParam().key);
  const absl::StatusOr<TlsContext> context = TlsContext::Make(transport);
  if (GetParam().complaint.empty()) {
    EXPECT_TRUE(context.ok()) << context.status();
  } else {
    EXPECT_EQ(context.status().code(), absl::StatusCode::kInvalidArgument);
    EXPECT_THAT(std::string(context.status().message()),
                ::testing::StartsWith(GetParam().complaint));
  }
}
INSTANTIATE_TEST_SUITE_P(All, TlsContextFrom, ::testing::ValuesIn(Cases()), NameOf<ContextCase>);

}  // namespace
}  // namespace squall::testing
