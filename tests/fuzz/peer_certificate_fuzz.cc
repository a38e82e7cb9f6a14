// A certificate that somebody shows, in whatever state: a good one with bytes changed, or any
// bytes.
//
// Properties: nothing but the one that was signed is believed; what is said of any other is short
// and can be printed.
#include <cstddef>
#include <cstdint>
#include <string>

#include "common/check.h"
#include "common/values.h"
#include "common/x509_read.h"
#include "common/x509_trust.h"
#include "controller/certs_x509.h"

namespace squall {
namespace {

const absl::Time kNow = absl::FromUnixSeconds(1'795'500'000);

struct Fixture {
  Fixture() {
    const Lifetime lifetime = {kNow - absl::Hours(1), kNow + absl::Hours(1)};
    const CertificateAndKey authority = *MakeAuthority(lifetime);
    trust.emplace(*X509Trust::Make(authority.certificate, ""));
    good = Issue(authority, {"ann", Role::kRun}, lifetime)->certificate;
    const auto contents = ReadPem(good);
    unsigned char* bytes = nullptr;
    const int size = i2d_X509(contents->certificates.front().get(), &bytes);
    der.assign(reinterpret_cast<char*>(bytes), static_cast<size_t>(size));
    OPENSSL_free(bytes);
  }
  std::optional<X509Trust> trust;
  std::string good;
  std::string der;
};

void Check(const Fixture& fixture, const std::string& pem) {
  const auto judged = fixture.trust->Judge(pem, TlsSide::kClient, kNow);
  if (judged.ok()) {
    SQUALL_CHECK(*judged == (PeerIdentity{"ann", Role::kRun}));
    return;
  }
  const std::string words(judged.status().message());
  SQUALL_CHECK(IsUtf8(words) && words.size() < 2000);
  for (const char c : words) SQUALL_CHECK(static_cast<unsigned char>(c) >= 0x20);
}

void Test(const uint8_t* data, size_t size) {
  static const Fixture fixture;
  Check(fixture, std::string(reinterpret_cast<const char*>(data), size));
  // Pairs of a place and what is added to the byte there.
  std::string der = fixture.der;
  for (size_t i = 0; i + 2 < size; i += 3) {
    const size_t place = (size_t{data[i]} << 8 | data[i + 1]) % der.size();
    der[place] = static_cast<char>(der[place] + static_cast<char>(data[i + 2]));
  }
  const auto* bytes = reinterpret_cast<const unsigned char*>(der.data());
  const X509Certificate certificate(d2i_X509(nullptr, &bytes, static_cast<long>(der.size())));
  if (certificate != nullptr) Check(fixture, PemOf(certificate.get()));
}

}  // namespace
}  // namespace squall

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  squall::Test(data, size);
  return 0;
}
