// Plans and lists as a controller sends them, up to the requests that are made of them.
//
// Properties: what an agent accepts has a URL for every n, the same each time, and checks that can
// be made ready; with a list, it may be sent, and every pass over the list has each entry once,
// unless it is drawn at random; what is refused is refused with a message that can be shown.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include <fuzzer/FuzzedDataProvider.h>

#include "agent/answer_check.h"
#include "agent/request_source.h"
#include "common/plan_check.h"
#include "common/plan_requests.h"
#include "common/url.h"
#include "tests/fuzz/properties.h"
#include "tests/fuzz/wire.h"

namespace squall {
namespace {

constexpr uint64_t kMostEntries = 16;

// Text of the protocol is UTF-8; this is ASCII, control characters and all.
std::string AnyText(FuzzedDataProvider& data) {
  std::string text = data.ConsumeRandomLengthString();
  for (char& c : text) c = static_cast<char>(c & 0x7F);
  return text;
}

v1::Checks AnyChecks(FuzzedDataProvider& data) {
  v1::Checks checks;
  v1::StatusRange& range = *checks.add_statuses();
  range.set_first(data.ConsumeIntegralInRange<uint32_t>(199, 1000));
  range.set_last(data.ConsumeIntegralInRange<uint32_t>(199, 1000));
  checks.add_headers()->set_name(AnyText(data));
  if (data.ConsumeBool()) checks.mutable_headers(0)->set_value(AnyText(data));
  checks.add_bodies(AnyText(data));
  checks.add_json()->set_path("$" + AnyText(data));
  if (data.ConsumeBool()) checks.mutable_json(0)->set_value(AnyText(data));
  return checks;
}

// Several requests in place of one and its list.
void DealOut(FuzzedDataProvider& data, v1::Plan& plan) {
  plan.clear_urls();
  plan.clear_request();
  plan.clear_checks();
  for (int left = data.ConsumeIntegralInRange(1, 5); left > 0; --left) {
    v1::NamedRequest& named = *plan.add_mix();
    named.set_name(AnyText(data));
    named.set_weight(data.ConsumeIntegral<uint32_t>());
    named.mutable_request()->set_method("GET");
    named.mutable_request()->set_url("http://h/" + std::to_string(left));
    if (data.ConsumeBool()) *named.mutable_checks() = AnyChecks(data);
  }
}

v1::Plan LikelyPlan(FuzzedDataProvider& data, const std::string& list) {
  v1::Plan plan;
  plan.set_seed(data.ConsumeIntegral<uint64_t>());
  plan.mutable_request()->set_method("GET");
  plan.mutable_request()->set_url("http://h");
  v1::UrlList& urls = *plan.mutable_urls();
  urls.set_size_bytes(list.size());
  urls.set_entries(data.ConsumeIntegralInRange<uint64_t>(1, kMostEntries));
  urls.set_name(AnyText(data));
  urls.set_order(static_cast<v1::Order>(data.ConsumeIntegralInRange<int>(0, v1::Order_MAX)));
  for (int warm_ups = data.ConsumeIntegralInRange(0, 2); warm_ups > 0; --warm_ups) {
    plan.add_phases()->set_duration_ns(data.ConsumeIntegral<int64_t>());
  }
  plan.add_phases()->set_measured(true);
  plan.mutable_phases()->rbegin()->set_requests(data.ConsumeIntegral<uint64_t>());
  plan.set_concurrency(1);
  if (data.ConsumeBool()) *plan.mutable_checks() = AnyChecks(data);
  plan.mutable_transport()->set_kind(v1::TRANSPORT_KIND_HTTP1);
  plan.mutable_transport()->set_http_version(v1::HTTP_VERSION_1_1);
  plan.mutable_transport()->set_streams(1);
  plan.mutable_transport()->set_timeout_ns(1);
  if (data.ConsumeBool()) DealOut(data, plan);
  return plan;
}

// The URLs of a pass over the list, sorted.
std::vector<std::string> Pass(const RequestSource& source, uint64_t entries, uint64_t pass) {
  std::vector<std::string> urls(entries);
  std::string again;
  for (uint64_t i = 0; i < entries; ++i) {
    source.Url(pass * entries + i, urls[i]);
    source.Url(pass * entries + i, again);
    SQUALL_CHECK(CheckUrl(urls[i]).ok() && urls[i] == again);
  }
  std::sort(urls.begin(), urls.end());
  return urls;
}

void TestPlan(FuzzedDataProvider& data) {
  const std::string list = data.ConsumeRandomLengthString();
  const auto pass = data.ConsumeIntegral<uint32_t>();
  const auto received = Receive(data, [&] { return LikelyPlan(data, list); });
  if (!received.message) return;
  const v1::Plan& plan = *received.message;
  if (const absl::Status status = CheckPlan(plan); !status.ok()) return CheckRefusal(status);
  for (size_t i = 0; i < CountRequests(plan); ++i) AnswerChecks::Of(ChecksOf(plan, i));
  const absl::StatusOr<RequestSource> source = RequestSource::Create(plan, list);
  if (!source.ok()) return CheckRefusal(source.status());
  if (!plan.has_urls()) {
    std::string url;
    source->Url(pass, url);
    const uint32_t request = source->RequestOf(pass);
    SQUALL_CHECK(request < CountRequests(plan));
    SQUALL_CHECK(plan.templates() || url == RequestOf(plan, request).url());
    return;
  }
  const uint64_t entries = plan.urls().entries();
  const std::vector<std::string> first = Pass(*source, entries, 0);
  const std::vector<std::string> other = Pass(*source, entries, pass);
  SQUALL_CHECK(first == other || plan.urls().order() == v1::ORDER_RANDOM);
}

}  // namespace
}  // namespace squall

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  FuzzedDataProvider data(bytes, size);
  squall::TestPlan(data);
  return 0;
}
