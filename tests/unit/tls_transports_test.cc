// What every transport must make of what servers do with TLS.
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "agent/curl_transport.h"
#include "agent/http1_transport.h"
#include "tests/support/certificates.h"
#include "tests/support/nginx.h"
#include "tests/support/tls_answerer.h"
#include "tests/support/transport_runner.h"

namespace squall::testing {
namespace {

struct Way {
  std::string name;
  TransportFactory factory;
};
void PrintTo(const Way& way, std::ostream* out) { *out << way.name; }

class ClientCertificate : public ::testing::TestWithParam<Way> {
 protected:
  void SetUp() override {
    if (!Nginx::Installed()) GTEST_SKIP() << "nginx is not installed";
  }

  static v1::Plan PlanWith(const Nginx& nginx, const std::string& certificate,
                           const std::string& key) {
    v1::Plan plan = SimplePlan();
    plan.mutable_transport()->set_ca_pem(nginx.CertificatePem());
    plan.mutable_transport()->set_client_certificate_pem(certificate);
    plan.mutable_transport()->set_client_key_pem(key);
    return plan;
  }

  const Authority authority_{"authority"};
  const Authority other_{"other"};
  const Identity me_ = authority_.Issue("DNS:me.test");
  const Identity stranger_ = other_.Issue("DNS:stranger.test");
};

TEST_P(ClientCertificate, IsWhatTheServerDecidesBy) {
  for (const char* version : {"TLSv1.2", "TLSv1.3"}) {
    SCOPED_TRACE(version);
    const Nginx nginx("ssl", {version, authority_.Pem()});
    const auto ask = [&](const std::string& certificate, const std::string& key) {
      const v1::Plan plan = PlanWith(nginx, certificate, key);
      const std::vector<Seen> seen =
          SendAll(GetParam().factory, plan, 2, std::vector<std::string>(4, nginx.Url("https")));
      std::vector<uint32_t> statuses;
      for (const Seen& one : seen) statuses.push_back(one.status);
      return statuses;
    };
    EXPECT_THAT(ask(me_.certificate_pem, me_.key_pem), ::testing::ElementsAre(200, 200, 200, 200));
    const std::string both = me_.key_pem + me_.certificate_pem;
    EXPECT_THAT(ask(both, both), ::testing::Each(200));
    EXPECT_THAT(ask("", ""), ::testing::ElementsAre(400, 400, 400, 400));
    EXPECT_THAT(ask(stranger_.certificate_pem, stranger_.key_pem), ::testing::Each(400));
  }
}

// Http1 is not made before there is a TlsContext, which says the same.
TEST(CurlTransport, RefusesAClientCertificateThatCannotBeUsed) {
  const Authority authority("authority");
  v1::Plan plan = SimplePlan();
  plan.mutable_transport()->set_client_certificate_pem(authority.Issue("DNS:a").certificate_pem);
  plan.mutable_transport()->set_client_key_pem(authority.Issue("DNS:b").key_pem);
  class Ignore final : public Transport::Sink {
    void OnOutcome(uint32_t, Nanos, const Outcome&) noexcept override {}
    void OnBatch() noexcept override {}
    void OnConnecting(uint32_t) noexcept override {}
  } sink;
  Network network;
  EXPECT_EQ(MakeCurlTransport({plan, network, nullptr, sink, 1}).status().message(),
            "--key: the key is not that of the certificate (--cert)");
}

struct Ending {
  const char* name;
  TlsAnswer answer;
  v1::FailureKind kind;
  uint32_t status = 0;
};

class TlsEnding : public ::testing::TestWithParam<Way> {};

TEST_P(TlsEnding, HasItsOutcome) {
  using End = TlsAnswer::End;
  const std::string until_close = "HTTP/1.1 200 OK\r\n\r\nhello";
  const std::string chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n";
  const std::string whole = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";
  const std::string half = "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello";
  const std::string long_body =
      "HTTP/1.1 200 OK\r\nContent-Length: 9000\r\n\r\n" + std::string(9000, 'x');
  const auto none = v1::FAILURE_KIND_NONE;
  const auto incomplete = v1::FAILURE_KIND_INCOMPLETE;
  const auto closed = v1::FAILURE_KIND_CLOSED_BEFORE_RESPONSE;
  const Authority authority("authority");
  const Identity identity = authority.Issue("IP:127.0.0.1");
  v1::Plan plan = SimplePlan();
  plan.mutable_transport()->set_ca_pem(authority.Pem());
  for (int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    for (const Ending& test : {
             Ending{"UntilGoodbye", {until_close, End::kGoodbye}, none, 200},
             Ending{"UntilCut", {until_close, End::kCut}, incomplete},
             Ending{"UntilRubbish", {until_close, End::kRubbish}, v1::FAILURE_KIND_TLS},
             Ending{"ChunkedThenCut", {chunked + "0\r\n\r\n", End::kCut}, none, 200},
             Ending{"ChunkedCut", {chunked, End::kCut}, incomplete},
             Ending{"ChunkedGoodbye", {chunked, End::kGoodbye}, incomplete},
             Ending{"WholeThenCut", {whole, End::kCut}, none, 200},
             Ending{"ManySmallRecords", {long_body, End::kNone, 10}, none, 200},
             Ending{"HalfCut", {half, End::kCut}, incomplete},
             Ending{"HalfGoodbye", {half, End::kGoodbye}, incomplete},
             Ending{"HalfRubbish", {half, End::kRubbish}, v1::FAILURE_KIND_TLS},
             Ending{"NoContentThenCut", {"HTTP/1.1 204 No\r\n\r\n", End::kCut}, none, 204},
             Ending{"NothingCut", {"", End::kCut}, closed},
             Ending{"NothingGoodbye", {"", End::kGoodbye}, closed},
             Ending{"NothingRubbish", {"", End::kRubbish}, v1::FAILURE_KIND_TLS},
         }) {
      SCOPED_TRACE(::testing::Message() << test.name << ", version " << version);
      const TlsAnswerer server({identity, version}, test.answer);
      const Seen seen = SendOne(GetParam().factory, plan, server.Url());
      EXPECT_EQ(v1::FailureKind_Name(seen.kind), v1::FailureKind_Name(test.kind)) << seen.detail;
      EXPECT_EQ(seen.status, test.status);
    }
  }
}

const auto kWays =
    ::testing::Values(Way{"Curl", &MakeCurlTransport}, Way{"Http1", &MakeHttp1Transport});
std::string NameOf(const ::testing::TestParamInfo<Way>& way) { return way.param.name; }
INSTANTIATE_TEST_SUITE_P(Transports, ClientCertificate, kWays, NameOf);
INSTANTIATE_TEST_SUITE_P(Transports, TlsEnding, kWays, NameOf);

}  // namespace
}  // namespace squall::testing
