// An agent that a fuzzer drives: it knows what a true one would say next, and says that or anything
// else. It sends no requests: whatever it is granted counts as done as soon as it says so.
//
// With a book of all numbers of the measured phase, in which every agent's grants and what the
// controller took stand: see Book.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "common/span.h"
#include "controller/fleet.h"

namespace squall {

class SimulatedAgent;

// Whose the numbers of the measured phase are, and which have a result that the controller took.
// Its checks: none is granted to two that might send it at a time, or once it has a result, none
// beyond the total; each result that is taken is its holder's, and the first.
class Book {
 public:
  explicit Book(uint64_t total) : total_(total) {}

  void Grant(uint64_t number, SimulatedAgent& agent);
  void Take(uint64_t number, const SimulatedAgent& agent);
  uint64_t taken() const { return taken_; }

 private:
  struct Entry {
    const SimulatedAgent* holder = nullptr;
    bool taken = false;
  };

  const uint64_t total_;  // 0: there is none
  std::map<uint64_t, Entry> entries_;
  uint64_t taken_ = 0;
};

class SimulatedAgent {
 public:
  SimulatedAgent(Book& book, std::string name, Nanos clock)
      : book_(book), name_(std::move(name)), clock_(clock) {}

  // A new stream; the old one is not heard any more. Its number.
  uint64_t Open(std::function<void(FleetNews)> events);
  void LinkGone(uint64_t stream);
  void Hear(uint64_t stream, const v1::ControllerMessage& message);

  const std::string& name() const { return name_; }
  bool linked() const { return events_ != nullptr; }
  bool running() const { return running_; }
  bool was_started() const { return was_started_; }
  bool has_work() const { return running_ && !open_.empty(); }
  // What a true one says next, if anything: an answer, or a snapshot of at most so many numbers.
  bool HasWords() const { return !due_.empty() || has_work(); }
  v1::AgentMessage NextWords(size_t most);

  void Say(const v1::AgentMessage& message);
  // It leaves the conversation, or its connection breaks.
  void Close(const absl::Status& status);
  // It was started anew, and knows of nothing.
  void Forget();

  // Its snapshots that are not acknowledged, as it said them.
  const std::deque<v1::AgentMessage>& kept() const { return kept_; }
  // Until when it might send, on our clock; and by how much the controller may be wrong about that.
  Nanos lease_end() const { return lease_end_; }
  Nanos slack() const { return slack_; }

 private:
  v1::AgentMessage Snapshot(size_t most);
  void OnHello();
  void OnPing(const v1::Ping& ping);
  void OnPrepare(const v1::Prepare& prepare);
  void OnFeeder(const v1::FeederChunk& chunk);
  void OnData(const v1::DataChunk& chunk);
  void ReadyIfAll();
  void OnGrant(const v1::Grant& grant);
  void OnStart(const v1::Start& start);
  void OnMerged(uint64_t sequence);
  Nanos Now() const;

  Book& book_;
  const std::string name_;
  const Nanos clock_;                      // its clock minus ours
  std::function<void(FleetNews)> events_;  // null: there is no stream
  uint64_t stream_ = 0;
  std::deque<v1::AgentMessage> due_;              // answers
  v1::AgentMessage said_;                         // last
  std::deque<std::pair<Nanos, uint64_t>> pings_;  // that are not answered: when they came
  v1::Prepare prepare_;
  uint64_t expected_bytes_ = 0;  // of the list …
  uint64_t feeder_bytes_ = 0;    // … and of the feeder
  uint32_t phases_ = 0;
  std::vector<std::pair<uint32_t, uint64_t>> open_;  // phase and number
  std::deque<v1::AgentMessage> kept_;
  std::map<uint64_t, Nanos> sent_;  // when each snapshot was, at first
  uint64_t sequence_ = 0;           // of the last snapshot
  uint64_t merged_ = 0;             // of the last one that is acknowledged
  uint64_t commands_ = 0;
  Nanos began_ = 0;  // on its own clock
  Nanos lease_end_ = 0;
  Nanos slack_ = 0;
  bool running_ = false;
  bool leaves_ = false;       // it was dismissed on this stream, and hears no more
  bool was_started_ = false;  // ever
};

// A stream's end as the controller has it.
class SimulatedLink final : public AgentLink {
 public:
  SimulatedLink(std::shared_ptr<SimulatedAgent> agent, std::function<void(FleetNews)> events)
      : agent_(std::move(agent)), stream_(agent_->Open(std::move(events))) {}
  ~SimulatedLink() override { agent_->LinkGone(stream_); }
  void Send(v1::ControllerMessage message) override { agent_->Hear(stream_, message); }

 private:
  const std::shared_ptr<SimulatedAgent> agent_;
  const uint64_t stream_;
};

}  // namespace squall
