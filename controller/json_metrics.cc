#include "controller/json_metrics.h"

#include <cmath>
#include <string>

#include <nlohmann/json.hpp>

#include "controller/summary.h"

namespace squall {
namespace {

using Json = nlohmann::ordered_json;

Json LatencyJson(const Metrics& metrics) {
  const auto response = [&](const Histogram& histogram) {
    return metrics.open_loop() ? HistogramJson(histogram) : Json();
  };
  return {{"success",
           {{"service", HistogramJson(metrics.success_service)},
            {"response", response(metrics.success_response)},
            {"response_without_regranted",
             response(metrics.success_response.Without(metrics.success_response_again))}}},
          {"failure",
           {{"service", HistogramJson(metrics.failure_service)},
            {"response", response(metrics.failure_response)}}}};
}

Json TimingsJson(const TimingHistograms& timings) {
  return {{"resolve", HistogramJson(timings.resolve)},
          {"connect", HistogramJson(timings.connect)},
          {"tls", HistogramJson(timings.tls)},
          {"first_byte_fresh", HistogramJson(timings.first_byte_fresh)},
          {"first_byte_reused", HistogramJson(timings.first_byte_reused)},
          {"transfer_fresh", HistogramJson(timings.transfer_fresh)},
          {"transfer_reused", HistogramJson(timings.transfer_reused)}};
}

Json AddressesJson(const Metrics& metrics) {
  Json json = Json::array();
  for (const auto& [address, counts] : metrics.addresses) {
    json.push_back(
        {{"address", address}, {"connections", counts.connections}, {"requests", counts.requests}});
  }
  return json;
}

}  // namespace

// Of no values there is only the count; the rest is null, as 0 would be a lie.
Json HistogramJson(const Histogram& histogram) {
  const bool empty = histogram.count() == 0;
  const auto value = [empty](uint64_t nanos) { return empty ? Json() : Json(nanos); };
  const auto rounded = [&](double nanos) {
    return value(static_cast<uint64_t>(std::llround(nanos)));
  };
  Json json = {{"count", histogram.count()},
               {"min_ns", value(histogram.min())},
               {"mean_ns", rounded(histogram.Mean())},
               {"stddev_ns", rounded(histogram.StandardDeviation())},
               {"max_ns", value(histogram.max())}};
  for (const Percentile& percentile : kPercentiles) {
    json[std::string(percentile.key)] = value(histogram.Quantile(percentile.fraction()));
  }
  return json;
}

Json CountsJson(const Metrics& metrics, Nanos elapsed) {
  return {{"recorded", metrics.recorded()},
          {"succeeded", metrics.succeeded},
          {"failed", metrics.failed},
          {"bytes_received", metrics.bytes_received},
          {"bytes_sent", metrics.bytes_sent},
          {"connections", metrics.connections},
          {"resent", metrics.resent},
          {"requests_per_second", PerSecond(metrics.recorded(), elapsed)}};
}

Json TimesJson(const Metrics& metrics) {
  const bool open_loop = metrics.open_loop();
  return {{"latency", LatencyJson(metrics)},
          {"schedule_lag", open_loop ? HistogramJson(metrics.schedule_lag) : Json()},
          {"waited", open_loop ? Json(metrics.waited) : Json()},
          {"waited_beside_free", open_loop ? Json(metrics.waited_beside_free) : Json()},
          {"timings", TimingsJson(metrics.timings)},
          {"addresses", AddressesJson(metrics)}};
}

Json StatusesJson(const Metrics& metrics) {
  Json json = Json::object();
  for (size_t status = 0; status < metrics.statuses.size(); ++status) {
    if (metrics.statuses[status] > 0) json[std::to_string(status)] = metrics.statuses[status];
  }
  return json;
}

Json ErrorsJson(const Metrics& metrics) {
  Json json = Json::array();
  for (const ErrorRow& row : ErrorRows(metrics)) {
    const std::string sample = row.samples.empty() ? "" : row.samples.front()->detail;
    json.push_back({{"kind", row.kind}, {"count", row.count}, {"sample", sample}});
  }
  return json;
}

}  // namespace squall
