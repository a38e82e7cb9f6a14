#include "controller/headroom.h"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "absl/strings/match.h"
#include "absl/time/time.h"
#include "common/ceiling.h"
#include "common/plan_requests.h"
#include "controller/summary.h"

namespace squall {
namespace {

constexpr size_t kMostNames = 5;

// Plain HTTP/1.1, like what ceilings are of.
bool IsPlain(const v1::Plan& plan) {
  const std::vector<const v1::Request*> requests = RequestsOf(plan);
  return plan.transport().kind() == v1::TRANSPORT_KIND_HTTP1 && !plan.has_urls() &&
         !plan.transport().no_keepalive() &&
         std::all_of(requests.begin(), requests.end(), [](const v1::Request* request) {
           return !request->has_body() && !absl::StartsWithIgnoreCase(request->url(), "https:");
         });
}

// "141 %", "41 %", "4.1 %". Nothing is "0 %" that is not.
std::string Percent(double share) {
  const double percent = 100 * share;
  if (percent >= 10) return fmt::format("{:.0f} %", percent);
  return percent > 0 && percent < 0.1 ? "<0.1 %" : fmt::format("{:.1f} %", percent);
}

// "alpha, beta and 3 more".
std::string WithoutCeiling(const Headroom& headroom) {
  std::vector<std::string> names;
  size_t more = 0;
  for (const Headroom::Agent& agent : headroom.agents) {
    if (agent.ceiling) continue;
    if (names.size() < kMostNames) {
      names.push_back(agent.name);
    } else {
      ++more;
    }
  }
  return fmt::format("{}", fmt::join(names, ", ")) +
         (more != 0 ? fmt::format(" and {} more", more) : "");
}

}  // namespace

std::optional<v1::Ceiling> CeilingOf(const v1::Host& host) {
  if (!host.has_ceiling() || !IsPlausible(host.ceiling())) return std::nullopt;
  return host.ceiling();
}

std::string MeasuredAt(const v1::Ceiling& ceiling) {
  return absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", absl::FromUnixSeconds(ceiling.measured_at()),
                          absl::UTCTimeZone());
}

Headroom HeadroomOf(const RunResult& result) {
  Headroom headroom;
  double rates = 0;
  double ceilings = 0;
  for (const AgentResult& result_agent : result.agents) {
    if (result_agent.concurrency == 0) continue;
    Headroom::Agent& agent = headroom.agents.emplace_back();
    agent.name = result_agent.name;
    agent.ceiling = CeilingOf(result_agent.host);
    // What it has recorded of users are flows, and no requests.
    if (!agent.ceiling || result.plan.users()) continue;
    const double rate = PerSecond(result_agent.metrics.recorded(), result.elapsed);
    if (result.elapsed > 0) agent.used = rate / agent.ceiling->requests_per_second();
    rates += rate;
    ceilings += agent.ceiling->requests_per_second();
  }
  const bool all = std::all_of(headroom.agents.begin(), headroom.agents.end(),
                               [](const Headroom::Agent& agent) { return agent.used; });
  if (all && !headroom.agents.empty()) headroom.used = rates / ceilings;
  return headroom;
}

std::string HeadroomLine(const RunResult& result, const TextStyle& style) {
  const Headroom headroom = HeadroomOf(result);
  const bool any = std::any_of(headroom.agents.begin(), headroom.agents.end(),
                               [](const Headroom::Agent& agent) { return agent.used; });
  if (!any) return "";
  const auto width = static_cast<size_t>(std::max(style.width, 1));
  const auto line = [&](const std::string& text) {
    return "\n" + Wrap(Printable(text, style.utf8), width, 2) + "\n";
  };
  if (!headroom.used) {
    return line(fmt::format(
        "How much of their own ceiling agents used is not known: {} {} none (squall calibrate)",
        WithoutCeiling(headroom),
        std::count_if(headroom.agents.begin(), headroom.agents.end(),
                      [](const Headroom::Agent& agent) { return !agent.ceiling; }) == 1
            ? "has"
            : "have"));
  }
  return line(fmt::format(
      "Agents used {} of their own ceiling (squall calibrate{})", Percent(*headroom.used),
      IsPlain(result.plan) ? "" : "; that is of plain requests, and these cost more"));
}

}  // namespace squall
