#include "agent/span_queue.h"

#include <algorithm>

namespace squall {
namespace {

constexpr uint64_t kLargestChunk = 256;
constexpr uint64_t kChunksPerWorker = 8;

}  // namespace

void SpanQueue::Add(const std::vector<Span>& spans, bool exhausted, bool again) {
  MutexLock lock(mutex_);
  for (const Span& span : spans) {
    (again ? first_ : spans_).push_back(span);
    remaining_ += span.count;
  }
  low_mark_ = exhausted ? 0 : std::max<uint64_t>(remaining_ / 2, 1);
}

void SpanQueue::PutBack(const Span& span) {
  MutexLock lock(mutex_);
  first_.push_front(span);
  remaining_ += span.count;
}

SpanQueue::Drawn SpanQueue::Draw() {
  MutexLock lock(mutex_);
  std::deque<Span>& spans = first_.empty() ? spans_ : first_;
  if (spans.empty()) return {};
  const uint64_t share = remaining_ / (kChunksPerWorker * workers_);
  Span& front = spans.front();
  Drawn drawn;
  drawn.span = front;
  drawn.span.count = std::min(front.count, std::clamp<uint64_t>(share, 1, kLargestChunk));
  front.first += drawn.span.count * front.stride;
  front.count -= drawn.span.count;
  if (front.count == 0) spans.pop_front();
  remaining_ -= drawn.span.count;
  if (low_mark_ != 0 && remaining_ < low_mark_) {
    low_mark_ = remaining_ == 0 ? 0 : 1;  // once more when nothing is left
    drawn.low = true;
  }
  return drawn;
}

}  // namespace squall
