"""What a fleet promises, on several hosts: one start, no harm by a broken link, no load lost with an
agent, never two agents on one number."""

import contextlib
import socket
import statistics
import struct
import tempfile
import time
import unittest
from collections import Counter
from pathlib import Path
from typing import NamedTuple

import context  # noqa: F401
from support import network, squall
from support.network import Network
from support.processes import wait_until

HOUR = 3600
MILLISECOND = 1_000_000
SECOND = 1_000_000_000


class Line(NamedTuple):
    """Of the target's log."""

    at: int  # nanoseconds since the target's start
    client: str
    path: str


def setUpModule():
    network.skip_without()


class Fleet(squall.TestCase):
    """A controller's host, a target's, and three agents', whose clocks have nothing to do with each
    other."""

    def setUp(self):
        self.folder = Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.network = self.enterContext(Network("controller", "target", "a", "b", "c"))
        self.controller, target, *self.hosts = self.network.hosts
        self.log = self.folder / "log"
        self.target = self.enterContext(squall.Target(
            "--delay", "5ms", "--log", self.log, host=target))
        clocks = [{}, {}, {}]
        if network.why_no_clock_offset() is None:
            clocks = [{}, {"monotonic_offset": HOUR}, {"monotonic_offset": 2 * HOUR}]
        if network.WALL_CLOCK:
            clocks[0]["wall_offset"] = HOUR
            clocks[1]["wall_offset"] = 2 * HOUR
        self.agents = [self.enterContext(squall.Agent(host.name, host=host, **clock))
                       for host, clock in zip(self.hosts, clocks)]

    def start(self, *arguments):
        run = self.enterContext(squall.Run(*arguments, agents=self.agents, host=self.controller))
        wait_until(lambda: self.target.stats()["requests"] > 50, 20, "the run is under way")
        return run

    def lines(self):
        self.target.stats()  # which makes it write all of its log
        words = (line.split() for line in self.log.read_text().splitlines())
        return [Line(int(at), client, path) for at, client, _, path, _ in words]

    @staticmethod
    def kinds(result):
        return [event["kind"] for event in result.report["events"]]


class Arrivals:
    """The first packet of each host that asks for a connection, as the kernel of a host sees it
    come: at that moment, whoever else wants a processor then."""

    _SO_TIMESTAMPNS = 35
    _ETH_P_IP = 0x0800

    def __init__(self, host):
        self._socket = host.socket(socket.SOCK_DGRAM, socket.AF_PACKET, socket.htons(
            self._ETH_P_IP))
        self._socket.setsockopt(socket.SOL_SOCKET, self._SO_TIMESTAMPNS, 1)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 24)
        self._socket.setblocking(False)

    def close(self):
        self._socket.close()

    def take(self, port):
        """By address, in nanoseconds, since the last call."""
        first = {}
        while True:
            try:
                packet, ancillary, _, _ = self._socket.recvmsg(2048, 256)
            except BlockingIOError:
                return first
            header = 4 * (packet[0] & 15)
            if packet[9] != socket.IPPROTO_TCP or packet[header + 13] & 0x12 != 0x02:
                continue  # not SYN alone
            if int.from_bytes(packet[header + 2:header + 4]) != port:
                continue
            seconds, nanos = struct.unpack("qq", ancillary[0][2])
            first.setdefault(socket.inet_ntoa(packet[12:16]), seconds * SECOND + nanos)


class Start(Fleet):
    def test_all_begin_at_one_instant(self):
        """As the agents' own clocks say, and as the target has seen."""
        arrivals = self.enterContext(contextlib.closing(Arrivals(self.network["target"])))
        port = int(self.target.url.rpartition(":")[2])
        rounds = []
        for _ in range(20):
            arrivals.take(port)
            result = squall.run("-n", "300", "-c", "9", "--no-probe", self.target.url,
                                agents=self.agents, host=self.controller)
            self.check_complete(result, 300)
            clocks = result.report["clocks"]
            self.assertEqual(len(clocks["agents"]), 3)
            firsts = arrivals.take(port).values()
            self.assertEqual(len(firsts), 3)
            rounds.append((clocks["start_spread_ns"], clocks["start_spread_error_ns"],
                           max(firsts) - min(firsts)))
        spread, error, seen = (statistics.median(column) for column in zip(*rounds))
        off = statistics.median(abs(spread - seen) for spread, _, seen in rounds)
        print(f"start spread: median {spread / 1e3:.0f} us +- {error / 1e3:.0f} us, at the target "
              f"{seen / 1e3:.0f} us, apart by {off / 1e3:.0f} us")
        self.assertLessEqual(spread, MILLISECOND)
        self.assertLessEqual(off, error)
        if network.why_no_clock_offset() is None:
            offsets = sorted(agent["offset_ns"] for agent in clocks["agents"])
            for hours, offset in enumerate(offsets):
                self.assertAlmostEqual(offset, hours * HOUR * SECOND, delta=SECOND)


class Links(Fleet):
    def test_a_link_that_is_down_for_three_seconds(self):
        """Between controller and agent: the load goes on, nothing is lost, nothing comes twice."""
        run = self.start("-n", "24000", "-c", "9", self.target.url)
        cut_off = self.hosts[1]
        time.sleep(1.6)  # the first grants are small
        self.network.cut(self.controller, cut_off)
        self.network.cut(cut_off, self.controller)
        begin = self.lines()[-1].at
        time.sleep(3)
        end = self.lines()[-1].at
        self.network.heal(self.controller, cut_off)
        self.network.heal(cut_off, self.controller)
        result = run.finish(timeout=60)
        self.check_complete(result, 24000)
        self.assertEqual(self.kinds(result), ["resumed"])
        self.assertEqual(result.report["totals"]["possibly_repeated"], 0)
        self.assertEqual(self.target.stats()["requests"], 24000)
        times = [line.at for line in self.lines()
                 if line.client == cut_off.address and begin <= line.at <= end]
        steps = [after - before for before, after in zip([begin, *times], [*times, end])]
        self.assertLess(max(steps), SECOND / 2, "its load did not go on")

    def test_one_direction_is_dead(self):
        """For good: whoever has a number next does so when the one before has fallen silent."""
        urls = self.folder / "urls"
        urls.write_text("".join(f"/{n}\n" for n in range(12000)))
        for sender, receiver in (("controller", "b"), ("b", "controller")):
            self.target.clear()
            before = len(self.lines())
            with self.subTest(f"{sender} to {receiver}"):
                run = self.start("-n", "6000", "-c", "9", "--grace", "2s", "--urls", urls, "-u",
                                 self.target.url)
                time.sleep(0.5)
                self.network.cut(self.network[sender], self.network[receiver])
                result = run.finish(timeout=60)
                self.network.heal(self.network[sender], self.network[receiver])
                self.check_complete(result, 6000)
                self.assertEqual(self.kinds(result), ["lost", "regranted"])
                lines = self.lines()[before:]
                own = [line for line in lines if line.client == self.network["b"].address]
                mine = {line.path for line in own}
                others = [line for line in lines
                          if line.client != self.network["b"].address and line.path in mine]
                self.assertGreater(len(others), 0, "nothing was repeated: the test tests nothing")
                self.assertLess(own[-1].at, min(line.at for line in others))
                counts = Counter(line.path for line in lines)
                self.assertEqual(len(counts), 6000)
                self.assertLessEqual(sum(counts.values()) - 6000,
                                     result.report["totals"]["possibly_repeated"])
            wait_until(lambda: "event=failed" in self.agents[1].stderr
                       or "event=dismissed" in self.agents[1].stderr, 10, "the agent is free")


class Rates(Fleet):
    def test_an_agent_is_killed_at_a_rate(self):
        """The others send what it should have, as far as its intended starts go."""
        rate, seconds = 3000, 24
        run = self.start("-q", rate, "-n", rate * seconds, self.target.url)
        start = min(line.at for line in self.lines())
        time.sleep(3)
        self.agents[2].signal(9)
        result = run.finish(timeout=120)
        self.check_complete(result, rate * seconds)
        self.assertEqual(self.kinds(result), ["lost", "regranted"])
        in_time = sum(line.at <= start + seconds * SECOND for line in self.lines())
        self.assertGreaterEqual(in_time, rate * seconds * 0.999)
        self.assertLessEqual(self.target.stats()["requests"],
                             rate * seconds + result.report["totals"]["possibly_repeated"])
        # They wait until it is surely silent, and that is in their response times …
        success = result.report["latency"]["success"]
        self.assertGreater(success["response"]["max_ns"], 5 * SECOND)
        self.assertLess(success["response_without_regranted"]["p99_ns"], SECOND)
        self.assertLess(success["response_without_regranted"]["count"],
                        success["response"]["count"])
        print(f"killed at a rate: {in_time} of {rate * seconds} in time, response p99 "
              f"{success['response']['p99_ns'] / 1e6:.1f} ms, without regranted "
              f"{success['response_without_regranted']['p99_ns'] / 1e6:.1f} ms")


if __name__ == "__main__":
    unittest.main()
