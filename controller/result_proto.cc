#include "controller/result_proto.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <utility>
#include <zlib.h>

#include <fmt/format.h>
#include <google/protobuf/stubs/logging.h>

#include "absl/status/status.h"
#include "common/plan_check.h"
#include "common/span.h"
#include "common/values.h"
#include "controller/evidence_proto.h"
#include "controller/requests_proto.h"
#include "controller/summary.h"
#include "controller/vitals_sum.h"

namespace squall {
namespace {

constexpr uint32_t kFormat = 1;
// Names of agents, addresses, versions.
constexpr size_t kMaxNameBytes = size_t{64} << 10;
// The checksum's field with the byte in front of it.
constexpr size_t kChecksumBytes = 5;

template <typename... Arguments>
absl::Status Damaged(fmt::format_string<Arguments...> format, Arguments&&... arguments) {
  return absl::InvalidArgumentError("is damaged: " +
                                    fmt::format(format, std::forward<Arguments>(arguments)...));
}

// ---- what the enumerations are called in messages

constexpr std::array<std::pair<RunState, v1::RunState>, 3> kStates = {{
    {RunState::kComplete, v1::RUN_STATE_COMPLETE},
    {RunState::kInterrupted, v1::RUN_STATE_INTERRUPTED},
    {RunState::kIncomplete, v1::RUN_STATE_INCOMPLETE},
}};

constexpr std::array<std::pair<RunEvent::Kind, v1::RunEventKind>, 4> kKinds = {{
    {RunEvent::Kind::kLost, v1::RUN_EVENT_KIND_LOST},
    {RunEvent::Kind::kResumed, v1::RUN_EVENT_KIND_RESUMED},
    {RunEvent::Kind::kRegranted, v1::RUN_EVENT_KIND_REGRANTED},
    {RunEvent::Kind::kJoined, v1::RUN_EVENT_KIND_JOINED},
}};

template <typename Pairs, typename Ours>
auto NameOf(const Pairs& pairs, Ours ours) {
  for (const auto& [here, there] : pairs) {
    if (here == ours) return there;
  }
  return decltype(pairs.front().second){};
}

// False if it has no meaning.
template <typename Pairs, typename Theirs, typename Ours>
bool Read(const Pairs& pairs, Theirs theirs, Ours& ours) {
  for (const auto& [here, there] : pairs) {
    if (there != theirs) continue;
    ours = here;
    return true;
  }
  return false;
}

// ---- to messages

v1::Coverage ToProto(const CoverageResult& coverage) {
  v1::Coverage proto;
  proto.set_distinct(coverage.distinct);
  if (coverage.times_least) proto.set_times_least(*coverage.times_least);
  if (coverage.times_most) proto.set_times_most(*coverage.times_most);
  if (coverage.whole_passes) proto.set_whole_passes(*coverage.whole_passes);
  for (const CoverageResult::OpenPass& open : coverage.open_passes) {
    v1::OpenPass& entry = *proto.add_open_passes();
    entry.set_pass(open.pass);
    entry.set_passes(open.passes);
    entry.set_held(open.held);
  }
  proto.set_more_open_passes(coverage.more_open_passes);
  return proto;
}

v1::RunResult HeadOf(const RunResult& result) {
  v1::RunResult proto;
  proto.set_format(kFormat);
  proto.set_agent_count(static_cast<uint32_t>(result.agents.size()));
  proto.set_id(result.id);
  proto.set_version(result.version);
  *proto.mutable_plan() = WithoutSecrets(result.plan);
  proto.set_started_at_ns(absl::ToUnixNanos(result.started_at));
  proto.set_elapsed_ns(result.elapsed);
  proto.set_state(NameOf(kStates, result.state));
  proto.set_planned(result.planned);
  proto.set_dropped(result.dropped);
  proto.set_unsent(result.unsent);
  proto.set_oldest_unsent_ns(result.oldest_unsent);
  proto.set_possibly_repeated(result.possibly_repeated);
  for (const RunEvent& event : result.events) {
    v1::RunEvent& entry = *proto.add_events();
    entry.set_at_ns(event.at);
    entry.set_kind(NameOf(kKinds, event.kind));
    entry.set_agent(event.agent);
    entry.set_detail(event.detail);
  }
  if (result.start_spread) {
    proto.mutable_start_spread()->set_spread_ns(result.start_spread->spread);
    proto.mutable_start_spread()->set_error_ns(result.start_spread->error);
  }
  if (result.warm_up) {
    v1::WarmUp& warm_up = *proto.mutable_warm_up();
    warm_up.set_duration_ns(result.warm_up->duration);
    warm_up.set_recorded(result.warm_up->recorded);
    warm_up.set_failed(result.warm_up->failed);
    warm_up.set_connections(result.warm_up->connections);
  }
  if (result.tag) {
    v1::Tag& tag = *proto.mutable_tag();
    tag.set_run(result.tag->run);
    if (result.tag->recorded) {
      std::vector<Span> runs;
      for (const NumberRun& run : *result.tag->recorded) runs.push_back({run.first, 1, run.count});
      *tag.mutable_recorded() = RunsToProto(runs);
    }
  }
  if (result.coverage) *proto.mutable_coverage() = ToProto(*result.coverage);
  EvidenceToProto(result, proto);
  for (const std::string& note : result.notes) proto.add_notes(note);
  proto.set_not_all_saved(result.not_all_saved);
  RequestsToProto(result, proto);
  return proto;
}

v1::AgentResult ToProto(const AgentResult& agent) {
  v1::AgentResult proto;
  proto.set_name(agent.name);
  proto.set_address(agent.address);
  proto.set_build(agent.build);
  *proto.mutable_host() = agent.host;
  proto.set_concurrency(agent.concurrency);
  proto.set_peak_connections(agent.peak_connections);
  if (agent.clock) {
    v1::AgentClock& clock = *proto.mutable_clock();
    clock.set_offset_ns(agent.clock->offset);
    clock.set_error_ns(agent.clock->error);
    clock.set_rtt_ns(agent.clock->rtt);
    if (agent.clock->drift) {
      clock.mutable_drift()->set_ppm(agent.clock->drift->ppm);
      clock.mutable_drift()->set_error_ppm(agent.clock->drift->error_ppm);
    }
  }
  *proto.mutable_metrics() = agent.metrics.Expand().ToProto();
  if (agent.vitals) *proto.mutable_vitals() = *agent.vitals;
  return proto;
}

// ---- from messages

absl::Status ReadEvents(const v1::RunResult& proto, RunResult& result) {
  for (const v1::RunEvent& entry : proto.events()) {
    RunEvent& event = result.events.emplace_back();
    event.at = entry.at_ns();
    event.agent = entry.agent();
    event.detail = entry.detail();
    if (!Read(kKinds, entry.kind(), event.kind)) return Damaged("an event of no known kind");
    if (event.agent.size() > kMaxNameBytes) return Damaged("a name that is too long");
  }
  return absl::OkStatus();
}

absl::Status ReadTag(const v1::Tag& proto, RunResult& result) {
  result.tag = {.run = proto.run(), .recorded = {}};
  if (proto.run().size() > kMaxNameBytes) return Damaged("a name that is too long");
  if (!proto.has_recorded()) return absl::OkStatus();
  const absl::StatusOr<std::vector<Span>> runs = RunsFromProto(proto.recorded());
  if (!runs.ok()) return Damaged("{}", std::string(runs.status().message()));
  result.tag->recorded.emplace();
  for (const Span& run : *runs) {
    if (run.stride != 1) return Damaged("recorded numbers that are not runs");
    result.tag->recorded->push_back({run.first, run.count});
  }
  return absl::OkStatus();
}

absl::Status ReadCoverage(const v1::Coverage& proto, RunResult& result) {
  constexpr uint64_t kMost = uint64_t{1} << 63;  // of numbers; sums and products stay below 2^64
  CoverageResult& coverage = result.coverage.emplace();
  coverage.listed = result.plan.urls().entries();
  coverage.distinct = proto.distinct();
  if (proto.has_times_least()) coverage.times_least = proto.times_least();
  if (proto.has_times_most()) coverage.times_most = proto.times_most();
  if (proto.has_whole_passes()) coverage.whole_passes = proto.whole_passes();
  coverage.more_open_passes = proto.more_open_passes();
  if (coverage.distinct > coverage.listed) return Damaged("more URLs than are listed");
  for (const v1::OpenPass& open : proto.open_passes()) {
    if (open.passes() == 0 || open.passes() > kMost / coverage.listed || open.pass() >= kMost ||
        open.held() > open.passes() * coverage.listed) {
      return Damaged("a pass over the list that cannot be");
    }
    coverage.open_passes.push_back({open.pass(), open.passes(), open.held()});
  }
  if (coverage.more_open_passes >= kMost) return Damaged("a pass over the list that cannot be");
  return absl::OkStatus();
}

// Everything but the agents.
absl::Status ReadHead(const v1::RunResult& proto, RunResult& result) {
  result.id = proto.id();
  result.version = proto.version();
  result.plan = proto.plan();
  result.started_at = absl::FromUnixNanos(proto.started_at_ns());
  result.elapsed = proto.elapsed_ns();
  result.planned = proto.planned();
  result.dropped = proto.dropped();
  result.unsent = proto.unsent();
  result.oldest_unsent = proto.oldest_unsent_ns();
  result.possibly_repeated = proto.possibly_repeated();
  if (proto.has_start_spread()) {
    result.start_spread = {.spread = proto.start_spread().spread_ns(),
                           .error = proto.start_spread().error_ns()};
  }
  if (proto.has_warm_up()) {
    const v1::WarmUp& warm_up = proto.warm_up();
    result.warm_up = {.duration = warm_up.duration_ns(),
                      .recorded = warm_up.recorded(),
                      .failed = warm_up.failed(),
                      .connections = warm_up.connections()};
    if (warm_up.failed() > warm_up.recorded()) return Damaged("more failed than are recorded");
  }
  result.notes.assign(proto.notes().begin(), proto.notes().end());
  result.not_all_saved = proto.not_all_saved();
  if (!Read(kStates, proto.state(), result.state)) return Damaged("it ended in no known state");
  if (result.id.size() > kMaxNameBytes || result.version.size() > kMaxNameBytes) {
    return Damaged("a name that is too long");
  }
  if (result.elapsed < 0 || result.oldest_unsent < 0) return Damaged("a negative length of time");
  if (proto.has_warm_up() != (result.plan.phases_size() > 1)) {
    return Damaged("the warm-up is not that of the plan");
  }
  if (absl::Status status = CheckPlan(result.plan); !status.ok()) {
    return Damaged("{}", std::string(status.message()));
  }
  if (proto.has_tag()) {
    if (absl::Status status = ReadTag(proto.tag(), result); !status.ok()) return status;
  }
  if (proto.has_coverage()) {
    if (!result.plan.has_urls()) return Damaged("the coverage of a list that is not there");
    if (absl::Status status = ReadCoverage(proto.coverage(), result); !status.ok()) return status;
  }
  if (!EvidenceFromProto(proto, result)) return Damaged("evidence that cannot be");
  return ReadEvents(proto, result);
}

absl::StatusOr<AgentClock> ReadClock(const v1::AgentClock& proto) {
  AgentClock clock;
  clock.offset = proto.offset_ns();
  clock.error = proto.error_ns();
  clock.rtt = proto.rtt_ns();
  if (proto.has_drift()) {
    clock.drift = {.ppm = proto.drift().ppm(), .error_ppm = proto.drift().error_ppm()};
    if (!std::isfinite(clock.drift->ppm) || !std::isfinite(clock.drift->error_ppm)) {
      return Damaged("a drift that is no number");
    }
  }
  return clock;
}

// Adds what it saw to the fleet's, too.
absl::Status ReadAgent(const v1::AgentResult& proto, RunResult& result) {
  AgentResult& agent = result.agents.emplace_back();
  agent.name = proto.name();
  agent.address = proto.address();
  agent.build = proto.build();
  agent.host = proto.host();
  agent.concurrency = proto.concurrency();
  agent.peak_connections = proto.peak_connections();
  for (const std::string* name : {&agent.name, &agent.address, &agent.build}) {
    if (name->size() > kMaxNameBytes) return Damaged("a name that is too long");
  }
  if (proto.has_clock()) {
    absl::StatusOr<AgentClock> clock = ReadClock(proto.clock());
    if (!clock.ok()) return clock.status();
    agent.clock = *clock;
  }
  if (proto.has_vitals()) {
    if (!AreVitals(proto.vitals())) return Damaged("vitals that no machine can have");
    agent.vitals = proto.vitals();
  }
  const absl::StatusOr<DecodedMetrics> metrics = DecodedMetrics::Of(proto.metrics());
  if (!metrics.ok()) return Damaged("{}", std::string(metrics.status().message()));
  // So no sum over the agents overflows that reports rely on.
  const uint64_t recorded = proto.metrics().succeeded() + proto.metrics().failed();
  if (recorded > result.planned - result.fleet.recorded()) {
    return Damaged("more is recorded than was planned");
  }
  result.fleet.Merge(*metrics);
  agent.metrics.Merge(*metrics);
  return absl::OkStatus();
}

uint32_t ChecksumOf(std::string_view bytes) {
  constexpr size_t kMost = std::numeric_limits<uInt>::max();
  uLong checksum = crc32(0, nullptr, 0);
  for (; !bytes.empty(); bytes.remove_prefix(std::min(bytes.size(), kMost))) {
    const auto size = static_cast<uInt>(std::min(bytes.size(), kMost));
    checksum = crc32(checksum, reinterpret_cast<const Bytef*>(bytes.data()), size);
  }
  return static_cast<uint32_t>(checksum);
}

std::string ChecksumField(std::string_view bytes) {
  v1::RunResult last;
  last.set_checksum(ChecksumOf(bytes));
  // Zero would be left out.
  if (last.checksum() == 0) return {'\x7d', 0, 0, 0, 0};
  return last.SerializeAsString();
}

}  // namespace

std::string EncodeResult(const RunResult& result) {
  std::string bytes = HeadOf(result).SerializeAsString();
  for (const AgentResult& agent : result.agents) {
    v1::RunResult piece;
    *piece.add_agents() = ToProto(agent);
    piece.AppendToString(&bytes);
  }
  return bytes + ChecksumField(bytes);
}

absl::StatusOr<RunResult> DecodeResult(std::string_view bytes) {
  const google::protobuf::LogSilencer silencer;  // the caller says what is wrong
  const size_t size = bytes.size() - std::min(bytes.size(), kChecksumBytes);
  if (bytes.substr(size) != ChecksumField(bytes.substr(0, size))) {
    return absl::InvalidArgumentError(
        "is no result of squall run --save, or was cut short or changed");
  }
  v1::RunResult proto;
  if (bytes.size() > std::numeric_limits<int>::max() ||
      !proto.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    return absl::InvalidArgumentError("is no result of squall run --save");
  }
  return FromProto(proto);
}

absl::StatusOr<RunResult> FromProto(const v1::RunResult& proto) {
  if (proto.format() > kFormat) {
    return absl::InvalidArgumentError(
        fmt::format("was written by squall {}, whose results this one (of format {}) cannot read: "
                    "use that version or a later one",
                    Quoted(proto.version()), kFormat));
  }
  if (proto.format() == 0) return absl::InvalidArgumentError("is no result of squall run --save");
  if (proto.agent_count() != static_cast<uint32_t>(proto.agents_size())) {
    return Damaged("it has {} agents of {}", proto.agents_size(), proto.agent_count());
  }
  RunResult result;
  if (absl::Status status = ReadHead(proto, result); !status.ok()) return status;
  for (const v1::AgentResult& agent : proto.agents()) {
    if (absl::Status status = ReadAgent(agent, result); !status.ok()) return status;
  }
  if (absl::Status status = ReadRequests(proto, result); !status.ok()) return status;
  if (result.tainted && (!result.fleet.success_service.Contains(result.tainted->service) ||
                         !result.fleet.success_response.Contains(result.tainted->response))) {
    return Damaged("it has times of clients that are not the fleet's");
  }
  const uint64_t left = result.planned - result.fleet.recorded();
  if (result.dropped > left || result.unsent > left - result.dropped) {
    return Damaged("more was dropped and left unsent than was planned");
  }
  return result;
}

}  // namespace squall
