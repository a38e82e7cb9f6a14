#include "tests/fuzz/simulated_agent.h"

#include <algorithm>

#include "common/check.h"
#include "common/metrics.h"
#include "common/protocol.h"
#include "common/zstd_chunk.h"

namespace squall {
namespace {

// As many successes of a millisecond.
const v1::Metrics& Successes(uint64_t count) {
  static std::map<uint64_t, v1::Metrics> known;
  const auto [found, is_new] = known.try_emplace(count);
  if (is_new) {
    Metrics metrics;
    Outcome good;
    good.status = 200;
    for (uint64_t i = 0; i < count; ++i) metrics.Add(i, {.service = kMillisecond}, good);
    found->second = metrics.ToProto();
  }
  return found->second;
}

}  // namespace

void Book::Grant(uint64_t number, SimulatedAgent& agent) {
  SQUALL_CHECK(total_ == 0 || number < total_);
  Entry& entry = entries_[number];
  SQUALL_CHECK(!entry.taken);
  if (entry.holder != nullptr) {
    SQUALL_CHECK(SteadyNow() + entry.holder->slack() >= entry.holder->lease_end());
  }
  entry.holder = &agent;
}

void Book::Take(uint64_t number, const SimulatedAgent& agent) {
  Entry& entry = entries_[number];
  SQUALL_CHECK(entry.holder == &agent && !entry.taken);
  entry.taken = true;
  ++taken_;
}

Nanos SimulatedAgent::Now() const { return SteadyNow() + clock_; }

uint64_t SimulatedAgent::Open(std::function<void(FleetNews)> events) {
  events_ = std::move(events);
  due_.clear();
  pings_.clear();
  leaves_ = false;
  return ++stream_;
}

void SimulatedAgent::LinkGone(uint64_t stream) {
  if (stream == stream_) events_ = nullptr;
}

void SimulatedAgent::Hear(uint64_t stream, const v1::ControllerMessage& message) {
  if (stream != stream_ || !events_ || leaves_) return;
  OnMerged(std::max(message.acknowledged(), message.ack().sequence()));
  if (message.command() != 0) {
    if (message.command() <= commands_) return;
    SQUALL_CHECK(message.command() == commands_ + 1);
    commands_ = message.command();
  }
  if (message.has_hello()) OnHello();
  if (message.has_ping()) OnPing(message.ping());
  if (message.has_prepare()) OnPrepare(message.prepare());
  if (message.has_feeder()) OnFeeder(message.feeder());
  if (message.has_data()) OnData(message.data());
  if (message.has_grant()) OnGrant(message.grant());
  if (message.has_start()) OnStart(message.start());
  if (message.has_stop()) due_.emplace_back().mutable_done();
  if (message.has_dismiss()) {
    Forget();
    due_.emplace_back();
    leaves_ = true;
  }
}

void SimulatedAgent::OnHello() {
  v1::AgentMessage& answer = due_.emplace_back();
  if (running_) {
    answer.mutable_resume()->set_instance(name_);
    answer.mutable_resume()->set_commands(commands_);
    due_.insert(due_.end(), kept_.begin(), kept_.end());
    return;
  }
  v1::Welcome& welcome = *answer.mutable_welcome();
  welcome.set_protocol_version(kProtocolVersion);
  welcome.set_name(name_);
  welcome.set_instance(name_);
  welcome.mutable_host()->set_cores(2);
}

void SimulatedAgent::OnPing(const v1::Ping& ping) {
  due_.emplace_back().mutable_pong()->set_id(ping.id());
  pings_.emplace_back(Now(), ping.id());
}

void SimulatedAgent::OnPrepare(const v1::Prepare& prepare) {
  prepare_ = prepare;
  phases_ = static_cast<uint32_t>(prepare.plan().phases_size());
  expected_bytes_ = prepare.plan().urls().size_bytes();
  feeder_bytes_ = prepare.plan().feeder().size_bytes();
  events_(AgentDrained{});
  if (expected_bytes_ != 0) due_.emplace_back().mutable_list_wanted()->set_until(expected_bytes_);
  ReadyIfAll();
}

void SimulatedAgent::OnFeeder(const v1::FeederChunk& chunk) {
  SQUALL_CHECK(chunk.data().size() <= feeder_bytes_);
  feeder_bytes_ -= chunk.data().size();
  events_(AgentDrained{});
  ReadyIfAll();
}

void SimulatedAgent::ReadyIfAll() {
  if (expected_bytes_ == 0 && feeder_bytes_ == 0) {
    due_.emplace_back().mutable_ready()->set_workers(1);
  }
}

void SimulatedAgent::OnData(const v1::DataChunk& chunk) {
  const absl::StatusOr<std::string> text = chunk.compression() == v1::COMPRESSION_NONE
                                               ? absl::StatusOr<std::string>(chunk.data())
                                               : Decompressed(chunk.data(), kChunkBytes);
  SQUALL_CHECK(text.ok() && text->size() <= expected_bytes_);
  expected_bytes_ -= text->size();
  events_(AgentDrained{});
  ReadyIfAll();
}

void SimulatedAgent::OnGrant(const v1::Grant& grant) {
  SQUALL_CHECK(grant.phase() < phases_ && grant.spans_size() > 0);
  for (const v1::Span& span : grant.spans()) {
    SQUALL_CHECK(span.count() > 0);
    for (uint64_t i = 0; i < span.count(); ++i) {
      const uint64_t number = span.first() + i * span.stride();
      open_.emplace_back(grant.phase(), number);
      if (grant.phase() + 1 == phases_) book_.Grant(number, *this);
    }
  }
  std::sort(open_.begin(), open_.end());
}

void SimulatedAgent::OnStart(const v1::Start& start) {
  SQUALL_CHECK(!running_);
  running_ = was_started_ = true;
  began_ = start.at_ns();
  lease_end_ = start.lease_from_ns() - clock_ + prepare_.lease_ns();
}

// What was said last is what the controller has just heard: it is told of one at a time.
void SimulatedAgent::OnMerged(uint64_t sequence) {
  if (sequence <= merged_ || !running_) return;
  SQUALL_CHECK(sequence == merged_ + 1 && said_.snapshot().sequence() == sequence);
  merged_ = sequence;
  lease_end_ = std::max(lease_end_, sent_[sequence] + prepare_.lease_ns());
  while (!kept_.empty() && kept_.front().snapshot().sequence() <= sequence) kept_.pop_front();
  if (said_.snapshot().phase() + 1 != phases_) return;
  const v1::Snapshot& snapshot = said_.snapshot();
  for (const v1::Runs* runs : {&snapshot.held(), &snapshot.dropped(), &snapshot.unsent()}) {
    const auto spans = *RunsFromProto(*runs);
    for (const Span& span : spans) {
      for (uint64_t i = 0; i < span.count; ++i) book_.Take(span.first + i * span.stride, *this);
    }
  }
}

v1::AgentMessage SimulatedAgent::NextWords(size_t most) {
  if (due_.empty()) return Snapshot(most);
  v1::AgentMessage message = std::move(due_.front());
  due_.pop_front();
  if (message.has_pong() && !pings_.empty()) {
    message.mutable_pong()->set_received_ns(pings_.front().first);
    message.mutable_pong()->set_sent_ns(Now());
    slack_ = std::max(slack_, Now() - pings_.front().first);
    pings_.pop_front();
  }
  return message;
}

v1::AgentMessage SimulatedAgent::Snapshot(size_t most) {
  v1::AgentMessage message;
  v1::Snapshot& snapshot = *message.mutable_snapshot();
  std::vector<uint64_t> held;
  // What a warm-up that is over has left is never sent.
  if (phases_ > 1 && Now() - began_ >= prepare_.plan().phases(0).duration_ns()) {
    std::erase_if(open_, [](const auto& open) { return open.first == 0; });
  }
  if (!open_.empty()) snapshot.set_phase(open_.front().first);
  auto next = open_.begin();
  while (next != open_.end() && next->first == snapshot.phase() && held.size() < most) {
    held.push_back((next++)->second);
  }
  open_.erase(open_.begin(), next);
  if (!held.empty()) *snapshot.mutable_metrics() = Successes(held.size());
  *snapshot.mutable_held() = RunsToProto(*ToRuns(held, 1));
  snapshot.set_sequence(++sequence_);
  snapshot.set_commands(commands_);
  snapshot.set_concurrency(1);
  snapshot.set_began_ns(began_);
  snapshot.set_window_ns(std::max<Nanos>(Now() - began_, 0));
  if (prepare_.plan().phases_size() > 1 && snapshot.phase() != 0) {
    snapshot.set_window_ns(
        std::max<Nanos>(snapshot.window_ns() - prepare_.plan().phases(0).duration_ns(), 0));
  }
  return message;
}

void SimulatedAgent::Say(const v1::AgentMessage& message) {
  if (!events_) return;
  if (message.kind_case() == v1::AgentMessage::KIND_NOT_SET) return Close(absl::OkStatus());
  if (message.has_snapshot() && sent_.emplace(message.snapshot().sequence(), SteadyNow()).second) {
    kept_.push_back(message);
  }
  said_ = message;
  events_(AgentSaid{message, SteadyNow()});
}

void SimulatedAgent::Close(const absl::Status& status) {
  const auto events = std::exchange(events_, nullptr);
  if (events) events(AgentClosed{status});
}

void SimulatedAgent::Forget() {
  running_ = false;
  open_.clear();
  kept_.clear();
  sent_.clear();
  due_.clear();
  sequence_ = merged_ = commands_ = 0;
  lease_end_ = 0;
}

}  // namespace squall
