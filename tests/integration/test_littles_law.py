"""Little's law as a check of honesty: the concurrency asked for is the one that the server sees."""

import unittest

import context  # noqa: F401
from support import squall
from support.processes import SCALE

DELAY_SECONDS = 0.2
CONCURRENCY = max(200 // SCALE, 20)
REQUESTS_PER_SECOND = CONCURRENCY / DELAY_SECONDS
# A total ends with a wave of its own, so one delay in so many is lost: it must be few.
SECONDS = 20
TOLERANCE = 0.03


class LittlesLaw(squall.TestCase):
    def check(self, agents, *how_much):
        with squall.fleet(agents) as fleet, squall.Target("--delay", "200ms") as target:
            result = squall.run("-c", CONCURRENCY, *how_much, target.url, agents=fleet)
            self.check_complete(result, result.recorded)
            stats = target.stats()
            self.assertEqual(stats["peak_in_flight"], CONCURRENCY)
            self.assertEqual(stats["requests"], result.recorded)
            self.assertEqual(stats["connections"], CONCURRENCY)
            self.assertGreaterEqual(result.report["latency"]["success"]["service"]["min_ns"],
                                    DELAY_SECONDS * 1e9)
            self.assertAlmostEqual(result.report["totals"]["requests_per_second"],
                                   REQUESTS_PER_SECOND, delta=TOLERANCE * REQUESTS_PER_SECOND)

    def test_total_over_one_agent(self):
        self.check(1, "-n", int(REQUESTS_PER_SECOND * SECONDS))

    def test_total_over_three_agents(self):
        self.check(3, "-n", int(REQUESTS_PER_SECOND * SECONDS))

    def test_duration_over_three_agents(self):
        self.check(3, "-z", "8s")


if __name__ == "__main__":
    unittest.main()
