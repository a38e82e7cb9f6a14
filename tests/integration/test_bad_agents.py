"""Agents that are down, are none, are busy or misbehave: a clear error, and no hang."""

import contextlib
import socket
import time
import unittest

import context  # noqa: F401
from support import http2_frames as h2
from support import squall
from support.nginx import Nginx, closed_port
from support.processes import SCALE, wait_until
from support.recording_server import RecordingServer

# How a fake agent misbehaves, and words of the message.
BEFORE_START = [
    ("wrong-version", "version"),
    ("refuses-version", "version"),
    ("failed-plan", "too little of everything"),
    ("silent", "answer"),
    ("packs-a-bomb", "out of order"),
    ("never-ready", "not ready after"),
]
AFTER_START = [
    ("dies-after-ready", "was lost"),
    ("wrong-numbers", "not granted"),
    ("doubled-snapshot", "not granted"),
    ("contradiction", "histograms"),
]
LONGEST_WAIT_SECONDS = 100
# What an instrumented program has freed stays.
MOST_GROWTH = 64 << 20 if SCALE == 1 else 200 << 20


class BadAgents(squall.TestCase):
    def setUp(self):
        self.server = self.enterContext(RecordingServer())
        self.agent = self.enterContext(squall.Agent("good-agent"))

    def run_with(self, *addresses):
        return squall.run("-n", "1000", "-c", "8", "--grace", "2s", self.server.url, "--agents",
                          ",".join(addresses), timeout=LONGEST_WAIT_SECONDS)

    def check_refused(self, result, *words):
        """Exit 2, a message with these words, and not one request."""
        self.check_exit(result, 2)
        for word in words:
            self.assertIn(word, result.stderr)
        self.assertEqual(self.server.connections, 0)

    def check_agent_is_free(self):
        """At once, without a wait."""
        result = squall.run("-n", "10", self.server.url, agents=[self.agent])
        self.check_complete(result, 10)
        self.assertLess(result.seconds, 5)

    def test_down(self):
        down = f"127.0.0.1:{closed_port()}"
        result = self.run_with(self.agent.address, down)
        self.check_refused(result, down, "squall agent")
        self.assertLess(result.seconds, 15)
        self.check_agent_is_free()

    def test_no_such_socket(self):
        self.check_refused(self.run_with("unix:/nonexistent/agent.sock"), "agent.sock")

    def test_one_agent_under_two_names(self):
        port = self.agent.address.rpartition(":")[2]
        result = self.run_with(f"127.0.0.1:{port}", f"localhost:{port}")
        self.check_refused(result, "named twice")
        self.check_agent_is_free()

    def test_web_server_instead(self):
        for protocol in ("", "http2"):
            with self.subTest(protocol), Nginx(protocol) as nginx:
                self.check_refused(self.run_with(nginx.address, self.agent.address), nginx.address)
        self.check_agent_is_free()

    def test_misbehaving_before_start(self):
        for mode, words in BEFORE_START:
            with self.subTest(mode), squall.FakeAgent(mode) as fake:
                self.check_refused(self.run_with(self.agent.address, fake.address), fake.address,
                                   words)
        self.check_agent_is_free()

    def test_a_bomb_is_not_inflated(self):
        """A hundred kilobytes that would be 256 MiB, where the controller dials and where it
        listens."""
        with squall.FakeAgent("compresses") as fake, \
                squall.Run("-n", 10, self.server.url, "--agents", fake.address) as run:
            self.check_stays_small(run)
            self.check_refused(run.finish(10), fake.address)
        with squall.Run("-n", 10, self.server.url, "--listen", "127.0.0.1:0", "--expect", 1,
                        "--wait", "3s") as run:
            address = wait_until(lambda: squall.LISTENING.search(run.stderr), 10, "it listens")[1]
            host, _, port = address.rpartition(":")
            with socket.create_connection((host, int(port))) as agent:
                agent.sendall(h2.opened(path=h2.ATTACH, grpc_encoding="gzip") +
                              h2.data(1, h2.message(h2.bomb(256), compressed=True)))
                self.check_stays_small(run)
            self.check_refused(run.finish(10))

    def check_stays_small(self, run):
        """From now until its end."""
        before = most = run.peak_bytes
        while run.exit_code is None:
            with contextlib.suppress(OSError, TypeError):  # it has ended meanwhile
                most = run.peak_bytes
            time.sleep(0.002)
        self.assertLess(most - before, MOST_GROWTH)

    def test_misbehaving_after_start(self):
        """The others do its work."""
        for mode, words in AFTER_START:
            with self.subTest(mode), squall.FakeAgent(mode) as fake:
                result = self.run_with(self.agent.address, fake.address)
                self.check_complete(result, 1000)
                self.assertEqual([event["kind"] for event in result.report["events"]],
                                 ["lost", "regranted"])
                first_lines = " ".join(result.stdout.split("\n\n")[0].split())
                self.assertIn(fake.address, first_lines)
                self.assertIn(words, first_lines)
                self.check_agent_is_free()

    def test_never_ending(self):
        """All that was asked for is recorded, and there is an end to waiting for a Done."""
        with squall.FakeAgent("never-done") as fake:
            result = self.run_with(self.agent.address, fake.address)
            self.check_complete(result, 1000)
            self.assertLess(result.seconds, 15)
        self.check_agent_is_free()

    def test_fake_agent_is_otherwise_a_good_one(self):
        with squall.FakeAgent("honest") as fake:
            self.check_complete(self.run_with(self.agent.address, fake.address), 1000)


class BusyAgents(squall.TestCase):
    def setUp(self):
        self.target = self.enterContext(squall.Target("--delay", "10ms"))
        self.server = self.enterContext(RecordingServer())
        self.agents = self.enterContext(squall.fleet(2))

    def busy_for(self, duration):
        """A run over the first agent, under way."""
        run = self.enterContext(squall.Run("-z", duration, "-c", "4", self.target.url,
                                           agents=self.agents[:1]))
        before = self.target.stats()["requests"]
        wait_until(lambda: self.target.stats()["requests"] > before + 10, 20, "a run begins")
        return run

    def test_second_controller_gives_up(self):
        first = self.busy_for("60s")
        result = squall.run("-n", "10", self.server.url, agents=self.agents, timeout=40)
        self.check_exit(result, 2)
        self.assertGreater(result.seconds, 14)
        self.assertLess(result.seconds, 25)
        for words in ("busy", self.agents[0].address, socket.gethostname(), "since"):
            self.assertIn(words, result.stderr)
        self.assertEqual(self.server.connections, 0)
        self.assertIsNone(first.exit_code, "the first run was disturbed")
        # The other agent waited for nothing, and is free.
        self.check_complete(squall.run("-n", "10", self.server.url, agents=self.agents[1:]), 10)

    def test_second_controller_waits(self):
        first = self.busy_for("4s")
        result = squall.run("-n", "10", self.server.url, agents=self.agents, timeout=40)
        self.check_complete(result, 10)
        self.assertGreater(result.seconds, 1)
        self.assertIn("busy", result.stderr)
        self.check_exit(first.finish(), 0)


if __name__ == "__main__":
    unittest.main()
