"""squall fleet check over several hosts: the figures are those of the links and clocks."""

import json
import time
import unittest

import context  # noqa: F401
from support import network, squall
from support.network import Network
from support.processes import Process

SECOND = 1_000_000_000


def setUpModule():
    network.skip_without()


class Check(unittest.TestCase):
    def setUp(self):
        self.network = self.enterContext(Network("controller", "near", "far"))

    def agent(self, name, **offsets):
        return self.enterContext(squall.Agent(name, host=self.network[name], **offsets))

    def check(self, *agents, exit_code=0):
        """What it says of each, and how long it took."""
        start = time.monotonic()
        with Process(squall.SQUALL, "fleet", "check", "--timeout", "2s", "--json", "-", "--agents",
                     ",".join(agent.address for agent in agents),
                     host=self.network["controller"]) as process:
            self.assertEqual(process.wait(30), exit_code, process.stdout + process.stderr)
            return json.loads(process.stdout)["agents"], time.monotonic() - start

    def test_speed_is_that_of_the_link(self):
        near, far = self.agent("near"), self.agent("far")
        for bits in (20_000_000, 1_000_000):
            with self.subTest(bits):
                self.network["far"].rate(bits)
                found, seconds = self.check(near, far)
                self.assertLess(seconds, 5)
                for way in ("to_agent_bytes_per_second", "from_agent_bytes_per_second"):
                    # What a link lets through at once is part of a short measurement.
                    self.assertLess(found[1][way], bits / 8 * 1.5)
                    self.assertGreater(found[1][way], bits / 8 * 0.5)
                    self.assertGreater(found[0][way], 5_000_000)

    def test_a_link_that_is_down(self):
        near, far = self.agent("near"), self.agent("far")
        self.network["far"].link_down()
        found, seconds = self.check(far, near, exit_code=3)
        self.assertLess(seconds, 6)
        self.assertEqual([agent["state"] for agent in found], ["unreachable", "ok"])

    def test_a_clock_of_its_own(self):
        if reason := network.why_no_clock_offset():
            self.skipTest(reason)
        found, _ = self.check(self.agent("near"), self.agent("far", monotonic_offset=1000))
        for agent, offset in zip(found, (0, 1000 * SECOND)):
            clock = agent["clock"]
            self.assertLessEqual(abs(clock["offset_ns"] - offset), clock["error_ns"])
            self.assertLess(clock["error_ns"], SECOND / 10)


if __name__ == "__main__":
    unittest.main()
