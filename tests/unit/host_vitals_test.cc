#include "agent/host_vitals.h"

#include <atomic>
#include <cerrno>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>
#include <sys/resource.h>

#include "agent/host_counters.h"
#include "tests/unit/loopback.h"
#include "tests/unit/raw_client.h"
#include "tests/unit/spinner.h"

namespace squall {
namespace {

// Takes until the path has a round trip, or the deadline has passed.
v1::Vitals TakeWithPath(HostVitals& vitals) {
  v1::Vitals taken;
  Eventually([&] { return (taken = vitals.Take({}, {})).has_path_rtt_ns(); });
  return taken;
}

TEST(HostVitalsTest, IntervalsFollowEachOther) {
  const Network network;
  const Nanos before = SteadyNow();
  HostVitals vitals(network, std::nullopt, false);
  const v1::Vitals first = vitals.Take({}, {});
  const v1::Vitals next = vitals.Take({}, {});
  EXPECT_GE(first.begin_ns(), before);
  EXPECT_GE(first.end_ns(), first.begin_ns());
  EXPECT_EQ(next.begin_ns(), first.end_ns());
  EXPECT_LE(next.end_ns(), SteadyNow());
  EXPECT_FALSE(first.has_cpu_ns());  // of no worker nothing is known
}

TEST(HostVitalsTest, TheWayToTheServerIsProbed) {
  if (!TellsRoundTrips()) GTEST_SKIP() << "this system tells no round trips";
  const Network network;
  const Listener listener;
  HostVitals vitals(network, listener.endpoint(), true);
  vitals.BeginRun();
  const v1::Vitals first = TakeWithPath(vitals);
  EXPECT_GT(first.path_rtt_ns(), 0);
  EXPECT_LE(first.path_best_rtt_ns(), first.path_rtt_ns());
  EXPECT_EQ(first.path_unanswered(), 0u);
  // The best is kept, the median is of each interval alone.
  const v1::Vitals next = vitals.Take({}, {});
  EXPECT_FALSE(next.has_path_rtt_ns());
  EXPECT_EQ(next.path_best_rtt_ns(), first.path_best_rtt_ns());
  EXPECT_LE(TakeWithPath(vitals).path_best_rtt_ns(), first.path_best_rtt_ns());
}

TEST(HostVitalsTest, WithoutProbesNobodyConnects) {
  const Network network;
  const Listener listener;
  ASSERT_EQ(fcntl(listener.socket(), F_SETFL, O_NONBLOCK), 0);
  HostVitals vitals(network, listener.endpoint(), false);
  std::this_thread::sleep_for(std::chrono::milliseconds(300));
  const v1::Vitals taken = vitals.Take({}, {});
  EXPECT_EQ(taken.path_probes(), 0u);
  EXPECT_FALSE(taken.has_path_rtt_ns());
  EXPECT_FALSE(taken.has_path_best_rtt_ns());
  EXPECT_EQ(accept(listener.socket(), nullptr, nullptr), -1);
  EXPECT_EQ(errno, EAGAIN);
}

// The first address that can be dialled, of those that connections have gone to.
TEST(HostVitalsTest, TheServerIsWhereConnectionsGo) {
  if (!TellsRoundTrips()) GTEST_SKIP() << "this system tells no round trips";
  struct Case {
    const char* name;
    std::vector<const char*> before;  // in front of the listener
  };
  const Case kCases[] = {
      {"the first", {}},
      {"no unix socket", {"unix:/run/app.sock", "unix:/run/app:80"}},
      {"no name", {"api.test:80", "[api]:80", "", ":80", "80"}},
  };
  for (const Case& test : kCases) {
    SCOPED_TRACE(test.name);
    Network network;
    const Listener listener;
    HostVitals vitals(network, std::nullopt, true);
    vitals.BeginRun();
    for (const char* name : test.before) network.addresses.Number(name);
    network.addresses.Number(DisplayOf(listener.endpoint()));
    network.addresses.Number("192.0.2.1:80");
    EXPECT_TRUE(TakeWithPath(vitals).has_path_rtt_ns());
    const Socket seen = listener.Accept();
  }
}

#if defined(__linux__) && !defined(SQUALL_PORTABLE)
TEST(HostVitalsTest, NoAnswerIsCounted) {
  const Network network;
  const Listener listener(0);
  const Socket first = ConnectTo(listener.endpoint());
  HostVitals vitals(network, listener.endpoint(), true);
  vitals.BeginRun();
  v1::Vitals taken;
  EXPECT_TRUE(Eventually([&] { return (taken = vitals.Take({}, {})).path_unanswered() == 1; }));
  EXPECT_FALSE(taken.has_path_best_rtt_ns());
}

TEST(HostVitalsTest, WorkersAreTold) {
  const Network network;
  std::atomic<bool> over{false};
  WorkerPulse spins;
  WorkerPulse sleeps;
  std::thread spinner([&] {
    spins.Begin(ThisThreadId());
    Spin([&over] { return over.load(); });
  });
  std::thread sleeper([&] {
    sleeps.Begin(ThisThreadId());
    while (!over) std::this_thread::sleep_for(std::chrono::milliseconds(5));
  });
  ASSERT_TRUE(Eventually([&] { return spins.thread() != 0 && sleeps.thread() != 0; }));
  const std::vector<const WorkerPulse*> pulses = {&sleeps, &spins};
  HostVitals vitals(network, std::nullopt, false);
  vitals.Take(pulses, {});
  spins.Beat(30 * kMillisecond);
  sleeps.Beat(20 * kMillisecond);
  std::this_thread::sleep_for(std::chrono::milliseconds(300));
  const v1::Vitals taken = vitals.Take(pulses, {});
  const v1::Vitals next = vitals.Take(pulses, {});
  over = true;
  spinner.join();
  sleeper.join();
  EXPECT_EQ(taken.workers(), 2u);
  EXPECT_EQ(taken.late_ns(), 50 * kMillisecond);
  EXPECT_EQ(taken.late_most_ns(), 30 * kMillisecond);
  EXPECT_EQ(next.late_ns(), 0);
  // It ran or waited all the time, and the other did hardly anything.
  EXPECT_GT(taken.cpu_most_ns() + taken.cpu_wait_most_ns(), 200 * kMillisecond);
  EXPECT_GE(taken.cpu_ns(), taken.cpu_most_ns());
  EXPECT_LT(taken.cpu_ns() - taken.cpu_most_ns(), 100 * kMillisecond);
  EXPECT_GT(taken.host_busy(), 0);
  EXPECT_GE(taken.cpu_wait_ns(), taken.cpu_wait_most_ns());
}

TEST(HostVitalsTest, TheLinkIsTheOneThatLeadsThere) {
  const Network network;
  const Listener listener;
  HostVitals vitals(network, listener.endpoint(), false);
  const Socket client = ConnectTo(listener.endpoint());
  const Socket server = listener.Accept();
  v1::Vitals taken;
  const std::string bytes(50'000, 'x');
  std::string received(bytes.size(), 0);
  EXPECT_TRUE(Eventually([&] {
    send(client.get(), bytes.data(), bytes.size(), 0);
    recv(server.get(), received.data(), received.size(), MSG_WAITALL);
    taken = vitals.Take({}, {});
    return taken.link_received_bytes() >= bytes.size() &&
           taken.link_received_peak_per_second() >= bytes.size();
  }));
  EXPECT_EQ(taken.interface(), "lo");
  EXPECT_FALSE(taken.has_link_bytes_per_second());
  EXPECT_GE(taken.link_sent_bytes(), bytes.size());
}
#endif

TEST(HostVitalsTest, LimitsAndWhatWasMissing) {
  Network network;
  network.connections.Failed(EMFILE);  // before anybody looked
  HostVitals vitals(network, std::nullopt, false);
  network.connections.Failed(EADDRNOTAVAIL);
  network.connections.Failed(EADDRNOTAVAIL);
  network.connections.Failed(ENFILE);
  network.connections.Failed(EMFILE);
  network.connections.Failed(EMFILE);
  network.connections.Failed(ECONNREFUSED);
  const v1::Vitals taken = vitals.Take({}, {});
  EXPECT_EQ(taken.without_port(), 2u);
  EXPECT_EQ(taken.without_file(), 3u);
  EXPECT_EQ(taken.connect_failures(), 1u);
  EXPECT_EQ(vitals.Take({}, {}).without_file(), 0u);
  rlimit limit{};
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &limit), 0);
  EXPECT_EQ(taken.file_limit(), limit.rlim_cur);
  EXPECT_GT(taken.ports(), 0u);
}

TEST(HostVitalsTest, ConnectionsAreToldByTheirMedian) {
  const Network network;
  HostVitals vitals(network, std::nullopt, false);
  const v1::Vitals taken = vitals.Take({}, {.round_trips = {9, 2, 5}, .retransmissions = 7});
  EXPECT_EQ(taken.connections_looked_at(), 3u);
  EXPECT_EQ(taken.connection_rtt_ns(), 5);
  EXPECT_EQ(taken.connection_retransmissions(), 7u);
  EXPECT_FALSE(vitals.Take({}, {}).has_connection_rtt_ns());
}

}  // namespace
}  // namespace squall
