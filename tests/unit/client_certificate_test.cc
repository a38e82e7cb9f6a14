// Client certificates, by every transport, to nginx with ssl_verify_client.
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "agent/curl_transport.h"
#include "tests/support/certificates.h"
#include "tests/support/nginx.h"
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

TEST_P(ClientCertificate, ThatCannotBeUsedIsRefusedBeforeTheFirstRequest) {
  const Nginx nginx("ssl");
  class Ignore final : public Transport::Sink {
    void OnOutcome(uint32_t, Nanos, const Outcome&) noexcept override {}
    void OnConnecting(uint32_t) noexcept override {}
  } sink;
  Network network;
  const v1::Plan plan = PlanWith(nginx, me_.certificate_pem, stranger_.key_pem);
  EXPECT_EQ(GetParam().factory({plan, network, nullptr, sink, 1}).status().message(),
            "--key: the key is not that of the certificate (--cert)");
}

INSTANTIATE_TEST_SUITE_P(Transports, ClientCertificate,
                         ::testing::Values(Way{"Curl", &MakeCurlTransport}),
                         [](const auto& way) { return way.param.name; });

}  // namespace
}  // namespace squall::testing
