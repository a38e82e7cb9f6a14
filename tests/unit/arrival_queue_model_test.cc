// ArrivalQueue against a model that handles numbers one by one: random grants, draws, connections
// and bounds. Whatever the model gives, the queue must give, and every granted number comes out
// once.
#include <algorithm>
#include <optional>
#include <random>
#include <set>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "agent/arrival_queue.h"

namespace squall {
namespace {

constexpr uint64_t kUnit = 1'000'000'000;  // of rate_nano: one request per second
constexpr size_t kLargestChunk = 64;

class Model {
 public:
  Model(const Schedule& schedule, uint32_t workers, std::optional<uint64_t> max_backlog)
      : schedule_(schedule), max_backlog_(max_backlog), free_since_(workers, 0) {}

  void Add(uint64_t number, bool again) { (again ? again_ : granted_).insert(number); }
  void SetMaxBacklog(uint64_t max_backlog) {
    if (max_backlog_) max_backlog_ = max_backlog;
  }

  ArrivalQueue::Waited Draw(uint32_t worker, size_t connections, Nanos now,
                            std::vector<ArrivalQueue::Arrival>& drawn) {
    if (connections == 0) {
      free_since_[worker] = kForever;
    } else if (free_since_[worker] == kForever) {
      free_since_[worker] = now;
    }
    Bound(now);
    const Nanos own = std::exchange(free_since_[worker], kForever);
    const Nanos others = *std::min_element(free_since_.begin(), free_since_.end());
    ArrivalQueue::Waited waited;
    size_t count = 0;
    for (; count < std::min(connections, kLargestChunk); ++count) {
      std::set<uint64_t>* from = First();
      if (from == nullptr) break;
      const uint64_t number = *from->begin();
      const Nanos due = schedule_.TimeOf(number);
      if (count > 0 && due > now + kMillisecond) break;
      from->erase(number);
      const bool again = from == &again_;
      drawn.push_back({number, due, again});
      if (due < own && !again) ++waited.all;
      if (due < own && !again && others <= due) ++waited.beside_free;
    }
    if (count < connections) free_since_[worker] = own;
    return waited;
  }

  void Freed(uint32_t worker, Nanos now) { free_since_[worker] = now; }

  std::vector<uint64_t> TakeDropped(Nanos now) {
    Bound(now);
    return std::exchange(dropped_, {});
  }

  // The numbers that are due before `end`.
  std::vector<uint64_t> TakeUnsent(Nanos end) {
    std::vector<uint64_t> unsent;
    for (std::set<uint64_t>* from = First(); from != nullptr; from = First()) {
      const uint64_t number = *from->begin();
      if (schedule_.TimeOf(number) >= end) break;
      unsent.push_back(number);
      from->erase(number);
    }
    return unsent;
  }

  size_t left() const { return granted_.size() + waiting_.size() + again_.size(); }
  bool is_free(uint32_t worker) const { return free_since_[worker] != kForever; }

 private:
  std::set<uint64_t>* First() {
    std::set<uint64_t>* first = nullptr;
    for (std::set<uint64_t>* part : {&granted_, &waiting_, &again_}) {
      if (part->empty()) continue;
      if (first == nullptr || *part->begin() < *first->begin()) first = part;
    }
    return first;
  }

  void Bound(Nanos now) {
    if (!max_backlog_) return;
    const Nanos until = std::min(now, *std::min_element(free_since_.begin(), free_since_.end()));
    while (!granted_.empty() && schedule_.TimeOf(*granted_.begin()) < until) {
      const uint64_t number = *granted_.begin();
      granted_.erase(number);
      if (waiting_.size() < *max_backlog_) {
        waiting_.insert(number);
      } else {
        dropped_.push_back(number);
      }
    }
  }

  Schedule schedule_;
  std::optional<uint64_t> max_backlog_;
  std::vector<Nanos> free_since_;
  std::set<uint64_t> granted_, waiting_, again_;
  std::vector<uint64_t> dropped_;
};

std::vector<uint64_t> Numbers(const std::vector<NumberRun>& runs) {
  std::vector<uint64_t> numbers;
  for (const NumberRun& run : runs) {
    for (uint64_t i = 0; i < run.count; ++i) numbers.push_back(run.first + i);
  }
  return numbers;
}

// Takes a queue and a model through the same run.
class Trial {
 public:
  Trial(const Schedule& schedule, uint32_t workers, std::optional<uint64_t> max_backlog,
        uint64_t seed)
      : random_(seed),
        workers_(workers),
        schedule_(schedule),
        queue_(schedule, workers, max_backlog),
        model_(schedule, workers, max_backlog) {}

  void Play(int steps) {
    for (int step = 0; step < steps && !testing::Test::HasFatalFailure(); ++step) {
      now_ += static_cast<Nanos>(random_() % (3 * kMillisecond));
      const auto worker = static_cast<uint32_t>(random_() % workers_);
      switch (random_() % 8) {
        case 0:
          Grant();
          break;
        case 1:
          TakeDropped();
          break;
        case 2:
          if (model_.is_free(worker)) break;
          queue_.Freed(worker, now_);
          model_.Freed(worker, now_);
          break;
        default:
          Draw(worker);
      }
    }
    Finish();
  }

  size_t dropped() const { return dropped_; }

 private:
  // Some lanes of the next numbers; the others now and then come later, when they may be overdue.
  void Grant() {
    const uint64_t stride = 1 + random_() % 4;
    const uint64_t count = 1 + random_() % 20;
    std::vector<Span> spans;
    for (uint64_t lane = 0; lane < stride; ++lane) {
      const Span span = {next_ + lane, stride, count};
      const uint64_t choice = random_() % 4;
      if (choice == 0) later_.push_back(span);
      if (choice >= 2) spans.push_back(span);
    }
    next_ += stride * count;
    if (random_() % 16 == 0) {
      spans.insert(spans.begin(), later_.begin(), later_.end());
      later_.clear();
    }
    Add(spans, random_() % 8 == 0);
    if (random_() % 32 == 0) {
      const uint64_t max_backlog = random_() % 30;
      queue_.SetMaxBacklog(max_backlog);
      model_.SetMaxBacklog(max_backlog);
    }
  }

  void Add(const std::vector<Span>& spans, bool again) {
    queue_.Add(spans, again);
    for (const Span& span : spans) {
      for (uint64_t i = 0; i < span.count; ++i) model_.Add(span.first + i * span.stride, again);
      granted_ += span.count;
    }
  }

  void Draw(uint32_t worker) {
    const size_t connections = random_() % 16 == 0 ? 200 : random_() % 6;
    std::vector<ArrivalQueue::Arrival> got, want;
    const ArrivalQueue::Waited got_waited = queue_.Draw(worker, connections, now_, got);
    const ArrivalQueue::Waited want_waited = model_.Draw(worker, connections, now_, want);
    ASSERT_EQ(got.size(), want.size()) << now_;
    for (size_t i = 0; i < got.size(); ++i) {
      ASSERT_EQ(got[i].number, want[i].number) << now_;
      ASSERT_EQ(got[i].due, want[i].due) << now_;
      ASSERT_EQ(got[i].again, want[i].again) << now_;
      CameOut(got[i].number);
    }
    ASSERT_EQ(got_waited.all, want_waited.all) << now_;
    ASSERT_EQ(got_waited.beside_free, want_waited.beside_free) << now_;
  }

  void TakeDropped() {
    const std::vector<uint64_t> got = Numbers(queue_.TakeDropped(now_, 1));
    std::vector<uint64_t> want = model_.TakeDropped(now_);
    std::sort(want.begin(), want.end());
    ASSERT_EQ(got, want) << now_;
    for (const uint64_t number : got) CameOut(number);
    dropped_ += got.size();
  }

  void Finish() {
    queue_.Finish(now_);
    TakeDropped();
    TakeUnsent();
    Grant();
    TakeUnsent();
    ASSERT_EQ(Numbers(queue_.TakeDropped(kForever, 1)), std::vector<uint64_t>());
    ASSERT_EQ(came_out_.size() + model_.left(), granted_);
  }

  void TakeUnsent() {
    const ArrivalQueue::Unsent got = queue_.TakeUnsent(1);
    const std::vector<uint64_t> want = model_.TakeUnsent(now_);
    ASSERT_EQ(Numbers(got.runs), want);
    for (const uint64_t number : want) CameOut(number);
    if (want.empty()) return;
    ASSERT_EQ(got.oldest_age, now_ - schedule_.TimeOf(want.front()));
  }

  void CameOut(uint64_t number) { ASSERT_TRUE(came_out_.insert(number).second) << number; }

  std::mt19937_64 random_;
  const uint32_t workers_;
  Schedule schedule_;
  ArrivalQueue queue_;
  Model model_;
  Nanos now_ = 0;
  uint64_t next_ = 0;
  std::vector<Span> later_;
  std::set<uint64_t> came_out_;
  size_t granted_ = 0;
  size_t dropped_ = 0;
};

TEST(ArrivalQueueModel, QueueAndModelAgree) {
  std::mt19937_64 random(1);
  size_t dropped = 0;
  for (uint64_t round = 0; round < 400; ++round) {
    v1::Arrivals arrivals;
    arrivals.set_process(random() % 2 == 0 ? v1::ARRIVAL_PROCESS_CONSTANT
                                           : v1::ARRIVAL_PROCESS_POISSON);
    arrivals.set_rate_nano((500 + random() % 5'000) * kUnit);
    std::optional<uint64_t> max_backlog;
    if (random() % 4 != 0) max_backlog = (random() % 4) * (random() % 20);
    const auto workers = static_cast<uint32_t>(1 + random() % 3);
    SCOPED_TRACE(round);
    Trial trial({arrivals, round}, workers, max_backlog, round);
    trial.Play(400);
    if (HasFatalFailure()) return;
    dropped += trial.dropped();
  }
  EXPECT_GT(dropped, 1'000u);  // or too little was tried
}

}  // namespace
}  // namespace squall
