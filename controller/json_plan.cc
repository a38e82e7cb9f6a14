#include "controller/json_plan.h"

#include <utility>

#include <nlohmann/json.hpp>

#include "controller/json_checks.h"
#include "controller/summary.h"

namespace squall {
namespace {

using Json = nlohmann::ordered_json;

Json RequestJson(const v1::Request& request) {
  Json headers = Json::array();
  for (const v1::Header& header : request.headers()) {
    Json value = header.value();
    if (IsSecretHeader(header.name())) value = nullptr;
    headers.push_back({{"name", header.name()}, {"value", value}});
  }
  Json body_bytes;
  if (request.has_body()) body_bytes = request.body().size();
  return {{"method", request.method()},
          {"url", WithoutPassword(request.url())},
          {"headers", headers},
          {"body_bytes", body_bytes}};
}

Json MixJson(const v1::Plan& plan) {
  if (plan.mix().empty()) return nullptr;
  Json json = Json::array();
  for (const v1::NamedRequest& named : plan.mix()) {
    Json entry = {{"name", named.name()}, {"weight", named.weight()}};
    entry.update(RequestJson(named.request()));
    entry["checks"] = named.has_checks() ? ChecksJson(named.checks()) : Json();
    json.push_back(std::move(entry));
  }
  return json;
}

Json OrderJson(v1::Order order) {
  switch (order) {
    case v1::ORDER_SEQUENTIAL:
      return "sequential";
    case v1::ORDER_SHUFFLED:
      return "shuffled";
    case v1::ORDER_RANDOM:
      return "random";
    default:
      return nullptr;
  }
}

Json UrlsJson(const v1::Plan& plan) {
  if (!plan.has_urls()) return nullptr;
  Json methods;
  for (const v1::ListedRequest& listed : plan.urls().requests()) {
    methods.push_back(listed.request().method());
  }
  return {{"name", plan.urls().name()},
          {"size_bytes", plan.urls().size_bytes()},
          {"entries", plan.urls().entries()},
          {"order", OrderJson(plan.urls().order())},
          {"methods", methods}};
}

Json FeederJson(const v1::Plan& plan) {
  if (!plan.has_feeder()) return nullptr;
  const bool each = plan.feeder().order() == v1::ORDER_SEQUENTIAL;
  return {{"name", plan.feeder().name()},
          {"size_bytes", plan.feeder().size_bytes()},
          {"rows", plan.feeder().rows()},
          {"order", each ? "each" : OrderJson(plan.feeder().order())}};
}

Json TransportJson(const v1::Transport& transport) {
  const auto version = [&]() -> Json {
    switch (transport.http_version()) {
      case v1::HTTP_VERSION_1_1:
        return "1.1";
      case v1::HTTP_VERSION_2:
        return "2";
      default:
        return nullptr;
    }
  };
  const bool http1 = transport.kind() == v1::TRANSPORT_KIND_HTTP1;
  return {{"name", http1 ? "http1" : "curl"},
          {"http_version", version()},
          {"streams", transport.streams()},
          {"no_keepalive", transport.no_keepalive()},
          {"no_probe", transport.no_probe()},
          {"timeout_ns", transport.timeout_ns()},
          {"follow", transport.follow()},
          {"compressed", transport.compressed()},
          {"cookies", transport.cookies()},
          {"insecure", transport.insecure()},
          {"ca_pem_bytes", transport.ca_pem().size()},
          {"client_certificate_bytes", transport.client_certificate_pem().size()},
          {"proxy", WithoutPassword(transport.proxy())}};
}

Json ArrivalsJson(const v1::Phase& phase) {
  if (!phase.has_arrivals()) return nullptr;
  const v1::Arrivals& arrivals = phase.arrivals();
  Json max_backlog;
  if (arrivals.has_max_backlog()) max_backlog = arrivals.max_backlog();
  const bool listed = arrivals.process() == v1::ARRIVAL_PROCESS_LISTED;
  const bool poisson = arrivals.process() == v1::ARRIVAL_PROCESS_POISSON;
  Json speed;
  if (listed) speed = static_cast<double>(arrivals.speed_nano()) / 1e9;
  return {{"process", listed    ? "listed"
                      : poisson ? "poisson"
                                : "constant"},
          {"requests_per_second", static_cast<double>(arrivals.rate_nano()) / 1e9},
          {"replay_speed", speed},
          {"max_backlog", max_backlog}};
}

Json PhasesJson(const v1::Plan& plan) {
  Json json = Json::array();
  for (const v1::Phase& phase : plan.phases()) {
    json.push_back({{"measured", phase.measured()},
                    {"requests", phase.requests()},
                    {"duration_ns", phase.duration_ns()},
                    {"drain_ns", phase.drain_ns()},
                    {"arrivals", ArrivalsJson(phase)}});
  }
  return json;
}

Json ScriptJson(const v1::Plan& plan) {
  if (!plan.has_script()) return nullptr;
  return {{"name", plan.script().name()},
          {"text_bytes", plan.script().text().size()},
          {"arguments", plan.script().arguments_size()}};
}

}  // namespace

Json PlanJson(const v1::Plan& plan) {
  return {{"seed", plan.seed()},
          {"request", plan.mix().empty() ? RequestJson(plan.request()) : Json()},
          {"mix", MixJson(plan)},
          {"urls", UrlsJson(plan)},
          {"templates", plan.templates()},
          {"feeder", FeederJson(plan)},
          {"script", ScriptJson(plan)},
          {"users", plan.users()},
          {"phases", PhasesJson(plan)},
          {"concurrency", plan.concurrency()},
          {"transport", TransportJson(plan.transport())},
          {"checks", plan.has_checks() ? ChecksJson(plan.checks()) : Json()},
          {"fail_fast", plan.fail_fast() == 0 ? Json() : Json(plan.fail_fast())},
          {"server_counts",
           plan.server_counts().empty() ? Json() : Json(WithoutPassword(plan.server_counts()))}};
}

}  // namespace squall
