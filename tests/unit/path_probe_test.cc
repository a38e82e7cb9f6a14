#include "agent/path_probe.h"

#include <optional>

#include <gtest/gtest.h>

#include "agent/connection_look.h"
#include "agent/tcp_facts.h"
#include "tests/unit/loopback.h"
#include "tests/unit/raw_client.h"

namespace squall {
namespace {

// The listener has not accepted by then: it is its system that answers.
TEST(PathProbeTest, TellsTheRoundTripAndSendsNothing) {
  if (!TellsRoundTrips()) GTEST_SKIP() << "this system tells no round trips";
  const Listener listener;
  PathProbe probe;
  EXPECT_FALSE(probe.begun());
  ASSERT_TRUE(probe.Begin(listener.endpoint()));
  EXPECT_TRUE(probe.begun());
  std::optional<Nanos> round_trip;
  ASSERT_TRUE(Eventually([&] { return (round_trip = probe.Look()).has_value(); }));
  EXPECT_GT(*round_trip, 0);
  EXPECT_LT(*round_trip, kSecond);
  EXPECT_FALSE(probe.begun());
  const Socket seen = listener.Accept();
  char byte = 0;
  EXPECT_EQ(recv(seen.get(), &byte, 1, 0), 0);  // it has been closed, in order
}

TEST(PathProbeTest, AClosedPortHasNoRoundTrip) {
  std::optional<Endpoint> closed;
  { closed = Listener().endpoint(); }
  PathProbe probe;
  if (!probe.Begin(*closed)) return;  // refused at once
  EXPECT_TRUE(Eventually([&] {
    EXPECT_FALSE(probe.Look());
    return !probe.begun();
  }));
}

// A listener that has no room drops what else comes, on Linux.
#if defined(__linux__) && !defined(SQUALL_PORTABLE)
TEST(PathProbeTest, NoAnswerIsAwaitedUntilTheEnd) {
  const Listener listener(0);
  const Socket first = ConnectTo(listener.endpoint());
  PathProbe probe;
  ASSERT_TRUE(probe.Begin(listener.endpoint()));
  for (int i = 0; i < 20; ++i) {
    EXPECT_FALSE(probe.Look());
    EXPECT_TRUE(probe.begun());
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  probe.End();
  EXPECT_FALSE(probe.begun());
  EXPECT_FALSE(probe.Look());
}

TEST(PathProbeTest, TheLoopbackLeadsToItself) {
  EXPECT_EQ(InterfaceTo(Listener().endpoint()), "lo");
}
#endif

TEST(PathProbeTest, NothingIsTcpButTcp) {
  PathProbe probe;
  const Endpoint unix_socket = UnixEndpoint("/nowhere");
  EXPECT_FALSE(probe.Begin(unix_socket));
  EXPECT_FALSE(probe.begun());
  EXPECT_EQ(InterfaceTo(unix_socket), std::nullopt);
  EXPECT_EQ(RoundTripOf(-1), std::nullopt);
  const Socket unconnected;
  EXPECT_EQ(RoundTripOf(unconnected.get()), std::nullopt);
}

TEST(ConnectionLookTest, LooksAtConnectionsAlone) {
  if (!TellsRoundTrips()) GTEST_SKIP() << "this system tells no round trips";
  const Listener listener;
  const Socket one = ConnectTo(listener.endpoint());
  const Socket other = ConnectTo(listener.endpoint());
  const Socket datagrams(::socket(AF_INET, SOCK_DGRAM, 0));
  ConnectionLook look;
  look.Add(one.get());
  look.Add(datagrams.get());
  EXPECT_EQ(look.round_trips.size(), 1u);
  ConnectionLook more;
  more.Add(other.get());
  more.retransmissions = 3;
  look.Merge(more);
  ASSERT_EQ(look.round_trips.size(), 2u);
  for (const Nanos round_trip : look.round_trips) {
    EXPECT_GT(round_trip, 0);
    EXPECT_LT(round_trip, kSecond);
  }
  EXPECT_EQ(look.retransmissions, 3u);
}

}  // namespace
}  // namespace squall
