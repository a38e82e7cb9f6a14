// Whose certificates are believed, and what is said of those that are not.

#include "common/x509_trust.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/x509_bundle.h"
#include "controller/certs_x509.h"
#include "tests/support/certificates.h"

namespace squall {
namespace {

using ::testing::HasSubstr;

const absl::Time kNow = absl::FromUnixSeconds(1'795'500'000);
const Lifetime kLong = {kNow - absl::Hours(1), kNow + absl::Hours(24 * 365)};

CertificateAndKey Authority(const Lifetime& lifetime = kLong) { return *MakeAuthority(lifetime); }

class X509TrustTest : public ::testing::Test {
 protected:
  CertificateAndKey Make(const std::string& name, Role role, const Lifetime& lifetime = kLong) {
    return *Issue(authority_, {name, role}, lifetime);
  }
  std::string List(const std::vector<std::string>& certificates) {
    return *Revoke(authority_, "", certificates, kNow);
  }
  absl::StatusOr<PeerIdentity> Judge(const std::string& pem, const std::string& lists = "",
                                     absl::Time now = kNow) {
    const auto trust = X509Trust::Make(authority_.certificate, lists);
    if (!trust.ok()) return trust.status();
    return trust->Judge(pem, TlsSide::kClient, now);
  }

  const CertificateAndKey authority_ = Authority();
  const CertificateAndKey other_ = Authority();
};

TEST_F(X509TrustTest, EachRoleIsBelievedOnBothSides) {
  const auto trust = X509Trust::Make(authority_.certificate, "");
  ASSERT_TRUE(trust.ok()) << trust.status();
  for (const auto& [role, name] : kRoleNames) {
    for (const TlsSide side : {TlsSide::kClient, TlsSide::kServer}) {
      const auto got = trust->Judge(Make("lon-1", role).certificate, side, kNow);
      ASSERT_TRUE(got.ok()) << name << got.status();
      EXPECT_EQ(*got, (PeerIdentity{"lon-1", role})) << name;
    }
  }
}

TEST_F(X509TrustTest, WhatIsNotBelieved) {
  const absl::Time later = kNow + absl::Hours(48);
  const Lifetime past = {kNow - absl::Hours(48), kNow - absl::Hours(24)};
  const std::string good = Make("ann", Role::kRun).certificate;
  const CertificateAndKey old = *MakeAuthority({kNow - absl::Hours(48), kNow - absl::Hours(1)});
  const struct {
    const char* name;
    std::string shown;
    std::string lists;
    absl::Time now;
    const char* want;
  } cases[] = {
      {"wrong authority", Issue(other_, {"ann", Role::kRun}, kLong)->certificate, "", kNow,
       "the certificate \"ann\" is not of an authority that is trusted here"},
      {"an authority itself", authority_.certificate, "", kNow, "squall authority"},
      {"of nobody", other_.certificate, "", kNow, "is not of an authority that is trusted here"},
      {"expired", Make("ann", Role::kRun, past).certificate, "", kNow,
       "the certificate \"ann\" expired on 2026-11-23"},
      {"not yet valid", Make("ann", Role::kRun, {later, later + absl::Hours(1)}).certificate, "",
       kNow, "the certificate \"ann\" is not valid before 2026-11-26"},
      {"revoked", good, List({good}), kNow, "the certificate \"ann\" is revoked"},
      {"without a role", testing::Authority("a").Issue("DNS:h").certificate_pem, "", kNow,
       "is not of an authority"},
      {"the list is too old", good, List({}), kNow + absl::Hours(24 * 366), "ann"},
      {"no certificate", "nothing", "", kNow, "the certificate that was shown cannot be read"},
      {"nothing", "", "", kNow, "the certificate that was shown cannot be read"},
  };
  for (const auto& c : cases) {
    const auto got = Judge(c.shown, c.lists, c.now);
    EXPECT_EQ(got.status().code(), absl::StatusCode::kUnauthenticated) << c.name;
    EXPECT_THAT(std::string(got.status().message()), HasSubstr(c.want)) << c.name;
  }
}

TEST_F(X509TrustTest, OthersThanTheRevokedAreBelieved) {
  const std::string bad = Make("bad", Role::kAgent).certificate;
  const std::string worse = Make("worse", Role::kAgent).certificate;
  const std::string first = List({bad});
  const std::string second = *Revoke(authority_, first, {worse}, kNow);
  EXPECT_FALSE(Judge(bad, second).ok()) << "a list keeps what was on it";
  EXPECT_FALSE(Judge(worse, second).ok());
  EXPECT_TRUE(Judge(worse, first).ok());
  EXPECT_TRUE(Judge(Make("good", Role::kAgent).certificate, second).ok());
  EXPECT_EQ(SerialsOn(second)->size(), 2u);
  EXPECT_EQ(SerialsOn(*Revoke(authority_, second, {bad, worse}, kNow))->size(), 2u) << "once each";
}

// While one authority follows another, both are trusted.
TEST_F(X509TrustTest, TwoAuthorities) {
  const std::string both = authority_.certificate + other_.certificate;
  const std::string of_other = Issue(other_, {"bob", Role::kRun}, kLong)->certificate;
  EXPECT_TRUE(X509Trust::Make(both, "")->Judge(of_other, TlsSide::kClient, kNow).ok());
  const std::string one_list = List({});
  const auto got = X509Trust::Make(both, one_list)->Judge(of_other, TlsSide::kClient, kNow);
  EXPECT_THAT(std::string(got.status().message()), HasSubstr("has no list of the authority"));
  const std::string two_lists = one_list + *Revoke(other_, "", {}, kNow);
  EXPECT_TRUE(X509Trust::Make(both, two_lists)->Judge(of_other, TlsSide::kClient, kNow).ok());
}

TEST_F(X509TrustTest, ListsThatAreNone) {
  const struct {
    const char* name;
    std::string lists;
    const char* want;
  } cases[] = {
      {"of another authority", *Revoke(other_, "", {}, kNow), "is not of an authority"},
      {"no list", authority_.certificate, "there is no list of revoked certificates in it"},
      {"not PEM", "-----BEGIN X509 CRL-----\nAAAA\n-----END X509 CRL-----\n", "cannot be read"},
  };
  for (const auto& c : cases) {
    const auto got = X509Trust::Make(authority_.certificate, c.lists);
    EXPECT_THAT(std::string(got.status().message()), HasSubstr(c.want)) << c.name;
  }
}

TEST_F(X509TrustTest, Bundles) {
  const CertificateAndKey own = Make("lon-1", Role::kAgent);
  const std::string other_key = Make("lon-2", Role::kAgent).key;
  const std::string whole = own.certificate + own.key + authority_.certificate;
  const auto bundle = ParseBundle(whole + other_.certificate);
  ASSERT_TRUE(bundle.ok()) << bundle.status();
  EXPECT_EQ(bundle->identity, (PeerIdentity{"lon-1", Role::kAgent}));
  EXPECT_EQ(bundle->authorities_pem, authority_.certificate + other_.certificate);
  EXPECT_EQ(bundle->certificate_pem, own.certificate);

  const auto encrypted = testing::Encrypted(own.key, "secret");
  const auto without_role = testing::Authority("a").Issue("DNS:h");
  const struct {
    const char* name;
    std::string pem;
    const char* want;
  } cases[] = {
      {"nothing", "", "there is no certificate in it"},
      {"no key", own.certificate + authority_.certificate, "there is no private key in it"},
      {"no authority", own.certificate + own.key, "there is no authority in it"},
      {"another's key", own.certificate + other_key + authority_.certificate,
       "its private key is not that of its first certificate"},
      {"the authority first", authority_.certificate + own.certificate + own.key,
       "its private key is not that of its first certificate"},
      {"encrypted key", own.certificate + encrypted + authority_.certificate, "is encrypted"},
      {"no authority's", own.certificate + own.key + own.certificate,
       "the certificate \"lon-1\" in it is no authority's"},
      {"no role", without_role.certificate_pem + without_role.key_pem + authority_.certificate,
       "has no role"},
      {"cut off", whole.substr(0, 200), "cannot be read"},
  };
  for (const auto& c : cases) {
    const auto got = ParseBundle(c.pem);
    EXPECT_EQ(got.status().code(), absl::StatusCode::kInvalidArgument) << c.name;
    EXPECT_THAT(std::string(got.status().message()), HasSubstr(c.want)) << c.name;
  }
}

}  // namespace
}  // namespace squall
