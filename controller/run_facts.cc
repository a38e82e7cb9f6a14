#include "controller/run_facts.h"

#include <algorithm>
#include <charconv>
#include <initializer_list>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include "common/protocol.h"
#include "common/run_id.h"
#include "controller/json_error.h"

namespace squall {
namespace {

using Json = nlohmann::json;

absl::Status NoJson(std::string_view text) {
  const std::string_view before = text.substr(0, JsonErrorAt(text));
  return absl::InvalidArgumentError(
      fmt::format("line {}: no JSON: the file is damaged or cut short, or another one",
                  1 + std::count(before.begin(), before.end(), '\n')));
}

// Takes values out of the JSON, and keeps the first error.
class Reader {
 public:
  explicit Reader(const Json& json) : json_(json) {}

  const absl::Status& status() const { return status_; }

  // Null if it is not there.
  const Json* Find(std::initializer_list<const char*> path) const {
    const Json* at = &json_;
    for (const char* key : path) {
      if (!at->is_object()) return nullptr;
      const auto found = at->find(key);
      if (found == at->end()) return nullptr;
      at = &*found;
    }
    return at;
  }

  uint64_t Number(std::initializer_list<const char*> path) {
    const Json* value = Find(path);
    if (value != nullptr && IsNumber(*value)) return value->get<uint64_t>();
    Missing(path);
    return 0;
  }

  std::string Text(std::initializer_list<const char*> path) {
    const Json* value = Find(path);
    if (value != nullptr && value->is_string()) return value->get<std::string>();
    Missing(path);
    return {};
  }

  static bool IsNumber(const Json& value) {
    return value.is_number_unsigned() && value.get<uint64_t>() <= kMaxRequests;
  }

  void Fail(std::string message) {
    if (status_.ok()) status_ = absl::InvalidArgumentError(message);
  }

 private:
  void Missing(std::initializer_list<const char*> path) {
    Fail(fmt::format("no {} as results of squall run have: write one by squall run --json FILE",
                     fmt::join(path, ".")));
  }

  const Json& json_;
  absl::Status status_;
};

void ReadStatuses(Reader& reader, RunFacts& facts) {
  const Json* statuses = reader.Find({"status_codes"});
  if (statuses == nullptr || !statuses->is_object()) return reader.Fail("no status_codes");
  uint64_t left = facts.recorded;
  for (const auto& [name, count] : statuses->items()) {
    uint32_t status = 0;
    const char* const end = name.data() + name.size();
    const auto read = std::from_chars(name.data(), end, status);
    if (read.ec != std::errc() || read.ptr != end || status > 999 || !Reader::IsNumber(count)) {
      return reader.Fail("status_codes: not statuses and their counts");
    }
    if (count.get<uint64_t>() > left) {
      return reader.Fail("status_codes: more responses than totals.recorded");
    }
    left -= count.get<uint64_t>();
    facts.statuses[status] += count.get<uint64_t>();
  }
  facts.without_response = left;
}

void ReadTag(Reader& reader, RunFacts& facts) {
  const Json* tag = reader.Find({"tag"});
  if (tag == nullptr || tag->is_null()) return;
  facts.tagged = true;
  if (!IsRunId(facts.id) || reader.Text({"tag", "run"}) != facts.id) {
    return reader.Fail("run.id and tag.run: not the name of one run");
  }
  const Json* runs = reader.Find({"tag", "recorded_runs"});
  if (runs == nullptr || runs->is_null()) return;
  if (!runs->is_array()) return reader.Fail("tag.recorded_runs: no array");
  facts.runs.emplace();
  uint64_t end = 0;
  uint64_t sum = 0;
  for (const Json& run : *runs) {
    const bool pair =
        run.is_array() && run.size() == 2 && Reader::IsNumber(run[0]) && Reader::IsNumber(run[1]);
    if (!pair || run[0].get<uint64_t>() < end || run[1].get<uint64_t>() == 0) {
      return reader.Fail("tag.recorded_runs: not pairs [first, count] that rise");
    }
    facts.runs->push_back({run[0].get<uint64_t>(), run[1].get<uint64_t>()});
    end = facts.runs->back().first + facts.runs->back().count;
    sum += facts.runs->back().count;
  }
  if (sum != facts.recorded) {
    reader.Fail("tag.recorded_runs: not as many numbers as totals.recorded");
  }
}

}  // namespace

absl::StatusOr<RunFacts> ReadRunFacts(std::string_view text) {
  const Json json = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (json.is_discarded()) return NoJson(text);
  Reader reader(json);
  RunFacts facts;
  facts.id = reader.Text({"run", "id"});
  facts.state = reader.Text({"run", "state"});
  facts.planned = reader.Number({"totals", "planned"});
  facts.recorded = reader.Number({"totals", "recorded"});
  facts.resent = reader.Number({"totals", "resent"});
  facts.possibly_repeated = reader.Number({"totals", "possibly_repeated"});
  const Json* warm_up = reader.Find({"warmup"});
  if (warm_up != nullptr && !warm_up->is_null()) {
    facts.warm_up = reader.Number({"warmup", "recorded"});
  }
  const Json* follow = reader.Find({"plan", "transport", "follow"});
  facts.follows = follow != nullptr && follow->is_boolean() && follow->get<bool>();
  if (reader.status().ok()) ReadStatuses(reader, facts);
  if (reader.status().ok()) ReadTag(reader, facts);
  if (!reader.status().ok()) return reader.status();
  return facts;
}

}  // namespace squall
