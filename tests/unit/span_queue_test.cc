#include "agent/span_queue.h"

#include <algorithm>
#include <thread>

#include <gtest/gtest.h>

namespace squall {
namespace {

std::vector<uint64_t> DrawAll(SpanQueue& queue) {
  std::vector<uint64_t> numbers;
  while (true) {
    const Span span = queue.Draw().span;
    if (span.count == 0) return numbers;
    for (uint64_t i = 0; i < span.count; ++i) numbers.push_back(span.first + i * span.stride);
  }
}

TEST(SpanQueue, GivesOutWhatItWasGivenInOrder) {
  SpanQueue queue(2);
  queue.Add({{.first = 10, .stride = 3, .count = 4}, {.first = 100, .stride = 1, .count = 2}},
            true);
  EXPECT_EQ(DrawAll(queue), (std::vector<uint64_t>{10, 13, 16, 19, 100, 101}));
  EXPECT_EQ(queue.Draw().span.count, 0u);
}

TEST(SpanQueue, WhatALostAgentHadAndWhatIsPutBackComesFirst) {
  SpanQueue queue(1);
  queue.Add({{.first = 100, .stride = 1, .count = 2}}, false);
  queue.Add({{.first = 10, .stride = 2, .count = 2}}, false, true);
  queue.Add({{.first = 3, .stride = 1, .count = 1}}, true, true);
  const Span drawn = queue.Draw().span;
  EXPECT_EQ(drawn, (Span{.first = 10, .stride = 2, .count = 1}));
  queue.PutBack(drawn);
  EXPECT_EQ(DrawAll(queue), (std::vector<uint64_t>{10, 12, 3, 100, 101}));
}

TEST(SpanQueue, ChunksShrinkWithWhatIsLeft) {
  SpanQueue queue(4);
  queue.Add({{.first = 0, .stride = 1, .count = 3'200}}, true);
  EXPECT_EQ(queue.Draw().span.count, 100u);
  uint64_t last = 100;
  while (const uint64_t count = queue.Draw().span.count) {
    EXPECT_LE(count, last);
    last = count;
  }
  EXPECT_EQ(last, 1u);
}

TEST(SpanQueue, SaysThatItRunsLowAndThatItIsEmpty) {
  SpanQueue queue(1);
  queue.Add({{.first = 0, .stride = 1, .count = 1'000}}, false);
  uint64_t drawn = 0;
  int said = 0;
  while (true) {
    const SpanQueue::Drawn result = queue.Draw();
    if (result.span.count == 0) break;
    drawn += result.span.count;
    if (!result.low) continue;
    if (++said == 1) {
      EXPECT_GT(drawn, 500u);
      EXPECT_LE(drawn, 700u);
    } else {
      EXPECT_EQ(drawn, 1'000u);
    }
  }
  EXPECT_EQ(said, 2);
  EXPECT_EQ(drawn, 1'000u);
}

TEST(SpanQueue, AsksForMoreAlsoAfterAGrantOfOne) {
  SpanQueue queue(4);
  queue.Add({{.first = 0, .stride = 1, .count = 1}}, false);
  EXPECT_TRUE(queue.Draw().low);
}

TEST(SpanQueue, IsSilentWhenThereIsNoMoreToCome) {
  SpanQueue queue(1);
  queue.Add({{.first = 0, .stride = 1, .count = 1'000}}, true);
  while (true) {
    const SpanQueue::Drawn result = queue.Draw();
    EXPECT_FALSE(result.low);
    if (result.span.count == 0) break;
  }
}

TEST(SpanQueue, ThreadsNeverDrawTheSameNumber) {
  constexpr uint32_t kThreads = 4;
  constexpr uint64_t kNumbers = 100'000;
  SpanQueue queue(kThreads);
  queue.Add({{.first = 0, .stride = 1, .count = kNumbers}}, true);
  std::vector<uint64_t> drawn[kThreads];
  std::vector<std::thread> threads;
  for (auto& numbers : drawn) {
    threads.emplace_back([&queue, &numbers] { numbers = DrawAll(queue); });
  }
  for (std::thread& thread : threads) thread.join();
  std::vector<uint64_t> all;
  for (const auto& numbers : drawn) all.insert(all.end(), numbers.begin(), numbers.end());
  std::sort(all.begin(), all.end());
  ASSERT_EQ(all.size(), kNumbers);
  for (uint64_t i = 0; i < kNumbers; ++i) ASSERT_EQ(all[i], i);
}

}  // namespace
}  // namespace squall
