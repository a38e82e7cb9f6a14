#include "common/plan_requests.h"

#include <algorithm>

#include <fmt/format.h>

namespace squall {

size_t CountRequests(const v1::Plan& plan) {
  return static_cast<size_t>(std::max({plan.mix_size(), plan.urls().requests_size(), 1}));
}

const v1::Request& RequestOf(const v1::Plan& plan, size_t index) {
  if (!plan.urls().requests().empty()) {
    return plan.urls().requests(static_cast<int>(index)).request();
  }
  if (plan.mix().empty()) return plan.request();
  return plan.mix(static_cast<int>(index)).request();
}

const v1::Checks& ChecksOf(const v1::Plan& plan, size_t index) {
  if (plan.mix().empty()) return plan.checks();
  return plan.mix(static_cast<int>(index)).checks();
}

std::vector<const v1::Request*> RequestsOf(const v1::Plan& plan) {
  std::vector<const v1::Request*> requests;
  for (size_t i = 0; i < CountRequests(plan); ++i) requests.push_back(&RequestOf(plan, i));
  return requests;
}

std::vector<v1::Request*> MutableRequestsOf(v1::Plan& plan) {
  if (plan.mix().empty()) {
    std::vector<v1::Request*> requests = {plan.mutable_request()};
    if (!plan.has_urls()) return requests;
    for (v1::ListedRequest& listed : *plan.mutable_urls()->mutable_requests()) {
      requests.push_back(listed.mutable_request());
    }
    return requests;
  }
  std::vector<v1::Request*> requests;
  for (v1::NamedRequest& named : *plan.mutable_mix()) {
    requests.push_back(named.mutable_request());
  }
  return requests;
}

std::string RequestField(const v1::Plan& plan, size_t index) {
  if (!plan.urls().requests().empty()) return fmt::format("urls.requests[{}].request", index);
  return plan.mix().empty() ? "request" : fmt::format("mix[{}].request", index);
}

}  // namespace squall
