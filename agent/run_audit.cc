#include "agent/run_audit.h"

#include <utility>

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include "agent/plan_policy.h"
#include "common/plan_requests.h"
#include "common/url.h"
#include "common/values.h"

namespace squall {
namespace {

// What is named of the addresses that connections went to; how many more there are is said.
constexpr size_t kMostNamed = 8;

std::string OriginText(const std::string& url) {
  if (!CheckUrl(url).ok()) return "no URL";
  const UrlParts parts = SplitUrl(url);
  return Origin{parts.https, std::string(parts.host), parts.port}.Display();
}

std::string NamedOf(const std::set<std::string>& addresses) {
  std::vector<std::string_view> named;
  for (const std::string& address : addresses) {
    if (named.size() == kMostNamed) {
      return fmt::format("{} and {} more", fmt::join(named, " "), addresses.size() - kMostNamed);
    }
    named.push_back(address);
  }
  return fmt::format("{}", fmt::join(named, " "));
}

}  // namespace

void RunAudit::Begin(std::string peer, const v1::Plan& plan, absl::Time now) {
  peer_ = std::move(peer);
  began_ = now;
  if (plan.has_urls()) {
    target_ = fmt::format("list of {}", plan.urls().entries());
    return;
  }
  std::set<std::string> origins;
  for (const v1::Request* request : RequestsOf(plan)) origins.insert(OriginText(request->url()));
  target_ = NamedOf(origins);
}

void RunAudit::Add(const v1::Metrics& metrics) {
  requests_ += metrics.succeeded() + metrics.failed();
  bytes_ += metrics.bytes_received() + metrics.bytes_sent();
  for (const v1::AddressCount& count : metrics.addresses()) addresses_.insert(count.address());
}

void RunAudit::Write(std::string_view run, std::string_view who, std::string_view outcome,
                     std::string_view reason, absl::Time now) const {
  if (target_.empty()) return;
  spdlog::info(
      "event=audit controller=\"{}\" peer={} run={} target=\"{}\" addresses=\"{}\" requests={} "
      "bytes={} began={} lasted={:.3f}s outcome={} reason=\"{}\"",
      LogValue(who), peer_, LogValue(run), LogValue(target_), LogValue(NamedOf(addresses_)),
      requests_, bytes_, absl::FormatTime("%Y-%m-%dT%H:%M:%E3S%Ez", began_, absl::LocalTimeZone()),
      absl::ToDoubleSeconds(now - began_), outcome, LogValue(reason));
}

}  // namespace squall
