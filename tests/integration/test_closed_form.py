"""What an open loop shows of a server that stalls or is overloaded, against what it must be."""

import signal
import time
import unittest

import context  # noqa: F401
from support import squall

SECOND = 1_000_000_000


class ClosedForm(squall.TestCase):
    def check_near(self, seen_ns, expected_ns, share):
        self.assertLessEqual(abs(seen_ns - expected_ns), share * expected_ns,
                             f"{seen_ns / 1e6:.1f} ms, expected {expected_ns / 1e6:.1f} ms")

    def test_a_stall(self):
        """The target freezes for 1 s of 10. What falls due t after the beginning waits for the rest
        of that second, and then until those before it have been answered: the longer, the earlier.
        So the share s of all requests that waits longest is what was due before s * 10 s."""
        rate, seconds, connections = 1000, 10, 50
        with squall.Target() as target, squall.fleet(1) as agents:
            capacity = squall.run("-n", 20_000, "-c", connections, target.url,
                                  agents=agents).report["totals"]["requests_per_second"]
            with squall.Run("-q", rate, "-z", f"{seconds}s", "-c", connections, target.url,
                            agents=agents) as run:
                time.sleep(4)
                target.signal(signal.SIGSTOP)
                start = time.monotonic_ns()
                time.sleep(1 - 0.0001)
                target.signal(signal.SIGCONT)
                stall = time.monotonic_ns() - start
                result = run.finish()
        self.check_complete(result, rate * seconds)
        latency = result.report["latency"]["success"]
        for name, share in (("p95", 0.05), ("p99", 0.01), ("p99_9", 0.001)):
            since = share * seconds * SECOND
            self.check_near(latency["response"][f"{name}_ns"],
                            stall - since + since * rate / capacity, 0.02)
        # A client that waits for each answer saw just as many slow ones as it has connections: too
        # few to show in the 99th percentile.
        self.assertLess(latency["service"]["p99_ns"], 0.05 * SECOND)
        self.check_near(latency["service"]["max_ns"], stall, 0.02)
        self.assertGreater(result.report["waited"], (rate - 2 * connections) * 0.9)

    def test_an_overload(self):
        """A target that can do 1,000/s is asked for 2,000/s: the k-th request is due at k / 2,000 s
        and ends at k / 1,000 s, so response time grows evenly from 0 to half the run."""
        rate, seconds, connections, delay_ms = 2000, 10, 20, 20
        with squall.Target("--delay", f"{delay_ms}ms") as target, squall.fleet(1) as agents:
            with squall.Run("-q", rate, "-z", f"{seconds}s", "-c", connections, target.url,
                            agents=agents) as run:
                time.sleep(4)
                early = agents[0].resident_bytes
                time.sleep(5)
                late = agents[0].resident_bytes
                result = run.finish()
            served = target.stats()["requests"]
        self.check_exit(result, 0)
        self.check_consistent(result)
        totals = result.report["totals"]
        self.assertEqual(totals["planned"], rate * seconds)
        self.assertEqual(totals["recorded"] + totals["unsent"], totals["planned"])
        self.assertEqual(totals["recorded"], served)
        self.assertEqual(totals["failed"], 0)
        capacity = totals["recorded"] / seconds
        self.assertGreater(capacity, 600)
        self.assertLess(capacity, 1010)
        latency = result.report["latency"]["success"]
        longest = seconds * SECOND * (1 - capacity / rate)
        for name, share in (("p50", 0.5), ("p90", 0.9), ("p99", 0.99)):
            self.check_near(latency["response"][f"{name}_ns"], share * longest, 0.03)
        self.assertGreater(latency["service"]["p50_ns"], delay_ms * 1_000_000)
        self.assertLess(latency["service"]["p99_ns"], 2 * delay_ms * 1_000_000)
        # 5,000 more requests wait by now than did before.
        self.assertLess(late - early, 1 << 20)


if __name__ == "__main__":
    unittest.main()
