// What this machine tells, held against what is done to it.
#include "agent/host_counters.h"

#include <atomic>
#include <chrono>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "tests/unit/loopback.h"
#include "tests/unit/raw_client.h"
#include "tests/unit/spinner.h"

#if defined(__linux__) && !defined(SQUALL_PORTABLE)
namespace squall {
namespace {

// By which the system's counts may be behind: a few of its ticks.
constexpr Nanos kTicks = 30 * kMillisecond;

TEST(HostCountersTest, AThreadThatSpinsShowsCpu) {
  const auto before = ReadThreadTimes(ThisThreadId());
  ASSERT_TRUE(before);
  const Nanos cpu_before = ThreadCpu();
  const Nanos used = Spin([&] { return ThreadCpu() - cpu_before > 200 * kMillisecond; });
  const auto after = ReadThreadTimes(ThisThreadId());
  ASSERT_TRUE(after);
  EXPECT_NEAR(static_cast<double>(after->cpu - before->cpu), static_cast<double>(used), kTicks);
}

TEST(HostCountersTest, AThreadThatSleepsShowsNothing) {
  const auto before = ReadThreadTimes(ThisThreadId());
  std::this_thread::sleep_for(std::chrono::milliseconds(200));
  const auto after = ReadThreadTimes(ThisThreadId());
  ASSERT_TRUE(before && after);
  EXPECT_LT(after->cpu - before->cpu, kTicks);
}

TEST(HostCountersTest, AThreadThatIsKeptWaitingShowsIt) {
  OnOneCore core;
  const auto before = ReadThreadTimes(ThisThreadId());
  ASSERT_TRUE(before);
  std::atomic<bool> over{false};
  std::thread rival([&over] { Spin([&over] { return over.load(); }); });
  const bool waited = Eventually([&] {
    Spin([until = SteadyNow() + 20 * kMillisecond] { return SteadyNow() > until; });
    return ReadThreadTimes(ThisThreadId())->waiting - before->waiting > 100 * kMillisecond;
  });
  over = true;
  rival.join();
  EXPECT_TRUE(waited);
}

TEST(HostCountersTest, ThreadsOfNobodyAreNotKnown) {
  EXPECT_FALSE(ReadThreadTimes(0));
  EXPECT_FALSE(ReadThreadTimes(-1));
}

TEST(HostCountersTest, CoresGoOn) {
  const auto before = ReadCoreTimes();
  ASSERT_TRUE(before);
  EXPECT_LE(before->idle + before->steal, before->all);
  EXPECT_TRUE(Eventually([&] {
    Spin([until = SteadyNow() + 20 * kMillisecond] { return SteadyNow() > until; });
    const auto now = ReadCoreTimes();
    // Some of it was no idling.
    return now && now->all > before->all && now->all - before->all > now->idle - before->idle;
  }));
}

TEST(HostCountersTest, WhatGoesThroughTheLoopbackIsCounted) {
  constexpr size_t kBytes = 1 << 20;
  const auto link = ReadLinkBytes("lo");
  const auto tcp = ReadTcpCounters();
  ASSERT_TRUE(link && tcp);
  const Listener listener;
  const Socket client = ConnectTo(listener.endpoint());
  const Socket server = listener.Accept();
  std::thread sender([&client] {
    const std::string bytes(kBytes, 'x');
    EXPECT_EQ(send(client.get(), bytes.data(), kBytes, 0), static_cast<ssize_t>(kBytes));
  });
  std::string received(kBytes, 0);
  EXPECT_EQ(recv(server.get(), received.data(), kBytes, MSG_WAITALL), static_cast<ssize_t>(kBytes));
  sender.join();
  const auto link_after = ReadLinkBytes("lo");
  const auto tcp_after = ReadTcpCounters();
  ASSERT_TRUE(link_after && tcp_after);
  EXPECT_GE(link_after->received - link->received, kBytes);
  EXPECT_GE(link_after->sent - link->sent, kBytes);
  EXPECT_GT(tcp_after->sent, tcp->sent);
  EXPECT_GT(tcp_after->received, tcp->received);
  EXPECT_GE(tcp_after->retransmitted, tcp->retransmitted);
}

TEST(HostCountersTest, LinksAreKnownByTheirWholeNames) {
  for (const char* name : {"", "l", "lo:", "nothing"}) {
    EXPECT_FALSE(ReadLinkBytes(name)) << name;
    EXPECT_FALSE(LinkSpeed(name)) << name;
  }
  EXPECT_FALSE(LinkSpeed("lo"));  // it has none of its own
  EXPECT_FALSE(LinkSpeed(std::string(1000, 'x')));
}

TEST(HostCountersTest, OpenSocketsTakePortsAndFiles) {
  const auto files = ReadFilesUsed();
  std::vector<Listener> listeners(20);
  const auto ports = ReadPortsUsed();
  ASSERT_TRUE(ports);
  EXPECT_GE(*ports, listeners.size());
  if (!files) GTEST_SKIP() << "before Linux 6.2";
  EXPECT_EQ(ReadFilesUsed(), *files + listeners.size());
}

TEST(HostCountersTest, MemoryThatIsUsedShows) {
  constexpr uint64_t kBytes = 64 << 20;
  const auto before = ReadMemoryUse();
  ASSERT_TRUE(before);
  EXPECT_GT(before->left, 0u);
  const std::vector<char> used(kBytes, 'x');
  const auto after = ReadMemoryUse();
  ASSERT_TRUE(after);
  EXPECT_GT(after->process, before->process + kBytes / 2);
  EXPECT_EQ(used.back(), 'x');
}

}  // namespace
}  // namespace squall
#endif
