"""The networks that the fleet tests stand on: what is cut is cut, what is slow is slow, and nothing
is left behind."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
import unittest
from pathlib import Path

import context  # noqa: F401
from support import network, squall
from support.network import Network
from support.processes import Process, children, is_running, wait_until

SECOND = 1_000_000_000


def setUpModule():
    network.skip_without()


def namespaces():
    """Those of this process."""
    return sorted(Path("/run/netns").glob(f"*.{os.getpid()}.*"))


def state(pid):
    """R, S, T (stopped) …"""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]


class Links(unittest.TestCase):
    def setUp(self):
        self.network = self.enterContext(Network("a", "b", "c"))
        self.a, self.b, self.c = self.network.hosts

    def datagrams(self, host):
        """A socket of a host that receives at port 9, without waiting long."""
        receiver = self.enterContext(host.socket(socket.SOCK_DGRAM))
        receiver.bind((host.address, 9))
        receiver.settimeout(0.2)
        return receiver

    def passes(self, sender, receiver):
        """Whether a datagram sent from one host's socket comes to another's."""
        text = str(time.monotonic_ns()).encode()
        with contextlib.suppress(OSError):  # the router may say that there is no way
            sender.sendto(text, receiver.getsockname())
        with contextlib.suppress(OSError):
            while receiver.recv(100) != text:
                pass  # of an earlier try, kept back until the way was open
            return True
        return False

    def connected(self, client, server):
        """Both ends of a TCP connection."""
        with server.socket() as listener:
            listener.bind((server.address, 0))
            listener.listen()
            near = self.enterContext(client.socket())
            near.connect(listener.getsockname())
            far, (address, _) = listener.accept()
        self.assertEqual(address, client.address)
        return near, self.enterContext(far)

    def test_each_reaches_each(self):
        sockets = [self.datagrams(host) for host in self.network.hosts]
        for sender in sockets:
            for receiver in sockets:
                self.assertTrue(self.passes(sender, receiver))

    def test_a_cut_is_of_one_direction_between_two(self):
        a, b, c = map(self.datagrams, self.network.hosts)
        self.network.cut(self.a, self.b)
        self.network.cut(self.a, self.b)  # no more than once
        self.assertFalse(self.passes(a, b))
        for sender, receiver in ((b, a), (a, c), (c, a), (b, c), (c, b)):
            self.assertTrue(self.passes(sender, receiver))
        self.network.heal(self.a, self.b)
        self.network.heal(self.a, self.b)
        self.assertTrue(self.passes(a, b))

    def test_a_connection_outlives_a_cut(self):
        near, far = self.connected(self.a, self.b)
        far.settimeout(0.3)
        self.network.cut(self.a, self.b)
        near.sendall(b"late")
        with self.assertRaises(TimeoutError):
            far.recv(100)
        self.network.heal(self.a, self.b)
        far.settimeout(10)
        self.assertEqual(far.recv(100), b"late")

    def test_a_link_goes_down_and_up(self):
        a, b, c = map(self.datagrams, self.network.hosts)
        near, far = self.connected(self.a, self.b)
        self.a.link_down()
        for sender, receiver in ((a, b), (b, a), (a, c), (c, a)):
            self.assertFalse(self.passes(sender, receiver))
        self.assertTrue(self.passes(b, c))
        near.sendall(b"late")
        self.a.link_up()
        for sender, receiver in ((a, b), (b, a), (a, c), (c, a)):
            wait_until(lambda s=sender, r=receiver: self.passes(s, r), 5, "the link is up")
        far.settimeout(10)
        self.assertEqual(far.recv(100), b"late")

    def seconds_for(self, near, far, size):
        near.settimeout(20)
        far.settimeout(20)
        start = time.monotonic()
        near.sendall(bytes(size))
        far.shutdown(socket.SHUT_WR)
        left = size
        while left:
            left -= len(far.recv(left))
        return time.monotonic() - start

    def test_a_rate_limits_each_way(self):
        size = 200_000
        for client, server in ((self.a, self.b), (self.b, self.a)):
            self.assertLess(self.seconds_for(*self.connected(client, server), size), 0.5)
        self.a.rate(1_000_000)
        for client, server in ((self.a, self.b), (self.b, self.a)):
            seconds = self.seconds_for(*self.connected(client, server), size)
            self.assertGreater(seconds, 8 * (size - 16384) / 1e6 * 0.9)
            self.assertLess(seconds, 8 * size / 1e6 * 2)
        self.assertLess(self.seconds_for(*self.connected(self.b, self.c), size), 0.5)
        self.a.rate(None)
        self.a.rate(None)
        self.assertLess(self.seconds_for(*self.connected(self.a, self.b), size), 0.5)


class Clocks(unittest.TestCase):
    def test_a_command_sees_other_clocks(self):
        if reason := network.why_no_clock_offset():
            self.skipTest(reason)
        with Network("a") as net:
            for offset in (0, 86_400):
                for clock in (time.CLOCK_MONOTONIC, time.CLOCK_BOOTTIME):
                    before = time.clock_gettime_ns(clock)
                    shown = int(net["a"].run(sys.executable, "-c", "import time; "
                                             f"print(time.clock_gettime_ns({clock}))",
                                             monotonic_offset=offset))
                    after = time.clock_gettime_ns(clock)
                    self.assertLess(before + offset * SECOND, shown)
                    self.assertLess(shown, after + offset * SECOND)

    def test_the_wall_clock_is_another(self):
        if network.WALL_CLOCK is None:
            self.skipTest("no library for that in this build")
        with Network("a") as net:
            shown = net["a"].run(sys.executable, "-c",
                                 "import time; print(time.time(), time.monotonic())",
                                 wall_offset=3600).split()
            self.assertAlmostEqual(float(shown[0]), time.time() + 3600, delta=60)
            self.assertAlmostEqual(float(shown[1]), time.monotonic(), delta=60)


class Processes(unittest.TestCase):
    def setUp(self):
        self.network = self.enterContext(Network("a"))
        self.offsets = [{}]
        if network.why_no_clock_offset() is None:
            self.offsets.append({"monotonic_offset": 1000})

    def test_signals_reach_the_program(self):
        for offsets in self.offsets:
            with (self.subTest(**offsets),
                  Process("sleep", "1000", host=self.network["a"], **offsets) as process):
                def name(process=process):
                    return Path(f"/proc/{process.program_pid}/comm").read_text() == "sleep\n"
                wait_until(name, 5, "sleep begins")
                pid = process.program_pid
                process.signal(signal.SIGSTOP)
                wait_until(lambda pid=pid: state(pid) == "T", 5, "it is stopped")
                process.signal(signal.SIGCONT)
                wait_until(lambda pid=pid: state(pid) == "S", 5, "it goes on")
                process.signal(signal.SIGKILL)
                wait_until(lambda pid=pid: not is_running(pid), 5, "it is gone")
                self.assertEqual(process.wait(5), -signal.SIGKILL)

    def test_one_that_is_stopped_ends_as_well(self):
        for offsets in self.offsets:
            start = time.monotonic()
            with Process("sleep", "1000", host=self.network["a"], **offsets) as process:
                time.sleep(0.2)
                process.signal(signal.SIGSTOP)
            self.assertLess(time.monotonic() - start, 3)

    def test_the_exit_code_is_the_program_s(self):
        for offsets in self.offsets:
            with Process("sh", "-c", "exit 3", host=self.network["a"], **offsets) as process:
                self.assertEqual(process.wait(5), 3)
            with Process("sleep", "1000", host=self.network["a"], **offsets) as process:
                time.sleep(0.2)
                process.signal(signal.SIGTERM)
                self.assertNotEqual(process.wait(5), 0)


class Ends(unittest.TestCase):
    def test_nothing_is_left(self):
        with Network("a", "b") as net:
            self.assertEqual(len(namespaces()), 3)
        self.assertEqual(namespaces(), [])
        self.assertEqual(net.left_running, [])

    def test_nor_after_a_failure(self):
        with self.assertRaises(ZeroDivisionError), Network("a", "b"):
            raise ZeroDivisionError
        self.assertEqual(namespaces(), [])
        with self.assertRaises(network.CommandFailed), Network("a", "no/name"):
            pass
        self.assertEqual(namespaces(), [])

    def test_what_still_runs_is_ended_and_named(self):
        with Network("a") as net:
            forgotten = subprocess.Popen(net["a"].command(["sleep", "1000"]),
                                         start_new_session=True)
            wait_until(lambda: net["a"].run("true") == "" and
                       Path(f"/proc/{forgotten.pid}/comm").read_text() == "sleep\n", 5, "it runs")
        self.assertEqual(forgotten.wait(5), -signal.SIGKILL)
        self.assertEqual(net.left_running, [f"{forgotten.pid}: sleep 1000 "])

    def test_a_later_run_removes_what_a_killed_one_has_left(self):
        program = ("import sys, time; sys.path.insert(0, sys.argv[1])\n"
                   "from support.network import Network\n"
                   "from support.processes import Process\n"
                   "with Network('a') as net, Process('sleep', '1000', host=net['a']) as process:\n"
                   "    print(process.pid, flush=True)\n"
                   "    time.sleep(1000)\n")
        with subprocess.Popen([sys.executable, "-c", program, Path(__file__).parents[1]],
                              stdout=subprocess.PIPE, text=True) as maker:
            sleeper = int(maker.stdout.readline())
            left = list(Path("/run/netns").glob(f"*.{maker.pid}.*"))
            self.assertEqual(len(left), 2)
            self.assertIn(sleeper, children(maker.pid))
            # From then on it ends with its parent.
            wait_until(lambda: Path(f"/proc/{sleeper}/comm").read_text() == "sleep\n", 5, "it runs")
            maker.kill()
        wait_until(lambda: not is_running(sleeper), 5, "what it ran has ended with it")
        with Network("a"):
            self.assertFalse(any(path.exists() for path in left))


class Fleet(squall.TestCase):
    def test_a_run_over_hosts_with_other_clocks(self):
        net = self.enterContext(Network("controller", "target", "agent-1", "agent-2"))
        offset = 0 if network.why_no_clock_offset() else 100_000
        target = self.enterContext(squall.Target("--threads", "2", host=net["target"]))
        agents = [self.enterContext(squall.Agent(name, host=net[name], monotonic_offset=clock))
                  for name, clock in (("agent-1", 0), ("agent-2", offset))]
        self.assertEqual(target.url.rpartition(":")[0], f"http://{net['target'].address}")
        result = squall.run("-n", "2000", "-c", "10", target.url, agents=agents,
                            host=net["controller"])
        self.check_complete(result, 2000)
        clients = {client["address"]: client for client in target.stats()["clients"]}
        for agent, report in zip(agents, result.report["agents"], strict=True):
            client = clients.pop(agent.host.address)
            self.assertEqual(client["requests"], report["recorded"])
            self.assertGreater(client["first_request_ns"], 0)
        self.assertEqual(clients, {})


if __name__ == "__main__":
    unittest.main()
