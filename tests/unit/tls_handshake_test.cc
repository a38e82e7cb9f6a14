#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "agent/tls_stream.h"
#include "tests/unit/tls_support.h"

namespace squall::testing {
namespace {

using ::testing::HasSubstr;

constexpr int kVersions[] = {TLS1_2_VERSION, TLS1_3_VERSION};

struct VerificationCase {
  std::string name;
  std::string names;       // in the certificate
  std::string host;        // that the client wants
  std::string error = "";  // empty: accepted
  Authority::Lifetime lifetime = Authority::Lifetime::kGood;
  bool trusted = true;
  bool insecure = false;
};
void PrintTo(const VerificationCase& test, std::ostream* out) { *out << test.name; }

class TlsVerification : public ::testing::TestWithParam<VerificationCase> {};

TEST_P(TlsVerification, AcceptsOrSaysWhyNot) {
  const VerificationCase& test = GetParam();
  const Authority authority("authority");
  const Authority other("other");
  v1::Transport transport;
  transport.set_ca_pem((test.trusted ? authority : other).Pem());
  transport.set_insecure(test.insecure);
  const TlsContext context = ContextOf(transport);
  for (int version : kVersions) {
    SCOPED_TRACE(version);
    const TlsServer server({authority.Issue(test.names, test.lifetime), version});
    TlsServerEnd end(server);
    TlsSessions sessions;
    TlsStream client(context, sessions, end.client(), test.host, "origin");
    const Status expected = test.error.empty() ? Status::kDone : Status::kFailed;
    EXPECT_EQ(Shake(client, end), expected) << client.error();
    EXPECT_EQ(client.error(), test.error);
    if (!test.error.empty()) {
      EXPECT_EQ(sessions.size(), 0u);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(
    All, TlsVerification,
    ::testing::Values(
        VerificationCase{"Name", "DNS:a.test", "a.test"},
        VerificationCase{"NameWithTheRoot", "DNS:a.test", "a.test."},
        VerificationCase{"NameInCapitals", "DNS:a.test", "A.Test"},
        VerificationCase{"OneOfSeveral", "DNS:b.test,DNS:a.test", "a.test"},
        VerificationCase{"Wildcard", "DNS:*.a.test", "x.a.test"},
        VerificationCase{"Ipv4", "IP:127.0.0.1", "127.0.0.1"},
        VerificationCase{"Ipv6", "IP:2001:db8::1", "2001:db8:0::1"},
        VerificationCase{"AnotherName", "DNS:other.test", "api.test",
                         "certificate is for other.test, not for api.test"},
        VerificationCase{
            "ManyOtherNames", "DNS:a.test,DNS:b.test,IP:127.0.0.1,DNS:c.test,IP:2001:db8::1",
            "api.test",
            "certificate is for a.test, b.test, 127.0.0.1 and 2 more, not for api.test"},
        VerificationCase{"WildcardOfAnotherLevel", "DNS:*.a.test", "x.y.a.test",
                         "certificate is for *.a.test, not for x.y.a.test"},
        VerificationCase{"PartOfAWildcard", "DNS:x*.a.test", "xy.a.test",
                         "certificate is for x*.a.test, not for xy.a.test"},
        VerificationCase{"AnotherIpv4", "IP:127.0.0.2,DNS:127.0.0.1", "127.0.0.1",
                         "certificate is for 127.0.0.2, 127.0.0.1, not for 127.0.0.1"},
        VerificationCase{"NoNames", "email:a@a.test", "a.test",
                         "certificate is for squalltest, not for a.test"},
        VerificationCase{"UnprintableName", "DNS:a\x1b[31m.test", "a.test",
                         "certificate is for a[31m.test, not for a.test"},
        VerificationCase{"LongName", "DNS:" + std::string(100, 'x'), "a.test",
                         "certificate is for " + std::string(64, 'x') + ", not for a.test"},
        VerificationCase{"Expired", "DNS:a.test", "a.test",
                         "certificate of a.test: certificate has expired",
                         Authority::Lifetime::kExpired},
        VerificationCase{"UnknownAuthority", "DNS:a.test", "a.test",
                         "certificate of a.test: unable to get local issuer certificate: give its "
                         "authority by --cacert",
                         Authority::Lifetime::kGood, false},
        VerificationCase{"Insecure", "DNS:other.test", "a.test", "", Authority::Lifetime::kExpired,
                         false, true}),
    NameOf<VerificationCase>);

TEST(TlsHandshake, TellsTheServerNamesButNotAddresses) {
  TlsPair pair;
  for (const auto& [host, told] : {std::pair("a.test", "a.test"), std::pair("a.test.", "a.test"),
                                   std::pair("127.0.0.1", "")}) {
    SCOPED_TRACE(host);
    TlsServerEnd end(pair.server);
    TlsStream client(pair.context, pair.sessions, end.client(), host, host);
    EXPECT_EQ(Shake(client, end), Status::kDone) << client.error();
    EXPECT_EQ(end.server_name(), told);
  }
}

TEST(TlsHandshake, SelfSignedCertificatesAreTrustedOnlyByName) {
  const Authority alone("alone");
  const Identity identity = alone.Issue("DNS:a.test");
  const TlsServer server({identity});
  TlsServerEnd end(server);
  TlsSessions sessions;
  const TlsContext context = Trusting(identity.certificate_pem);
  TlsStream client(context, sessions, end.client(), "a.test", "origin");
  EXPECT_EQ(Shake(client, end), Status::kDone) << client.error();
}

TEST(TlsHandshake, AgreesToHttp11) {
  const Authority authority("authority");
  const TlsContext context = Trusting(authority.Pem());
  for (const auto& [offered, error] :
       {std::pair("http/1.1", ""), std::pair("", ""),
        std::pair("h2", "no protocol in common: the server does not speak HTTP/1.1 here")}) {
    SCOPED_TRACE(offered);
    const TlsServer server({authority.Issue("DNS:a.test"), 0, "", offered});
    TlsServerEnd end(server);
    TlsSessions sessions;
    TlsStream client(context, sessions, end.client(), "a.test", "origin");
    Shake(client, end);
    EXPECT_EQ(client.error(), error);
    if (*error == '\0') {
      EXPECT_EQ(end.protocol(), offered);
    }
  }
}

TEST(TlsHandshake, FailsWithoutAVersionInCommon) {
  TlsPair pair(TLS1_3_VERSION);
  SSL_CTX_set_max_proto_version(pair.context.get(), TLS1_2_VERSION);
  pair.Connect();
  EXPECT_EQ(Shake(*pair.client, *pair.end), Status::kFailed);
  EXPECT_EQ(pair.client->error(), "no TLS version in common");
}

struct ClientCase {
  std::string name;
  bool shown;
  bool of_the_right_authority;
  std::string error;
};
void PrintTo(const ClientCase& test, std::ostream* out) { *out << test.name; }

class TlsClientCertificate : public ::testing::TestWithParam<ClientCase> {};

// TLS 1.3's client is done before the server has looked at its certificate: what the server says of
// it comes by Read().
TEST_P(TlsClientCertificate, IsShownWhenAsked) {
  const Authority authority("authority");
  const Authority other("other");
  const Identity me = (GetParam().of_the_right_authority ? authority : other).Issue("DNS:me.test");
  v1::Transport transport;
  transport.set_ca_pem(authority.Pem());
  if (GetParam().shown) {
    transport.set_client_certificate_pem(me.certificate_pem);
    transport.set_client_key_pem(me.key_pem);
  }
  const TlsContext context = ContextOf(transport);
  for (int version : kVersions) {
    SCOPED_TRACE(version);
    const TlsServer server({authority.Issue("DNS:a.test"), version, authority.Pem()});
    TlsServerEnd end(server);
    TlsSessions sessions;
    TlsStream client(context, sessions, end.client(), "a.test", "origin");
    if (Shake(client, end) == Status::kDone) {
      end.Turn();
      std::string heard;
      const Status status = Drain(client, heard).status;
      EXPECT_EQ(status, GetParam().error.empty() ? Status::kWantRead : Status::kFailed);
    }
    EXPECT_EQ(client.error(), GetParam().error);
    EXPECT_EQ(end.established(), GetParam().error.empty());
  }
}

INSTANTIATE_TEST_SUITE_P(
    All, TlsClientCertificate,
    ::testing::Values(ClientCase{"Good", true, true, ""},
                      ClientCase{"Missing", false, true,
                                 "server asks for a client certificate: give one by --cert"},
                      ClientCase{"OfAnotherAuthority", true, false, "server's alert: unknown CA"}),
    NameOf<ClientCase>);

class TlsResumption : public ::testing::TestWithParam<int> {};

TEST_P(TlsResumption, TakesTheSessionOfItsOriginUpAgain) {
  TlsPair pair(GetParam());
  pair.Establish();
  EXPECT_FALSE(pair.client->resumed());
  for (int again = 0; again < 3; ++again) {
    pair.Connect();
    pair.Establish();
    EXPECT_TRUE(pair.client->resumed());
    EXPECT_TRUE(pair.end->resumed());
  }
  EXPECT_EQ(pair.sessions.size(), 1u);

  pair.Connect("a.test:8443");
  pair.Establish();
  EXPECT_FALSE(pair.client->resumed());
  EXPECT_EQ(pair.sessions.size(), 2u);
}

TEST_P(TlsResumption, IsNotTriedAgainAfterAFailure) {
  TlsPair pair(GetParam());
  pair.Establish();
  pair.Connect();
  pair.end->SayRaw("HTTP/1.1 400 Bad Request\r\n\r\n");
  EXPECT_EQ(Shake(*pair.client, *pair.end), Status::kFailed);
  EXPECT_EQ(pair.sessions.size(), 0u);
}

INSTANTIATE_TEST_SUITE_P(Versions, TlsResumption, ::testing::ValuesIn(kVersions),
                         [](const ::testing::TestParamInfo<int>& version) {
                           return version.param == TLS1_2_VERSION ? "Tls12" : "Tls13";
                         });

struct BrokenCase {
  std::string name;
  std::string said;
  bool closed;
  std::string error;
};
void PrintTo(const BrokenCase& test, std::ostream* out) { *out << test.name; }

class TlsBrokenHandshake : public ::testing::TestWithParam<BrokenCase> {};

TEST_P(TlsBrokenHandshake, Fails) {
  TlsPair pair;
  EXPECT_EQ(pair.client->Handshake(), Status::kWantRead);
  pair.end->SayRaw(GetParam().said);
  if (!GetParam().said.empty()) pair.end->Turn(GetParam().said.size());
  if (GetParam().closed) pair.end->Close();
  Status status = pair.client->Handshake();
  if (status == Status::kWantRead) status = pair.client->Handshake();  // what is behind the bytes
  EXPECT_EQ(status, Status::kFailed);
  EXPECT_THAT(std::string(pair.client->error()), HasSubstr(GetParam().error));
}

INSTANTIATE_TEST_SUITE_P(
    All, TlsBrokenHandshake,
    ::testing::Values(BrokenCase{"PlainHttp", "HTTP/1.1 400 Bad Request\r\n\r\n", false,
                                 "the server does not speak TLS here"},
                      BrokenCase{"Rubbish", "Who is there? Nobody.", false,
                                 "the server does not speak TLS here"},
                      BrokenCase{"ClosedAtOnce", "", true, "during the TLS handshake"},
                      BrokenCase{"ClosedWithinARecord", std::string("\x16\x03\x03\x00\x50\x02", 6),
                                 true, "connection closed during the TLS handshake"},
                      BrokenCase{"Goodbye", std::string("\x15\x03\x03\x00\x02\x01\x00", 7), true,
                                 "connection closed during the TLS handshake"},
                      BrokenCase{"Alert", std::string("\x15\x03\x03\x00\x02\x02\x28", 7), true,
                                 "server's alert: handshake failure"}),
    NameOf<BrokenCase>);

}  // namespace
}  // namespace squall::testing
