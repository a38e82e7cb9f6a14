"""A run over agents whose control ports are attacked all the time, in every way that hostile.py
has.

It takes SQUALL_TEST_HOSTILE_SECONDS (8). The run is exact, and nothing of what is said to the
agents is in it; their memory and their logs are bounded, and afterwards they are free."""

import os
import tempfile
import threading
import unittest
from pathlib import Path

import context  # noqa: F401
from support import hostile, squall
from support.certs import Authority
from support.processes import SCALE, wait_until
from support.relay import Relay

SECONDS = max(int(os.environ.get("SQUALL_TEST_HOSTILE_SECONDS", "8")), 2)
RATE = max(1000 // SCALE, 50)
# By how much an agent's memory may move, at any time: so many strangers are kept, and gRPC's
# buffers of each; what an instrumented program has freed stays.
MOST_GROWTH = 192 << 20 if SCALE == 1 else 1 << 40
# Lines of a log that are limited come ten at once, or a hundred of runs that do not begin, and then
# one in six seconds. There are no more kinds of them than this.
KINDS = 6
AT_ONCE = 180


class Watch:
    """How large processes are at most while it is entered."""

    def __init__(self, processes):
        self._processes = processes
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)
        self.most = [process.resident_bytes for process in processes]

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._ending.set()
        self._thread.join()

    def _look(self):
        while not self._ending.wait(0.05):
            for index, process in enumerate(self._processes):
                self.most[index] = max(self.most[index], process.resident_bytes)


class Hostile(squall.TestCase):
    def setUp(self):
        self.target = self.enterContext(squall.Target())

    def recorded_words(self, agent, *arguments):
        """What a controller said in a run before."""
        with Relay(agent.address, record=True) as relay:
            result = squall.run("-n", 500, "-c", 4, *arguments, self.target.url,
                                "--agents", relay.address)
            self.check_complete(result, 500)
            return bytes(relay.heard)

    def attacked(self, agents, attacks, *arguments):
        """An exact run beside it."""
        requests = RATE * SECONDS
        self.target.clear()
        lines_before = [agent.stderr.count("\n") for agent in agents]
        # The attackers want the same cores: an agent that has to wait for them is not to be lost.
        with squall.Run("-n", requests, "-q", RATE, "-c", 20, "--grace", "60s", *arguments,
                        self.target.url, agents=agents) as run:
            wait_until(lambda: self.target.stats()["requests"] > 0, 20, "the run begins")
            before = [agent.resident_bytes for agent in agents]
            with (Watch(agents) as watch,
                  hostile.Attackers([agent.address for agent in agents], attacks) as attackers):
                result = run.finish(SECONDS + 120)
        growth = [most - least for most, least in zip(watch.most, before, strict=True)]
        lines = [agent.stderr.count("\n") - earlier
                 for agent, earlier in zip(agents, lines_before, strict=True)]
        print(f"{sum(attackers.made.values())} attacks in {result.seconds:.1f} s; memory "
              f"{[f'{bytes / (1 << 20):+.1f} MiB' for bytes in growth]}; lines {lines}")
        self.check_complete(result, requests)
        totals = result.report["totals"]
        self.assertEqual(totals["failed"], 0)
        self.assertGreaterEqual(self.target.stats()["requests"], requests)
        self.assertLessEqual(self.target.stats()["requests"],
                             requests + totals["possibly_repeated"])
        # Where a program is so slow that much is left to do for strangers of the controller's own
        # host, that may not get in again in time.
        if SCALE == 1:
            self.assertNotIn("regranted", [event["kind"] for event in result.report["events"]])
            self.assertEqual(totals["possibly_repeated"], 0)
        for name, times in attackers.made.items():
            self.assertGreater(times, 1, name)
        for index, agent in enumerate(agents):
            with self.subTest(agent.name):
                self.assertLess(growth[index], MOST_GROWTH)
                self.assertLess(lines[index], AT_ONCE + KINDS * result.seconds / 6,
                                agent.stderr[-3000:])
                self.assertLess(max(map(len, agent.stderr.splitlines())), 2000)
        # Strangers count for half a minute; then others are heard as well.
        wait_until(lambda: squall.run("-n", 10, *arguments, self.target.url,
                                      agents=agents).exit_code == 0, 60, "they are free", every=1)

    def test_without_tls(self):
        agents = self.enterContext(squall.fleet(2))
        words = self.recorded_words(agents[0])
        self.attacked(agents, [*hostile.ATTACKS, hostile.replay(words)])

    def test_with_tls(self):
        folder = self.enterContext(tempfile.TemporaryDirectory(prefix="squall-test-"))
        own = Authority(Path(folder) / "own")
        agent = self.enterContext(squall.Agent(None, "--tls", own.agent("lon-1")))
        words = self.recorded_words(agent, "--tls", own.admin)
        self.attacked([agent], [*hostile.ATTACKS, hostile.replay(words)], "--tls", own.admin)


if __name__ == "__main__":
    unittest.main()
