// An agent's session on a thread of its own, for tests.
#pragma once

#include <string>
#include <thread>
#include <utility>

#include <gtest/gtest.h>
#include <spdlog/spdlog.h>

#include "agent/session.h"
#include "common/digest.h"
#include "tests/support/fake_controller.h"
#include "tests/support/transport_runner.h"

namespace squall {

class SessionTest : public ::testing::Test {
 protected:
  using Kind = v1::AgentMessage;

  explicit SessionTest(uint32_t threads = 2)
      : SessionTest(Session::Config{.name = "under test", .threads = threads}) {}
  explicit SessionTest(Session::Config config)
      : session_(std::move(config)), thread_([this] { session_.Run(); }) {}

  // Tests provoke errors by the dozen.
  void SetUp() override { spdlog::set_level(spdlog::level::off); }
  void TearDown() override {
    QuitAndJoin();
    spdlog::set_level(log_level_);
  }

  void QuitAndJoin() {
    session_.Quit();
    if (thread_.joinable()) thread_.join();
  }

  // As many requests as are granted, to `url`. The plan has two more connections than this agent.
  static v1::Prepare Share(const std::string& url, uint32_t concurrency) {
    v1::Prepare prepare;
    prepare.set_run_id("run");
    prepare.set_concurrency(concurrency);
    prepare.set_lease_ns(60 * kSecond);
    prepare.set_grace_ns(120 * kSecond);
    prepare.set_snapshot_interval_ns(kSecond);
    v1::Plan& plan = *prepare.mutable_plan();
    plan = testing::SimplePlan();
    plan.mutable_request()->set_url(url);
    v1::Phase& phase = *plan.add_phases();
    phase.set_measured(true);
    phase.set_requests(1'000'000);
    phase.set_drain_ns(60 * kSecond);
    plan.set_concurrency(concurrency + 2);
    plan.mutable_transport()->set_kind(v1::TRANSPORT_KIND_HTTP1);
    plan.mutable_transport()->set_no_probe(true);  // servers count their connections
    plan.mutable_transport()->set_timeout_ns(60 * kSecond);
    return prepare;
  }

  // The same for a list, which is to follow.
  static v1::Prepare ListShare(const std::string& text, uint64_t entries) {
    v1::Prepare prepare = Share("", 1);
    v1::UrlList& urls = *prepare.mutable_plan()->mutable_urls();
    urls.set_size_bytes(text.size());
    urls.set_sha256(Sha256Of(text));
    urls.set_entries(entries);
    urls.set_order(v1::ORDER_SEQUENTIAL);
    urls.set_name("urls.txt");
    return prepare;
  }

  // Hello to Ready.
  static void MakeReady(testing::FakeController& controller, const v1::Prepare& prepare,
                        const std::string& run_id = "run") {
    controller.Say(testing::HelloMessage("ann@lab (process 1)", kProtocolVersion, run_id));
    controller.Hear(Kind::kWelcome);
    controller.Say(testing::PrepareMessage(prepare));
    controller.Hear(Kind::kReady);
  }

  // The next controller is served up to Ready, and sent away.
  void ExpectFree() {
    testing::FakeController next(session_);
    MakeReady(next, Share("http://127.0.0.1:1/", 1), "next");
    next.Say(testing::StopMessage(0));
    next.Hear(Kind::kDone);
    next.Hear(Kind::KIND_NOT_SET);
  }

  Session session_;

 private:
  const spdlog::level::level_enum log_level_ = spdlog::get_level();
  std::thread thread_;  // last: it uses the session
};

}  // namespace squall
