#include "controller/series.h"

#include <nlohmann/json.hpp>

#include "common/histogram.h"
#include "controller/vitals_sum.h"

namespace squall {
namespace {

using Json = nlohmann::ordered_json;

// Of no values there is nothing to tell.
Json Quantile(const Histogram& histogram, double fraction) {
  return histogram.count() == 0 ? Json() : Json(histogram.Quantile(fraction));
}

}  // namespace

std::string SeriesLine(const MergedSnapshot& merged, std::string_view tag) {
  const v1::Snapshot& snapshot = merged.snapshot;
  const v1::Metrics& metrics = snapshot.metrics();
  Histogram service;
  Histogram response;
  service.Merge(merged.checked.metrics[MetricsPart::kSuccessService]);
  response.Merge(merged.checked.metrics[MetricsPart::kSuccessResponse]);
  Json json = {{"agent", merged.name},
               {"tag", tag},
               {"phase", snapshot.phase()},
               {"measured", merged.measured},
               {"at_ns", merged.at},
               {"window_ns", snapshot.window_ns()},
               {"recorded", metrics.succeeded() + metrics.failed()},
               {"succeeded", metrics.succeeded()},
               {"failed", metrics.failed()},
               {"dropped", merged.checked.dropped},
               {"unsent", merged.checked.unsent},
               {"bytes_received", metrics.bytes_received()},
               {"bytes_sent", metrics.bytes_sent()},
               {"connections", metrics.connections()},
               {"p50_ns", Quantile(service, 0.5)},
               {"p99_ns", Quantile(service, 0.99)},
               {"max_ns", Quantile(service, 1)},
               {"response_p50_ns", Quantile(response, 0.5)},
               {"response_p99_ns", Quantile(response, 0.99)},
               {"response_max_ns", Quantile(response, 1)}};
  json["flight"] = snapshot.has_flight() ? FieldsJson(snapshot.flight()) : Json();
  json["vitals"] = snapshot.has_vitals() ? FieldsJson(snapshot.vitals()) : Json();
  constexpr bool kAscii = true;
  return json.dump(-1, ' ', kAscii, Json::error_handler_t::replace) + "\n";
}

}  // namespace squall
