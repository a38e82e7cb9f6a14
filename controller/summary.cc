#include "controller/summary.h"

#include <algorithm>

#include <fmt/format.h>

#include "absl/strings/match.h"
#include "common/plan_requests.h"

namespace squall {

std::string_view StateName(RunState state) {
  switch (state) {
    case RunState::kComplete:
      return "complete";
    case RunState::kInterrupted:
      return "interrupted";
    case RunState::kIncomplete:
      return "incomplete";
  }
  return "incomplete";
}

std::string_view EventName(RunEvent::Kind kind) {
  switch (kind) {
    case RunEvent::Kind::kLost:
      return "lost";
    case RunEvent::Kind::kResumed:
      return "resumed";
    case RunEvent::Kind::kRegranted:
      return "regranted";
    case RunEvent::Kind::kJoined:
      return "joined";
  }
  return "lost";
}

double PerSecond(uint64_t amount, Nanos elapsed) {
  if (elapsed <= 0) return 0;
  return static_cast<double>(amount) * static_cast<double>(kSecond) / static_cast<double>(elapsed);
}

std::string_view NumbersName(const v1::Plan& plan) { return plan.users() ? "flows" : "requests"; }

uint64_t ResponsesOf(const RunResult& result) {
  if (!result.plan.users()) return result.fleet.responses();
  uint64_t responses = 0;
  for (const auto& [name, metrics] : result.steps.all()) responses += metrics.responses();
  return responses;
}

uint64_t PeakConnections(const RunResult& result) {
  uint64_t peak = 0;
  for (const AgentResult& agent : result.agents) peak += agent.peak_connections;
  return peak;
}

std::vector<ErrorRow> ErrorRows(const Metrics& metrics) {
  std::vector<ErrorRow> rows;
  const auto add = [&](v1::FailureKind kind, uint32_t status, uint64_t count, std::string name) {
    if (count == 0) return;
    ErrorRow row{std::move(name), status, count, {}};
    for (const Metrics::Sample& sample : metrics.samples) {
      if (sample.kind == kind && sample.status == status) row.samples.push_back(&sample);
    }
    rows.push_back(std::move(row));
  };
  for (uint32_t status = Metrics::kMinStatus; status < Metrics::kStatuses; ++status) {
    add(v1::FAILURE_KIND_STATUS, status, metrics.failed_statuses[status],
        fmt::format("status {}", status));
  }
  for (size_t i = 0; i < metrics.failures.size(); ++i) {
    const auto kind = static_cast<v1::FailureKind>(i);
    add(kind, 0, metrics.failures[i], std::string(FailureName(kind)));
  }
  std::stable_sort(rows.begin(), rows.end(), [](const ErrorRow& a, const ErrorRow& b) {
    return a.count != b.count ? a.count > b.count : a.kind < b.kind;
  });
  return rows;
}

std::string WithoutPassword(std::string_view url) {
  const size_t scheme = url.find("://");
  const size_t begin = scheme == std::string_view::npos ? 0 : scheme + 3;
  const std::string_view authority = url.substr(begin, url.find_first_of("/?#", begin) - begin);
  const size_t at = authority.rfind('@');
  const size_t colon = authority.find(':');
  if (at == std::string_view::npos || colon > at) return std::string(url);
  return fmt::format("{}***{}", url.substr(0, begin + colon + 1), url.substr(begin + at));
}

bool IsSecretHeader(std::string_view name) {
  for (const auto* secret : {"authorization", "proxy-authorization", "cookie"}) {
    if (absl::EqualsIgnoreCase({name.data(), name.size()}, secret)) return true;
  }
  return false;
}

v1::Plan WithoutSecrets(v1::Plan plan) {
  const auto hide = [](std::string& text) { text.assign(text.size(), '*'); };
  plan.set_server_counts(WithoutPassword(plan.server_counts()));
  for (v1::Request* request : MutableRequestsOf(plan)) {
    request->set_url(WithoutPassword(request->url()));
    for (v1::Header& header : *request->mutable_headers()) {
      if (IsSecretHeader(header.name())) header.set_value("***");
    }
    if (request->has_body()) hide(*request->mutable_body());
  }
  for (v1::Insertion& insertion : *plan.mutable_insertions()) insertion.clear_value();
  if (plan.has_script()) {
    hide(*plan.mutable_script()->mutable_text());
    for (std::string& argument : *plan.mutable_script()->mutable_arguments()) hide(argument);
  }
  v1::Transport& transport = *plan.mutable_transport();
  transport.set_proxy(WithoutPassword(transport.proxy()));
  hide(*transport.mutable_ca_pem());
  hide(*transport.mutable_client_certificate_pem());
  hide(*transport.mutable_client_key_pem());
  return plan;
}

}  // namespace squall
