#include "controller/run_record.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "absl/time/clock.h"
#include "common/phases.h"
#include "common/version.h"
#include "controller/run_verdict.h"
#include "controller/snapshot_check.h"
#include "controller/summary.h"
#include "controller/vitals_sum.h"

namespace squall {
namespace {

using Stage = Member::Stage;

// An agent's clock may differ from ours by so much in what it says of its own run.
constexpr Nanos kWindowSlack = kSecond;

// So many runs of numbers the result tells at most: some 40 MB of JSON.
constexpr size_t kMostRecordedRuns = 1'000'000;

}  // namespace

RunRecord::RunRecord(const RunOrder& order, Roster& roster, Allotment& allotment,
                     Progress& progress, RunArchive* archive)
    : order_(order),
      roster_(roster),
      allotment_(allotment),
      progress_(progress),
      archive_(archive) {
  result_.id = order.run_id;
  result_.version = kVersion;
  result_.requests.resize(static_cast<size_t>(order.plan.mix_size()));
  if (order.plan.phases_size() > 1) result_.warm_up.emplace();
  if (order.plan.request().tag()) recorded_.emplace();
  if (order.plan.has_urls()) {
    const v1::UrlList& urls = order.plan.urls();
    coverage_.emplace(urls.order(), order.plan.seed(), urls.entries());
  }
}

void RunRecord::Begin(Nanos start) {
  start_ = start;
  result_.started_at = absl::Now();
  progress_.Start(start, order_.plan.phases(0));
  if (archive_ != nullptr) {
    archive_->Begin(result_.id, result_.started_at,
                    PhaseBegin(order_.plan, allotment_.phases() - 1));
  }
}

absl::Status RunRecord::Merge(size_t index, const v1::Snapshot& snapshot) {
  if (order_.plan.users()) {
    const absl::StatusOr<v1::Metrics> steps = SumUpSteps(snapshot);
    return steps.ok() ? MergeWhole(index, snapshot, &*steps) : steps.status();
  }
  if (result_.requests.empty() && snapshot.requests().empty()) {
    return MergeWhole(index, snapshot, nullptr);
  }
  v1::Snapshot whole = snapshot;
  const absl::Status status = SumUpRequests(whole, result_.requests.size());
  return status.ok() ? MergeWhole(index, whole, nullptr) : status;
}

absl::Status RunRecord::MergeWhole(size_t index, const v1::Snapshot& snapshot,
                                   const v1::Metrics* steps) {
  Member& member = roster_[index];
  if (snapshot.sequence() != member.sequence + 1) {
    return absl::InvalidArgumentError(
        fmt::format("it sent snapshot {} after {}", snapshot.sequence(), member.sequence));
  }
  const size_t phase = snapshot.phase();
  const size_t phases = allotment_.phases();
  if (phase >= phases) {
    return absl::InvalidArgumentError(
        fmt::format("it reports of phase {} of {}", phase + 1, phases));
  }
  const Nanos now = SteadyNow();
  const Nanos elapsed = now - allotment_.BeginOf(phase);
  const auto checked = CheckSnapshot(
      snapshot, elapsed + ClockSync::MostDrift(elapsed) + kWindowSlack, order_.plan.concurrency());
  if (!checked.ok()) return checked.status();
  absl::Status status = allotment_.Close(member, phase, checked->closing, snapshot.window_ns());
  if (!status.ok()) return status;

  const v1::Metrics& metrics = snapshot.metrics();
  member.sequence = snapshot.sequence();
  member.heard_at = now;
  if (snapshot.began_ns() > 0) member.began = snapshot.began_ns();
  AgentResult& agent = member.result;
  agent.peak_connections = std::max(agent.peak_connections, snapshot.peak_connections());
  const Nanos zero = allotment_.BeginOf(phases - 1) + agent.clock->offset;
  if (steps == nullptr) {
    evidence_.Add(index, snapshot, *checked, zero, phase + 1 == phases);
  } else {
    const CheckedSnapshot load = {.metrics = *DecodedMetrics::Of(*steps),
                                  .flight = checked->flight};
    evidence_.Add(index, snapshot, load, zero, phase + 1 == phases);
  }
  if (snapshot.has_vitals()) {
    if (!agent.vitals) agent.vitals.emplace();
    AddVitals(snapshot.vitals(), *agent.vitals);
  }
  if (phase + 1 == phases) {
    agent.metrics.Merge(checked->metrics);
    result_.fleet.Merge(checked->metrics);
    for (const v1::RequestMetrics& of : snapshot.requests()) {
      Metrics& known =
          steps == nullptr ? result_.requests[of.request()] : result_.steps.Of(of.name());
      known.Merge(*DecodedMetrics::Of(of.metrics()));
    }
    result_.elapsed = std::max(result_.elapsed, snapshot.window_ns());
    result_.dropped += checked->dropped;
    result_.unsent += checked->unsent;
    if (coverage_) coverage_->Add(checked->closing.held);
    if (recorded_) {
      for (const Span& span : checked->closing.held) recorded_->Add(span);
    }
    result_.oldest_unsent = std::max(result_.oldest_unsent, snapshot.oldest_unsent_ns());
  } else {
    result_.warm_up->recorded += metrics.succeeded() + metrics.failed();
    result_.warm_up->failed += metrics.failed();
    result_.warm_up->connections += metrics.connections();
  }
  if (phase == phase_) {
    progress_.Update(now, running_, checked->metrics[MetricsPart::kSuccessService],
                     metrics.failed());
  }
  if (archive_ != nullptr) {
    archive_->Add({.agent = index,
                   .name = agent.name,
                   .at = now - start_,
                   .measured = phase + 1 == phases,
                   .snapshot = snapshot,
                   .checked = *checked});
  }
  return status;
}

void RunRecord::Happened(RunEvent::Kind kind, size_t index, std::string detail) {
  static constexpr std::array<std::string_view, 4> kWords = {"was lost", "goes on",
                                                             "leaves its work to others", "joined"};
  const Member& member = roster_[index];
  progress_.Message(
      fmt::format("{} {}: {}", Named(member), kWords[static_cast<size_t>(kind)], detail));
  result_.events.push_back({SteadyNow() - start_, kind, member.result.name, std::move(detail)});
}

void RunRecord::Ended(size_t index, const v1::Done& done) {
  result_.script_threads.insert(result_.script_threads.end(), done.script_threads().begin(),
                                done.script_threads().end());
  if (!order_.own_target) return;
  Member& member = roster_[index];
  if (done.has_ceiling()) *member.result.host.mutable_ceiling() = done.ceiling();
  if (done.not_kept().empty()) return;
  result_.notes.push_back(fmt::format("{} keeps its ceiling only until its process ends: {}",
                                      Named(member), done.not_kept()));
}

void RunRecord::Incomplete(std::string why) {
  result_.notes.insert(result_.notes.begin(), std::move(why));
  if (result_.state == RunState::kComplete) result_.state = RunState::kIncomplete;
}

bool RunRecord::FailsFast() {
  const uint64_t most = order_.plan.fail_fast();
  const uint64_t failed = result_.fleet.failed + (result_.warm_up ? result_.warm_up->failed : 0);
  if (failed_fast_ || most == 0 || failed < most) return false;
  failed_fast_ = true;
  progress_.Message(fmt::format("{} requests have failed: the run ends (--fail-fast)", failed));
  return true;
}

void RunRecord::Show(Nanos now) {
  while (phase_ + 1 < allotment_.phases() && now >= allotment_.BeginOf(phase_ + 1)) {
    ++phase_;
    progress_.Start(allotment_.BeginOf(phase_), order_.plan.phases(static_cast<int>(phase_)));
  }
  running_ =
      static_cast<size_t>(std::count_if(roster_.begin(), roster_.end(), [](const auto& member) {
        return member->stage == Stage::kRunning;
      }));
  progress_.Update(now, running_);
}

// Under a rate and a duration: of what was due, the rest that nobody has told of.
void RunRecord::AccountForTheRest() {
  const uint64_t accounted = result_.fleet.recorded() + result_.dropped + result_.unsent;
  rest_ = result_.planned - std::min(accounted, result_.planned);
  result_.unsent += rest_;
  if (rest_ > nobodys_) {
    Incomplete(fmt::format("{} requests of the schedule were not given to any agent in time",
                           rest_ - nobodys_));
  } else if (rest_ != 0) {
    result_.notes.push_back(fmt::format(
        "{} of the unsent requests had been granted to agents that were lost, and there "
        "was no time left to send them again",
        rest_));
  }
}

void RunRecord::NoteWhatWasNotSent() {
  const v1::Phase& phase = MeasuredPhase(order_.plan);
  // What agents told of; the rest has a note of its own.
  if (const uint64_t told = result_.unsent - rest_; told != 0) {
    result_.notes.push_back(fmt::format(
        "{} of {} {} were due and not sent when the run ended, the oldest for {:.3g} s: the "
        "rate was more than the server, or -c, allowed",
        told, result_.planned, NumbersName(order_.plan),
        static_cast<double>(result_.oldest_unsent) * 1e-9));
  }
  if (result_.dropped != 0) {
    result_.notes.push_back(
        fmt::format("{} of {} requests were dropped: they fell due when {} others were waiting "
                    "(--max-backlog)",
                    result_.dropped, result_.planned, phase.arrivals().max_backlog()));
  }
  if (result_.possibly_repeated != 0) {
    result_.notes.push_back(fmt::format(
        "up to {} {} of lost agents may have reached the server beside those that are recorded",
        result_.possibly_repeated, NumbersName(order_.plan)));
  }
}

void RunRecord::TellWhatIsRecorded() {
  if (!recorded_) return;
  result_.tag = {order_.run_id, recorded_->Runs(kMostRecordedRuns)};
  if (result_.tag->recorded) return;
  result_.notes.push_back(
      "which of the numbers were recorded is not told (tag.recorded_runs): there are too many "
      "holes between them");
}

// Of those that took part; what anybody may command, anybody may have disturbed.
void RunRecord::NoteHowTheListWasRead() {
  if (order_.list == nullptr) return;
  const v1::ListRemarks& remarks = order_.list->remarks();
  if (remarks.skipped_lines() == 1) {
    result_.notes.push_back(
        fmt::format("{}: line {} names no request that can be sent: it was left out",
                    order_.list->name(), remarks.first_skipped_line()));
  } else if (remarks.skipped_lines() > 1) {
    result_.notes.push_back(fmt::format(
        "{}: {} lines name no request that can be sent, the first is line {}: they were left out",
        order_.list->name(), remarks.skipped_lines(), remarks.first_skipped_line()));
  }
  if (remarks.whole_seconds()) {
    result_.notes.push_back(fmt::format(
        "{}: its times are whole seconds: requests of the same second were spread evenly over it",
        order_.list->name()));
  }
}

void RunRecord::NoteWhoObeysAnybody() {
  constexpr size_t kMostNames = 10;
  std::vector<std::string> names;
  size_t more = 0;
  for (const AgentResult& agent : result_.agents) {
    if (!agent.obeys_anybody) continue;
    if (names.size() < kMostNames) {
      names.push_back(agent.name);
    } else {
      ++more;
    }
  }
  if (names.empty()) return;
  if (more > 0) names.push_back(fmt::format("{} more", more));
  result_.notes.push_back(
      fmt::format("{} obey{} anybody who reaches {} (squall agent --insecure): {}",
                  names.size() == 1 ? "an agent" : "agents", names.size() == 1 ? "s" : "",
                  names.size() == 1 ? "it" : "them", fmt::join(names, ", ")));
}

void RunRecord::NoteClocks() {
  std::vector<Moment> beginnings;
  bool all = true;
  for (const auto& member : roster_) {
    if (!member->result.clock) continue;
    member->result.clock->rtt = member->clock.fastest();
    member->result.clock->drift = member->clock.drift();
    if (!member->from_start) continue;
    all = all && member->began != 0;
    const ClockSync::Offset offset = member->clock.At(start_);
    beginnings.push_back({member->began - offset.offset, offset.error});
  }
  if (all) result_.start_spread = SpreadOf(beginnings);
}

bool RunRecord::StopsByScript(size_t index, const v1::Snapshot& snapshot) {
  if (!snapshot.script_stopped() || stopped_by_script_) return false;
  stopped_by_script_ = true;
  result_.notes.push_back(
      fmt::format("the script has ended the run: all workers of {} have called thread:stop()",
                  Named(roster_[index])));
  return true;
}

RunResult RunRecord::Finish(bool interrupted) {
  progress_.Finish();
  const v1::Phase& phase = MeasuredPhase(order_.plan);
  const Ledger& ledger = allotment_.measured();
  const bool complete = ledger.complete();
  // In a closed loop a duration ends the run wherever it is.
  const bool by_count = complete || phase.duration_ns() == 0 || phase.has_arrivals();
  result_.planned = by_count ? ledger.total() : result_.fleet.recorded();
  const bool anybody_left = std::any_of(roster_.begin(), roster_.end(), [](const auto& member) {
    return member->stage == Stage::kDone;
  });
  const bool timed = phase.has_arrivals() && phase.duration_ns() != 0;
  if (failed_fast_) {
    const uint64_t failed = result_.fleet.failed + (result_.warm_up ? result_.warm_up->failed : 0);
    Incomplete(fmt::format("{} requests have failed, and the run was to end at {} (--fail-fast)",
                           failed, order_.plan.fail_fast()));
  } else if (complete) {
    result_.state = RunState::kComplete;
  } else if (interrupted) {
    if (result_.state == RunState::kComplete) result_.state = RunState::kInterrupted;
  } else if (!anybody_left) {
    Incomplete("no agent was left");
  } else if (timed) {
    AccountForTheRest();
  } else if (by_count && result_.state == RunState::kComplete) {
    result_.state = RunState::kIncomplete;
  }
  if (result_.warm_up) {
    result_.warm_up->duration =
        std::min(SteadyNow() - start_, PhaseBegin(order_.plan, allotment_.phases() - 1));
  }
  if (coverage_) result_.coverage = (*std::move(coverage_)).Finish();
  NoteWhatWasNotSent();
  NoteHowTheListWasRead();
  TellWhatIsRecorded();
  NoteClocks();
  evidence_.End();
  TellEvidence(evidence_, order_, roster_, allotment_, result_);
  for (const auto& member : roster_) {
    const bool took_part = member->result.clock || member->stage == Stage::kUnused;
    if (took_part && !member->result.name.empty()) {
      result_.agents.push_back(std::move(member->result));
    }
  }
  NoteWhoObeysAnybody();
  return std::move(result_);
}

}  // namespace squall
