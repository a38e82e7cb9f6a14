#include "agent/server_counts.h"

#include <algorithm>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "absl/strings/ascii.h"

namespace squall {
namespace {

using Json = nlohmann::json;

constexpr auto kLatest = static_cast<uint64_t>(kForever / 2);
constexpr auto kHour = static_cast<uint64_t>(3600 * kSecond);

absl::Status Wrong(std::string_view key) {
  return absl::InvalidArgumentError(fmt::format("{} is not what it should be", key));
}

// Up to `most`; without its fraction, where a program writes one.
std::optional<uint64_t> NumberIn(const Json& value, uint64_t most) {
  constexpr double kExact = 9'007'199'254'740'992;  // 2^53
  uint64_t number = 0;
  if (value.is_number_unsigned()) {
    number = value.get<uint64_t>();
  } else if (value.is_number_float() && value.get<double>() >= 0 && value.get<double>() <= kExact) {
    number = static_cast<uint64_t>(value.get<double>());
  } else {
    return std::nullopt;
  }
  return number <= most ? std::optional(number) : std::nullopt;
}

// Reads a number, if it is there. Null is not there.
absl::Status Read(const Json& object, const char* key, uint64_t most,
                  std::optional<uint64_t>& number) {
  const auto found = object.find(key);
  if (found == object.end() || found->is_null()) return absl::OkStatus();
  number = NumberIn(*found, most);
  return number ? absl::OkStatus() : Wrong(key);
}

absl::Status ReadId(const Json& object, std::string& id) {
  const auto server = object.find("server_id");
  if (server == object.end() || server->is_null()) return absl::OkStatus();
  if (!server->is_string()) return Wrong("server_id");
  id = server->get_ref<const std::string&>();
  const bool plain = std::all_of(id.begin(), id.end(), [](char c) {
    return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '-';
  });
  if (id.size() > ServerCounts::kMaxIdBytes || !plain) return Wrong("server_id");
  std::optional<uint64_t> since;
  if (absl::Status status = Read(object, "counted_since_ns", kLatest, since); !status.ok()) {
    return status;
  }
  if (since) id += fmt::format("@{}", *since);
  return absl::OkStatus();
}

// [at_ns, in_flight_ns, in_flight, most].
bool ReadInterval(const Json& entry, ServerCounts::Interval& interval) {
  constexpr size_t kParts = 4;
  if (!entry.is_array() || entry.size() != kParts) return false;
  const auto at = NumberIn(entry[0], kLatest);
  const auto area = NumberIn(entry[1], UINT64_MAX);
  const auto most = NumberIn(entry[3], ServerCounts::kMostInFlight);
  interval.in_flight = NumberIn(entry[2], ServerCounts::kMostInFlight);
  if (!at || !area || !most || !interval.in_flight) return false;
  interval.at = static_cast<Nanos>(*at);
  interval.area = *area;
  interval.most = *most;
  return true;
}

absl::Status ReadHistory(const Json& object, ServerCounts& counts) {
  const auto history = object.find("history");
  if (history == object.end() || history->is_null()) return absl::OkStatus();
  std::optional<uint64_t> since;
  std::optional<uint64_t> length;
  absl::Status status = Read(object, "history_since_ns", kLatest, since);
  status.Update(Read(object, "history_interval_ns", kHour, length));
  if (!status.ok()) return status;
  if (!since || !length || !counts.now || !history->is_array()) return Wrong("history");
  counts.history_since = static_cast<Nanos>(*since);
  counts.interval = static_cast<Nanos>(*length);
  for (const Json& entry : *history) {
    ServerCounts::Interval interval;
    const Nanos after = counts.history.empty() ? *counts.history_since : counts.history.back().at;
    if (!ReadInterval(entry, interval) || interval.at < after || interval.at > counts.now->at) {
      return Wrong("history");
    }
    counts.history.push_back(interval);
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<ServerCounts> ServerCountsFromJson(std::string_view text) {
  if (text.size() > ServerCounts::kMaxBytes) {
    return absl::InvalidArgumentError("the answer is too long");
  }
  const Json object = Json::parse(text, nullptr, false);
  if (!object.is_object()) return absl::InvalidArgumentError("the answer is no JSON object");
  ServerCounts counts;
  std::optional<uint64_t> now;
  std::optional<uint64_t> area;
  std::optional<uint64_t> in_flight;
  absl::Status status = ReadId(object, counts.id);
  status.Update(Read(object, "peak_in_flight", ServerCounts::kMostInFlight, counts.peak));
  status.Update(Read(object, "in_flight", ServerCounts::kMostInFlight, in_flight));
  status.Update(Read(object, "in_flight_ns", UINT64_MAX, area));
  status.Update(Read(object, "now_ns", kLatest, now));
  if (!status.ok()) return status;
  if (now && area) counts.now = ServerCounts::Point{static_cast<Nanos>(*now), *area, in_flight};
  status = ReadHistory(object, counts);
  if (!status.ok()) return status;
  if (!counts.now && !counts.peak) {
    return absl::InvalidArgumentError(
        "the answer has neither peak_in_flight nor in_flight_ns with now_ns");
  }
  return counts;
}

}  // namespace squall
