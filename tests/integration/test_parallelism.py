"""In flight: what squall says and what the target counted itself are the same."""

import os
import signal
import time
import unittest

import context  # noqa: F401
from support import squall
from support.processes import SCALE

# Of the window, for the run with a loss: what an agent had in flight after its last word is not known.
SECONDS = float(os.environ.get("SQUALL_TEST_PARALLELISM_SECONDS", 5))
# By concurrency. Connecting and the way there and back are in flight for squall and not for the
# target, so delay and run are long beside what so many at once wait for one busy core.
CASES = {1: ("50ms", SECONDS), 64: ("500ms", SECONDS), 1000: ("2s", 2 * SECONDS)}


class Parallelism(squall.TestCase):
    def check(self, target, result, asked):
        """Both integrals over the time of the run, which is from the start to the last answer."""
        parallelism = result.report["parallelism"]
        counted = target.stats()["in_flight_ns"] / result.report["run"]["elapsed_ns"]
        self.assertEqual(parallelism["asked"], asked)
        self.assertLess(parallelism["littles_law_error"], 0.001)
        self.assertAlmostEqual(sum(agent["mean"] for agent in parallelism["agents"]),
                               parallelism["mean"], delta=1e-6 * asked)
        print(f"c={asked}, {len(result.report['agents'])} agents: squall {parallelism['mean']:.3f} "
              f"+- {parallelism['error']:.3f}, target {counted:.3f}")
        return parallelism, counted

    def test_agrees_with_the_target(self):
        for agents in (1, 3):
            for concurrency, (delay, seconds) in CASES.items():
                if concurrency < agents:
                    continue
                with self.subTest(agents=agents, concurrency=concurrency), \
                        squall.Target("--delay", delay) as target, \
                        squall.fleet(agents) as fleet:
                    result = squall.run(target.url, "-c", concurrency, "-z", f"{seconds}s",
                                        agents=fleet)
                    self.check_consistent(result)
                    parallelism, counted = self.check(target, result, concurrency)
                    self.assertAlmostEqual(parallelism["mean"], counted, delta=0.01 * counted)
                    self.assertGreater(parallelism["steady_mean"], 0.97 * concurrency)
                    self.assertLessEqual(parallelism["max"], concurrency * 1.001)

    def test_agrees_although_an_agent_is_killed(self):
        seconds = 2 * SECONDS
        with squall.Target("--delay", "64ms") as target, squall.fleet(3) as fleet:
            with squall.Run(target.url, "-c", 64, "-z", f"{seconds}s", "--grace", "4s",
                            agents=fleet) as run:
                time.sleep(seconds / 2)
                fleet[1].signal(signal.SIGKILL)
                result = run.finish()
            self.check_exit(result, 0)
            parallelism, counted = self.check(target, result, 64)
            # At most a snapshot interval of a third of them is not known, and it is said.
            self.assertAlmostEqual(parallelism["mean"], counted,
                                   delta=0.01 * counted + 64 / 3 / seconds)
            self.assertAlmostEqual(parallelism["mean"], counted,
                                   delta=0.001 * counted + parallelism["error"])
            self.assertGreater(parallelism["error"], 0)

    def test_under_a_rate_it_is_what_the_rate_makes_it(self):
        with squall.Target("--delay", "50ms") as target:
            result = squall.run(target.url, "-q", 400, "-z", f"{SECONDS / 2}s")
            parallelism = result.report["parallelism"]
            self.assertIsNone(parallelism["asked"])
            self.assertIsNone(parallelism["steady_share"])
            counted = target.stats()["in_flight_ns"] / result.report["run"]["elapsed_ns"]
            self.assertAlmostEqual(parallelism["mean"], counted, delta=0.03 * counted)

    @unittest.skipIf(SCALE > 1, "says nothing more of an instrumented program")
    def test_a_warm_up_is_no_part_of_it(self):
        with squall.Target("--delay", "20ms") as target:
            result = squall.run(target.url, "-c", 20, "-z", "2s", "--warmup", "1s")
            parallelism = result.report["parallelism"]
            self.assertAlmostEqual(parallelism["mean"], 20, delta=0.5)
            self.assertLess(parallelism["ramp_up_ns"], 100_000_000)
            self.assertLess(parallelism["littles_law_error"], 0.001)


if __name__ == "__main__":
    unittest.main()
