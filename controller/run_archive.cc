#include "controller/run_archive.h"

#include <algorithm>
#include <cerrno>
#include <unistd.h>
#include <utility>

#include <fmt/format.h>
#include <sys/stat.h>

#include "common/values.h"
#include "controller/hdr_log.h"
#include "controller/result_folder.h"

namespace squall {

absl::StatusOr<std::unique_ptr<RunArchive>> RunArchive::Create(const std::string& folder,
                                                               bool open_loop) {
  if (absl::Status status = CheckNewFolder(folder); !status.ok()) return status;
  const bool made = mkdir(folder.c_str(), 0777) == 0;
  if (!made && errno != EEXIST) return absl::ErrnoToStatus(errno, Quoted(folder));
  absl::StatusOr<AppendFile> series = AppendFile::Create(SeriesPath(folder));
  if (!series.ok()) {
    if (made) rmdir(folder.c_str());
    return series.status();
  }
  std::unique_ptr<RunArchive> archive(new RunArchive(folder, made, *std::move(series)));
  const auto add = [&](const std::string& path, auto... rest) {
    absl::StatusOr<AppendFile> file = AppendFile::Create(path);
    if (!file.ok()) return file.status();
    archive->logs_.push_back({*std::move(file), rest..., {}});
    return absl::OkStatus();
  };
  absl::Status status = add(LatencyLogPath(folder), "service time", MetricsPart::kSuccessService);
  if (status.ok() && open_loop) {
    status = add(ResponseLogPath(folder), "response time", MetricsPart::kSuccessResponse);
  }
  if (!status.ok()) return status;
  return archive;
}

RunArchive::RunArchive(std::string folder, bool made_folder, AppendFile series)
    : folder_(std::move(folder)), made_folder_(made_folder), series_(std::move(series)) {}

RunArchive::~RunArchive() {
  if (begun_) return;
  unlink(series_.path().c_str());
  for (const Log& log : logs_) unlink(log.file.path().c_str());
  if (made_folder_) rmdir(folder_.c_str());
}

void RunArchive::Begin(const std::string& run_id, absl::Time started_at, Nanos measured_from) {
  begun_ = true;
  measured_from_ = measured_from;
  for (Log& log : logs_) {
    log.file.Append(HdrLogHead(
        fmt::format("squall run {}: {} of successes, nanoseconds", run_id, log.title), started_at));
  }
}

void RunArchive::Add(const MergedSnapshot& merged) {
  if (merged.at - second_ >= kSecond) EndSecond(merged.at / kSecond * kSecond);
  last_ = std::max(last_, merged.at);
  Agent& agent = AgentOf(merged);
  series_.Append(SeriesLine(merged, agent.tag));
  if (!merged.measured) return;
  for (Log& log : logs_) {
    const v1::Histogram& histogram =
        *PartsOf(merged.snapshot.metrics())[static_cast<size_t>(log.part)];
    if (histogram.count() == 0) continue;
    log.file.Append(HdrLogLine(agent.tag, std::min(agent.before, merged.at), merged.at, histogram));
    log.fleet.Merge(merged.checked.metrics[log.part]);
  }
  agent.before = merged.at;
}

// Names of agents need not differ; tags do.
RunArchive::Agent& RunArchive::AgentOf(const MergedSnapshot& merged) {
  if (agents_.size() <= merged.agent) agents_.resize(merged.agent + 1);
  std::optional<Agent>& agent = agents_[merged.agent];
  if (!agent) {
    const std::string wanted = HdrLogTag(merged.name);
    std::string tag = wanted;
    while (!tags_.try_emplace(tag, 1).second) {
      tag = fmt::format("{}#{}", wanted, ++tags_[wanted]);
    }
    agent = Agent{std::move(tag), measured_from_};
  }
  return *agent;
}

// The second that goes on is over; the next begins at `next`.
void RunArchive::EndSecond(Nanos next) {
  const Nanos end = std::min(next, second_ + kSecond);
  for (Log& log : logs_) {
    if (log.fleet.count() > 0) {
      log.file.Append(HdrLogLine("", second_, end, log.fleet.ToProto()));
      log.fleet.Clear();
    }
    log.file.Flush();
  }
  series_.Flush();
  second_ = next;
}

void RunArchive::Finish(RunResult& result) {
  EndSecond(std::max(last_, second_));
  std::vector<absl::Status> statuses = {series_.Close()};
  for (Log& log : logs_) statuses.push_back(log.file.Close());
  const auto tell = [&result](const absl::Status& status) {
    if (status.ok()) return;
    result.not_all_saved = true;
    result.notes.push_back(fmt::format("not all was saved: {}", std::string(status.message())));
  };
  for (const absl::Status& status : statuses) tell(status);
  tell(WriteResult(folder_, result));
}

}  // namespace squall
