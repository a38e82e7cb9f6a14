"""An arrival rate: as many requests as it says, and every one that could not be sent accounted for."""

import tempfile
import unittest

import context  # noqa: F401
from support import squall
from support.nginx import Nginx


class Rates(squall.TestCase):
    def check_accounts(self, result, planned):
        """Nothing is lost in silence."""
        self.check_exit(result, 0)
        self.check_consistent(result)
        totals = result.report["totals"]
        self.assertEqual(result.report["run"]["state"], "complete")
        self.assertEqual(totals["planned"], planned)
        self.assertEqual(totals["recorded"] + totals["dropped"] + totals["unsent"], planned)
        self.assertEqual(result.report["schedule_lag"]["count"], totals["recorded"])
        latency = result.report["latency"]["success"]
        self.assertEqual(latency["response"]["count"], totals["succeeded"])
        return totals

    def test_delivers_what_was_asked(self):
        for flags, planned, seconds in (
            (["-q", "2000", "-z", "2s"], 4000, 2),
            (["-q", "333.3", "-z", "1500ms"], 500, 1.5),
            (["-q", "333.3", "-n", "500"], 500, 1.5),
            (["-q", "1000", "-n", "1000000", "-z", "1s"], 1000, 1),
            (["-q", "1000", "-n", "500", "-z", "1h"], 500, 0.5),
            (["-q", "0.5", "-n", "2"], 2, 2),
            (["-q", "1500", "-z", "2s", "--warmup", "500ms"], 3000, 2),
            (["-q", "1500", "-z", "2s", "--transport", "curl", "-c", "50"], 3000, 2),
        ):
            for agents in (0, 3):  # 0: an agent of its own
                with (self.subTest(flags, agents=agents), squall.fleet(agents) as fleet,
                      squall.Target("--threads", "2") as target):
                    result = squall.run(*flags, target.url, agents=fleet)
                    totals = self.check_accounts(result, planned)
                    self.assertEqual(totals["recorded"], planned)
                    warmup = result.report["warmup"]
                    seen = planned + (warmup["recorded"] if warmup else 0)
                    self.assertEqual(target.stats()["requests"], seen)
                    elapsed = result.report["run"]["elapsed_ns"] / 1e9
                    self.assertGreater(elapsed, seconds * 0.95)
                    self.assertLess(elapsed, seconds + 1)

    def test_poisson_arrivals_are_as_many(self):
        with squall.Target() as target:
            result = squall.run("-q", "1024", "--arrivals", "poisson", "-n", "2048", "--seed", "7",
                                target.url)
            totals = self.check_accounts(result, 2048)
        self.assertEqual(totals["recorded"], 2048)

    def test_the_order_is_that_of_the_schedule(self):
        for count in (1, 3):
            with (self.subTest(agents=count), Nginx() as nginx, squall.fleet(count) as agents,
                  tempfile.NamedTemporaryFile("w") as urls):
                urls.writelines(f"/{i}\n" for i in range(2000))
                urls.flush()
                result = squall.run("-q", "200", "-n", "400", "--urls", urls.name,
                                    "-u", nginx.url, agents=agents)
                self.check_accounts(result, 400)
                seen = [int(request.uri[1:]) for request in nginx.finish().requests]
                self.assertEqual(sorted(seen), list(range(400)))
                # nginx has two processes, and each writes down its requests when it has answered
                # them; and agents start within milliseconds of each other.
                self.assertLess(max(abs(place - n) for place, n in enumerate(seen)), 20)

    def test_overload_is_told(self):
        """A server that can do 200/s is asked for 400/s: those that come wait longer and longer."""
        with squall.Target("--delay", "20ms") as target:
            result = squall.run("-q", "400", "-z", "3s", "-c", "4", target.url)
            totals = self.check_accounts(result, 1200)
        self.assertGreater(totals["unsent"], 400)
        self.assertEqual(totals["dropped"], 0)
        self.assertLessEqual(totals["peak_connections"], 4)
        self.assertGreater(result.report["waited"], 300)
        self.assertEqual(result.report["waited_beside_free"], 0)
        latency = result.report["latency"]["success"]
        self.assertLess(latency["service"]["p50_ns"], 60_000_000)
        self.assertGreater(latency["response"]["max_ns"], 1_000_000_000)
        self.assertIn("rate", result.report["notes"][0])

    def test_a_bound_drops_what_is_beyond_it(self):
        with squall.Target("--delay", "20ms") as target:
            result = squall.run("-q", "400", "-z", "3s", "-c", "4", "--max-backlog", "10",
                                target.url)
            totals = self.check_accounts(result, 1200)
        self.assertGreater(totals["dropped"], 400)
        self.assertLessEqual(totals["unsent"], 10)
        # 10 before it and 4 in flight, at 200/s.
        self.assertLess(result.report["latency"]["success"]["response"]["p50_ns"], 200_000_000)


if __name__ == "__main__":
    unittest.main()
