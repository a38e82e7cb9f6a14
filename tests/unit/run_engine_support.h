// A run's engine with real workers against a server in this process, for tests.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <thread>
#include <utility>
#include <variant>
#include <vector>

#include <gtest/gtest.h>

#include "agent/run_engine.h"
#include "common/mailbox.h"
#include "common/metrics.h"
#include "common/span.h"
#include "target/server.h"

namespace squall {

inline constexpr Nanos kDeadline = 30 * kSecond;

inline uint64_t Total(const std::vector<Span>& runs) {
  uint64_t total = 0;
  for (const Span& run : runs) total += run.count;
  return total;
}

class RunEngineTest : public ::testing::Test {
 protected:
  void Serve(target::Options options = {}) {
    options.listen = "127.0.0.1:0";
    auto server = target::Server::Start(options);
    ASSERT_TRUE(server.ok()) << server.status();
    server_ = *std::move(server);
  }

  v1::Prepare Prepare(uint32_t concurrency) {
    v1::Prepare prepare;
    prepare.set_concurrency(concurrency);
    v1::Plan& plan = *prepare.mutable_plan();
    plan.mutable_request()->set_method("GET");
    plan.mutable_request()->set_url(server_->url() + "/");
    plan.add_phases()->set_measured(true);
    plan.mutable_phases(0)->set_drain_ns(10 * kSecond);
    plan.set_concurrency(concurrency);
    plan.mutable_transport()->set_kind(v1::TRANSPORT_KIND_HTTP1);
    plan.mutable_transport()->set_no_probe(true);  // servers count their connections
    plan.mutable_transport()->set_http_version(v1::HTTP_VERSION_1_1);
    plan.mutable_transport()->set_streams(1);
    plan.mutable_transport()->set_timeout_ns(10 * kSecond);
    return prepare;
  }

  // Puts a phase in front that lasts so long.
  static void WarmUp(v1::Prepare& prepare, Nanos duration) {
    v1::Plan& plan = *prepare.mutable_plan();
    *plan.add_phases() = plan.phases(0);
    plan.mutable_phases(0)->Clear();
    plan.mutable_phases(0)->set_duration_ns(duration);
  }

  void Make(const v1::Prepare& prepare, uint32_t threads) {
    auto engine =
        RunEngine::Create(prepare, ListText(), "", threads, policy_,
                          [this](RunEngine::Event event) { mailbox_.Push(std::move(event)); });
    ASSERT_TRUE(engine.ok()) << engine.status();
    engine_ = *std::move(engine);
  }

  void Start(Nanos at = SteadyNow(), Nanos lease_until = kForever) {
    engine_->Start(at, lease_until);
  }
  void Grant(size_t phase, const std::vector<Span>& spans, bool exhausted, bool again = false) {
    engine_->Grant(phase, spans, exhausted, again);
  }

  // The next snapshot; on the way `attention` is noted.
  RunEngine::Collected Snapshot() {
    engine_->RequestSnapshot(true);
    RunEngine::Collected collected;
    const Nanos deadline = SteadyNow() + kDeadline;
    while (std::optional<RunEngine::Event> event = mailbox_.PopUntil(deadline)) {
      if (std::holds_alternative<RunEngine::Attention>(*event)) {
        ++attention_;
      } else if (engine_->Collect(std::get<Worker::Listener::Swapped>(std::move(*event)),
                                  collected)) {
        return collected;
      }
    }
    ADD_FAILURE() << "no snapshot";
    return collected;
  }

  // Snapshots until `count` numbers are held; their sum of runs.
  std::vector<Span> HoldAll(uint64_t count) {
    std::vector<uint64_t> numbers;
    const Nanos deadline = SteadyNow() + kDeadline;
    while (numbers.size() < count && SteadyNow() < deadline) {
      const auto runs = RunsFromProto(Snapshot().snapshots[0].held());
      for (const Span& run : *runs) {
        for (uint64_t i = 0; i < run.count; ++i) numbers.push_back(run.first + i * run.stride);
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    return *ToRuns(numbers, 1);
  }

  // Number n of the phase is due n / `rate` seconds after its beginning.
  static void SetRate(v1::Prepare& prepare, int phase, uint64_t rate) {
    v1::Arrivals& arrivals = *prepare.mutable_plan()->mutable_phases(phase)->mutable_arrivals();
    arrivals.set_process(v1::ARRIVAL_PROCESS_CONSTANT);
    arrivals.set_rate_nano(rate * 1'000'000'000);
  }

  // What all snapshots so far tell of a phase.
  struct Tally {
    std::vector<uint64_t> held;
    uint64_t unsent = 0;
    uint64_t dropped = 0;
    Nanos oldest_unsent = 0;
    Metrics metrics;
  };
  // Takes a snapshot; true when nothing more is to come.
  bool Tell() {
    const RunEngine::Collected collected = Snapshot();
    EXPECT_TRUE(collected.status.ok()) << collected.status;
    for (const v1::Snapshot& snapshot : collected.snapshots) {
      if (snapshot.phase() >= tallies_.size()) tallies_.resize(snapshot.phase() + 1);
      Tally& tally = tallies_[snapshot.phase()];
      const auto held = RunsFromProto(snapshot.held());
      for (const Span& run : *held) {
        for (uint64_t i = 0; i < run.count; ++i) tally.held.push_back(run.first + i * run.stride);
      }
      tally.unsent += Total(*RunsFromProto(snapshot.unsent()));
      tally.dropped += Total(*RunsFromProto(snapshot.dropped()));
      tally.oldest_unsent = std::max<Nanos>(tally.oldest_unsent, snapshot.oldest_unsent_ns());
      const absl::StatusOr<Metrics> metrics = Metrics::FromProto(snapshot.metrics());
      EXPECT_TRUE(metrics.ok()) << metrics.status();
      tally.metrics.Merge(*metrics);
      concurrency_ = snapshot.concurrency();
      began_ = snapshot.began_ns();
    }
    return collected.finished;
  }
  void TellToTheEnd() {
    ASSERT_TRUE(Eventually([&] { return Tell(); }));
  }
  template <typename Condition>
  static bool Eventually(Condition condition) {
    const Nanos deadline = SteadyNow() + kDeadline;
    while (!condition()) {
      if (SteadyNow() > deadline) return false;
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    return true;
  }
  static void SleepUntil(Nanos time) {
    std::this_thread::sleep_for(std::chrono::nanoseconds(time - SteadyNow()));
  }

  std::unique_ptr<target::Server> server_;
  Mailbox<RunEngine::Event> mailbox_;
  int attention_ = 0;
  Policy policy_;
  std::unique_ptr<RunEngine> engine_;
  // Of Tell().
  std::vector<Tally> tallies_ = std::vector<Tally>(1);  // by phase
  uint32_t concurrency_ = 0;
  Nanos began_ = 0;
};

}  // namespace squall
