// Who is heard at an agent's control port, over real connections; and what the others are told.

#include "agent/control_server.h"

#include <filesystem>
#include <unistd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <spdlog/spdlog.h>

#include "absl/time/clock.h"
#include "common/mutex.h"
#include "common/tls_files.h"
#include "controller/certs_folder.h"
#include "tests/support/control_caller.h"
#include "tests/unit/raw_client.h"

namespace squall {
namespace {

using testing::Call;
using testing::CallOutcome;
using ::testing::HasSubstr;

constexpr absl::Duration kDay = absl::Hours(24);

class ControlServerTest : public ::testing::Test {
 protected:
  ControlServerTest()
      : path_(::testing::TempDir() + "/control_server_" + std::to_string(getpid())),
        own_(MakeAuthority("own")),
        other_(MakeAuthority("other")),
        agent_(Open(own_, "lon-1", Role::kAgent)) {
    spdlog::set_level(spdlog::level::off);
  }
  ~ControlServerTest() override {
    server_.reset();
    spdlog::set_level(level_);
    std::filesystem::remove_all(path_);
  }

  CertsFolder MakeAuthority(const std::string& name) const {
    std::filesystem::create_directories(path_);
    std::filesystem::remove_all(path_ + "/" + name);
    return *CertsFolder::Create(path_ + "/" + name, 10 * kDay, absl::Now());
  }

  static std::shared_ptr<TlsFiles> Open(const CertsFolder& folder, const std::string& name,
                                        Role role, absl::Time now = absl::Now(),
                                        const std::string& revoked = "") {
    return *TlsFiles::Open(*folder.Issue({name, role}, kDay, false, now), revoked);
  }

  // An agent that answers each Hello by the name of whoever says it.
  void Listen(std::shared_ptr<TlsFiles> files) {
    auto server = ControlServer::Listen(
        *ParseListenAddress("127.0.0.1:0"), std::move(files), [this](LinkEvent event) {
          const auto* said = std::get_if<LinkMessage>(&event);
          if (said == nullptr) return;
          v1::AgentMessage answer;
          const PeerIdentity who = said->link->identity();
          answer.mutable_welcome()->set_name(
              who.name.empty() ? "nobody" : who.name + " " + std::string(NameOf(who.role)));
          said->link->Send(std::move(answer));
          said->link->Finish();
          MutexLock lock(mutex_);
          ++heard_;
        });
    ASSERT_TRUE(server.ok()) << server.status();
    server_ = *std::move(server);
  }
  int heard() {
    MutexLock lock(mutex_);
    return heard_;
  }

  const spdlog::level::level_enum level_ = spdlog::get_level();
  const std::string path_;
  const CertsFolder own_;
  const CertsFolder other_;
  const std::shared_ptr<TlsFiles> agent_;
  Mutex mutex_;
  int heard_ ABSL_GUARDED_BY(mutex_) = 0;
  std::unique_ptr<ControlServer> server_;
};

TEST_F(ControlServerTest, WhoIsOfItsAuthorityIsHeard) {
  Listen(agent_);
  EXPECT_EQ(Call(server_->address(), Open(own_, "ann", Role::kRun)).answer, "ann run");
  EXPECT_EQ(Call(server_->address(), Open(own_, "bob", Role::kView)).answer, "bob view");
  EXPECT_EQ(heard(), 2);
}

TEST_F(ControlServerTest, WithoutTlsAnybodyIsHeard) {
  Listen(nullptr);
  const CallOutcome outcome = Call(server_->address(), nullptr);
  EXPECT_EQ(outcome.answer, "nobody");
  EXPECT_EQ(outcome.refusal, "");
}

TEST_F(ControlServerTest, WhoIsNotHeardIsToldWhy) {
  const absl::Time now = absl::Now();
  const struct {
    const char* name;
    std::shared_ptr<TlsFiles> files;
    const char* want;
  } cases[] = {
      {"plain to TLS", nullptr, "refuses this controller: TLS is spoken here alone: give --tls"},
      {"wrong authority", Open(other_, "ann", Role::kRun),
       "cannot be trusted: the certificate \"lon-1\" is not of an authority"},
      {"expired", Open(own_, "late", Role::kRun, now - 3 * kDay),
       "refuses this controller: the certificate \"late\" expired on"},
      {"not yet valid", Open(own_, "early", Role::kRun, now + 3 * kDay),
       "refuses this controller: the certificate \"early\" is not valid before"},
      {"an agent's", Open(own_, "posing", Role::kAgent),
       "refuses this controller: the certificate \"posing\" is an agent's, not a controller's"},
  };
  Listen(agent_);
  for (const auto& c : cases) {
    const CallOutcome outcome = Call(server_->address(), c.files);
    EXPECT_FALSE(outcome.heard) << c.name;
    EXPECT_THAT(outcome.refusal, HasSubstr(c.want)) << c.name;
  }
  EXPECT_EQ(heard(), 0);
}

TEST_F(ControlServerTest, TlsToPlain) {
  Listen(nullptr);
  const CallOutcome outcome = Call(server_->address(), Open(own_, "ann", Role::kRun));
  EXPECT_FALSE(outcome.heard);
  EXPECT_THAT(outcome.refusal, HasSubstr("does not speak TLS: start it with --tls"));
}

TEST_F(ControlServerTest, AgentsThatAreNotBelieved) {
  const auto ann = Open(own_, "ann", Role::kRun);
  const struct {
    const char* name;
    std::shared_ptr<TlsFiles> files;
    const char* want;
  } cases[] = {
      {"wrong authority", Open(other_, "lon-1", Role::kAgent), "is not of an authority"},
      {"expired", Open(own_, "late", Role::kAgent, absl::Now() - 3 * kDay), "\"late\" expired on"},
      {"a controller's", Open(own_, "bob", Role::kRun),
       "\"bob\" is a controller's, not an agent's"},
  };
  for (const auto& c : cases) {
    Listen(c.files);
    const CallOutcome outcome = Call(server_->address(), ann);
    EXPECT_FALSE(outcome.heard) << c.name;
    EXPECT_THAT(outcome.refusal, HasSubstr("cannot be trusted: the certificate")) << c.name;
    EXPECT_THAT(outcome.refusal, HasSubstr(c.want)) << c.name;
  }
  EXPECT_EQ(heard(), 0);
}

TEST_F(ControlServerTest, WhoIsRevokedMeanwhileIsNotHeardAnyMore) {
  Listen(Open(own_, "lon-2", Role::kAgent, absl::Now(), path_ + "/own/revoked.pem"));
  const auto ann = Open(own_, "ann", Role::kRun);
  EXPECT_EQ(Call(server_->address(), ann).answer, "ann run");
  ASSERT_TRUE(own_.Revoke({"ann"}, absl::Now()).ok());
  std::string refusal;
  EXPECT_TRUE(Eventually([&] {
    refusal = Call(server_->address(), ann).refusal;
    return !refusal.empty();
  }));
  EXPECT_THAT(refusal, HasSubstr("the certificate \"ann\" is revoked"));
}

// The server's own certificate changes under it.
TEST_F(ControlServerTest, ARenewedCertificateIsShown) {
  Listen(agent_);
  const auto before = agent_->Current()->number;
  ASSERT_TRUE(own_.Issue({"lon-1", Role::kAgent}, kDay, /*renew=*/true, absl::Now()).ok());
  ASSERT_TRUE(Eventually([&] { return agent_->Current()->number > before; }));
  EXPECT_EQ(Call(server_->address(), Open(own_, "ann", Role::kRun)).answer, "ann run");
}

}  // namespace
}  // namespace squall
