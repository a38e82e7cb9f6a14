// What a worker allocates for a request once it is warm. A program of its own, as it takes the
// place of malloc.
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <variant>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "agent/curl_tag.h"
#include "agent/run_engine.h"
#include "common/mailbox.h"
#include "target/server.h"
#include "tests/support/nginx.h"

namespace {
thread_local uint64_t allocations = 0;
}  // namespace

// glibc's own, which it keeps for this purpose.
extern "C" {
void* __libc_malloc(size_t size);
void* __libc_calloc(size_t count, size_t size);
void* __libc_realloc(void* memory, size_t size);

void* malloc(size_t size) {
  ++allocations;
  return __libc_malloc(size);
}
void* calloc(size_t count, size_t size) {
  ++allocations;
  return __libc_calloc(count, size);
}
void* realloc(void* memory, size_t size) {
  ++allocations;
  return __libc_realloc(memory, size);
}
}

namespace squall {
namespace {

// A histogram takes memory for a range of values when the first of them comes, and a machine that
// is busy with something else has answers later than ever before.
constexpr uint64_t kNewMagnitudes = 20;

struct Result {
  uint64_t requests = 0;
  uint64_t allocations = 0;
};

// One worker at work, and what its thread allocates between the snapshots that are taken of it.
class Engine {
 public:
  Engine(const v1::Prepare& prepare, std::string list, std::string feeder = "") {
    const bool listed = prepare.plan().has_urls();
    absl::StatusOr<ListText> text = ListText();
    if (listed) text = ListText::InMemory(std::move(list), "list", prepare.plan().request().url());
    auto engine = RunEngine::Create(prepare, *std::move(text), std::move(feeder), 1, Policy(),
                                    [this](RunEngine::Event event) { Take(std::move(event)); });
    if (!engine.ok()) {
      ADD_FAILURE() << engine.status();
      return;
    }
    engine_ = *std::move(engine);
    engine_->Start(SteadyNow(), kForever);
    engine_->Grant(0, {{0, 1, 1'000'000'000}}, false, false);
  }

  // What happens in so much time.
  Result Run(std::chrono::milliseconds time) {
    std::this_thread::sleep_for(time);
    engine_->RequestSnapshot(true);
    RunEngine::Collected collected;
    while (std::optional<News> news = mailbox_.PopUntil(SteadyNow() + 30 * kSecond)) {
      auto* swapped = std::get_if<Worker::Listener::Swapped>(&news->event);
      if (swapped == nullptr || !engine_->Collect(std::move(*swapped), collected)) continue;
      Result result{.allocations = news->allocated};
      for (const v1::Snapshot& snapshot : collected.snapshots) {
        result.requests += snapshot.metrics().succeeded();
        EXPECT_EQ(snapshot.metrics().failed(), 0u);
        for (const v1::RequestMetrics& of : snapshot.requests()) {
          result.requests += of.metrics().succeeded();
        }
      }
      return result;
    }
    ADD_FAILURE() << "no snapshot";
    return {};
  }

 private:
  struct News {
    RunEngine::Event event;
    uint64_t allocated = 0;  // since the last swap
  };

  // On the worker's thread: passing the news on is not counted.
  void Take(RunEngine::Event event) {
    allocated_ += allocations - before_;
    const bool swapped = std::holds_alternative<Worker::Listener::Swapped>(event);
    mailbox_.Push({std::move(event), allocated_});
    if (swapped) allocated_ = 0;
    before_ = allocations;
  }

  Mailbox<News> mailbox_;
  uint64_t before_ = 0;
  uint64_t allocated_ = 0;
  std::unique_ptr<RunEngine> engine_;
};

v1::Prepare PrepareFor(const std::string& url, uint32_t concurrency) {
  v1::Prepare prepare;
  prepare.set_concurrency(concurrency);
  v1::Plan& plan = *prepare.mutable_plan();
  plan.set_concurrency(concurrency);
  plan.mutable_request()->set_method("GET");
  plan.mutable_request()->set_url(url);
  plan.add_phases()->set_measured(true);
  plan.mutable_transport()->set_kind(v1::TRANSPORT_KIND_HTTP1);
  plan.mutable_transport()->set_http_version(v1::HTTP_VERSION_1_1);
  plan.mutable_transport()->set_streams(1);
  plan.mutable_transport()->set_timeout_ns(10 * kSecond);
  return prepare;
}

// Once its buffers have grown to what longer intervals need.
Result WhenWarm(const v1::Prepare& prepare, std::string list = "", std::string feeder = "") {
  using std::chrono::milliseconds;
  Engine engine(prepare, std::move(list), std::move(feeder));
  for (int i = 0; i < 6; ++i) engine.Run(milliseconds(400));
  Result sum;
  for (int i = 0; i < 10; ++i) {
    const Result result = engine.Run(milliseconds(50));
    sum.requests += result.requests;
    sum.allocations += result.allocations;
  }
  EXPECT_GT(sum.requests, 2'000u);
  return sum;
}

class Allocations : public ::testing::Test {
 protected:
  Allocations() {
    target::Options options;
    options.listen = "127.0.0.1:0";
    server_ = std::move(target::Server::Start(options)).value();
  }

  std::unique_ptr<target::Server> server_;
};

TEST_F(Allocations, AreCounted) {
  const uint64_t before = allocations;
  std::make_unique<std::string>(1000, ' ')->size();
  EXPECT_GE(allocations - before, 2u);
}

TEST_F(Allocations, OneUrlNeedsNone) {
  EXPECT_LE(WhenWarm(PrepareFor(server_->url() + "/", 20)).allocations, kNewMagnitudes);
}

TEST_F(Allocations, ATagNeedsNone) {
  v1::Prepare prepare = PrepareFor(server_->url() + "/", 20);
  prepare.set_run_id("20261124T023500Z-1a2b");
  prepare.mutable_plan()->mutable_request()->set_tag(true);
  EXPECT_LE(WhenWarm(prepare).allocations, kNewMagnitudes);
}

// libcurl's own are what they are.
TEST(AllocationsOverLibcurl, ATagNeedsNone) {
  CurlTag tag;
  const auto allocated_for = [&tag](uint64_t first, uint64_t count) {
    const uint64_t before = allocations;
    for (uint64_t n = first; n < first + count; ++n) tag.Set({"20261124T023500Z-1a2b", n});
    return allocations - before;
  };
  EXPECT_GT(allocated_for(uint64_t{1} << 40, 1), 0u);
  EXPECT_EQ(allocated_for(0, 1000), 0u);
}

TEST_F(Allocations, AListNeedsNone) {
  v1::Prepare prepare = PrepareFor(server_->url() + "/", 20);
  std::string list;
  for (int i = 0; i < 1000; ++i) list += server_->url() + "/item/" + std::to_string(i) + "\n";
  v1::Plan& plan = *prepare.mutable_plan();
  plan.mutable_urls()->set_size_bytes(list.size());
  plan.mutable_urls()->set_entries(1000);
  plan.mutable_urls()->set_order(v1::ORDER_SHUFFLED);
  EXPECT_LE(WhenWarm(prepare, list).allocations, kNewMagnitudes);
}

TEST_F(Allocations, NamedRequestsNeedNone) {
  v1::Prepare prepare = PrepareFor("", 20);
  v1::Plan& plan = *prepare.mutable_plan();
  plan.clear_request();
  plan.set_templates(true);
  for (const char* path : {"/a", "/b?{{seq}}", "/c/{{uuid}}"}) {
    v1::NamedRequest& named = *plan.add_mix();
    named.set_name(path);
    named.set_weight(static_cast<uint32_t>(plan.mix_size()));
    named.mutable_request()->set_method("GET");
    named.mutable_request()->set_url(server_->url() + path);
  }
  EXPECT_LE(WhenWarm(prepare).allocations, 2 * kNewMagnitudes);
}

TEST_F(Allocations, PlaceholdersNeedNone) {
  v1::Prepare prepare = PrepareFor(server_->url() + "/{{int 1 9}}?{{col id}}={{zipf 1.1 99}}", 20);
  prepare.set_run_id("20261124T023500Z-1a2b");
  const std::string feeder = "id\n\"a \"\"b\"\" c\"\nd\n";
  v1::Plan& plan = *prepare.mutable_plan();
  plan.set_templates(true);
  plan.mutable_feeder()->set_size_bytes(feeder.size());
  plan.mutable_feeder()->set_rows(2);
  plan.mutable_feeder()->set_order(v1::ORDER_RANDOM);
  plan.mutable_request()->set_tag(true);
  plan.mutable_request()->set_method("POST");
  plan.mutable_request()->set_body("{{seq}} {{time rfc3339}} {{pick a b}}");
  v1::Header& header = *plan.mutable_request()->add_headers();
  header.set_name("X-Id");
  header.set_value("{{uuid}} {{hex 20}} {{time unix}}");
  EXPECT_LE(WhenWarm(prepare, "", feeder).allocations, kNewMagnitudes);
}

TEST_F(Allocations, LinesWithPlaceholdersNeedNone) {
  v1::Prepare prepare = PrepareFor(server_->url(), 20);
  std::string list;
  for (int i = 0; i < 100; ++i)
    list += fmt::format("/{}/{{{{uuid}}}}?{{{{int 1 {}}}}}\n", i, i + 1);
  v1::Plan& plan = *prepare.mutable_plan();
  plan.set_templates(true);
  plan.mutable_urls()->set_size_bytes(list.size());
  plan.mutable_urls()->set_entries(100);
  plan.mutable_urls()->set_order(v1::ORDER_SHUFFLED);
  EXPECT_LE(WhenWarm(prepare, list).allocations, kNewMagnitudes);
}

TEST_F(Allocations, ChecksNeedNone) {
  v1::Prepare prepare = PrepareFor(server_->url() + "/", 20);
  v1::Checks& checks = *prepare.mutable_plan()->mutable_checks();
  checks.add_statuses()->set_first(200);
  checks.mutable_statuses(0)->set_last(299);
  checks.add_headers()->set_name("Content-Length");
  checks.add_bodies("target");
  checks.add_bodies("sq[aeu]+all");
  checks.mutable_size()->set_least(1);
  EXPECT_LE(WhenWarm(prepare).allocations, kNewMagnitudes);
}

TEST_F(Allocations, AnArrivalRateNeedsNone) {
  v1::Prepare prepare = PrepareFor(server_->url() + "/", 20);
  v1::Arrivals& arrivals = *prepare.mutable_plan()->mutable_phases(0)->mutable_arrivals();
  arrivals.set_process(v1::ARRIVAL_PROCESS_POISSON);
  arrivals.set_rate_nano(10'000'000'000'000);
  EXPECT_LE(WhenWarm(prepare).allocations, kNewMagnitudes);
}

// OpenSSL's own are two a record to read and three a record to write: a connection has buffers only
// while they hold something, so that idle ones cost 34 KB less each. nginx answers in two records.
TEST(AllocationsOfTls, AreThoseOfOpenSsl) {
  if (!squall::testing::Nginx::Installed()) GTEST_SKIP() << "no nginx";
  const squall::testing::Nginx nginx("ssl");
  v1::Prepare prepare = PrepareFor(nginx.Url("https"), 20);
  prepare.mutable_plan()->mutable_transport()->set_ca_pem(nginx.CertificatePem());
  const Result result = WhenWarm(prepare);
  EXPECT_LE(result.allocations, (2 * 2 + 3) * (result.requests + 20));
}

}  // namespace
}  // namespace squall
