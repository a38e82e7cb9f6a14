"""Warm-up, the two ends of a run, and how long is waited after a duration."""

import signal
import tempfile
import unittest

import context  # noqa: F401
from support import squall
from support.nginx import Nginx
from support.processes import wait_until

CONCURRENCY = 30


class WarmUp(squall.TestCase):
    def test_uses_up_no_number_and_keeps_its_connections(self):
        for how_much in (["-n", "20000"], ["-n", "7"], ["-z", "1s"]):
            for agents in (0, 3):  # 0: an agent of its own
                with (self.subTest(how_much, agents=agents), squall.fleet(agents) as fleet,
                      squall.Target("--delay", "1ms") as target):
                    result = squall.run("--warmup", "1s", *how_much, "-c", CONCURRENCY, target.url,
                                        agents=fleet)
                    requests = int(how_much[1]) if how_much[0] == "-n" else result.recorded
                    self.check_complete(result, requests)
                    warmup, stats = result.report["warmup"], target.stats()
                    self.assertEqual(warmup["recorded"] + requests, stats["requests"])
                    self.assertGreater(warmup["recorded"], CONCURRENCY)
                    self.assertEqual(warmup["failed"], 0)
                    self.assertEqual(warmup["duration_ns"], 1_000_000_000)
                    self.assertEqual(stats["connections"], CONCURRENCY)
                    self.assertEqual(warmup["connections"], CONCURRENCY)
                    self.assertEqual(result.report["totals"]["connections"], 0)
                    self.assertGreaterEqual(result.seconds,
                                            1 + result.report["run"]["elapsed_ns"] / 1e9)
                    self.assertRegex(result.stdout, r"\nWarm-up: 1\.00 s, [\d,]+ requests, 0 failed, "
                                                    r"30 connections opened, not\s+measured\n")

    def test_the_list_begins_anew(self):
        with Nginx(requests_a_connection=1_000_000) as nginx, \
                tempfile.NamedTemporaryFile("w") as urls, squall.fleet(1) as agents:
            urls.writelines(f"/{i}\n" for i in range(5000))
            urls.flush()
            result = squall.run("--warmup", "300ms", "--urls", urls.name, "-u", nginx.url,
                                "-n", "400", "-c", "1", agents=agents)
            self.check_complete(result, 400)
            seen = [request.uri for request in nginx.finish().requests]
        warm_ups = result.report["warmup"]["recorded"]
        self.assertEqual(len(seen), warm_ups + 400)
        self.assertEqual(seen[warm_ups:], [f"/{i}" for i in range(400)])
        self.assertEqual(seen[:warm_ups], [f"/{i % 5000}" for i in range(warm_ups)])

    def test_there_is_no_gap(self):
        """Of a closed loop that is full all the time, the measured part is full too."""
        with squall.fleet(3) as agents, squall.Target("--delay", "100ms") as target:
            result = squall.run("--warmup", "1050ms", "-z", "2s", "-c", CONCURRENCY, target.url,
                                agents=agents)
            self.check_complete(result, result.recorded)
        # 20 rounds, and one more that the warm-up has in flight when it ends; ±1 for a slow machine.
        rounds = result.recorded / CONCURRENCY
        self.assertGreaterEqual(rounds, 18)
        self.assertLessEqual(rounds, 20)

    def test_its_stragglers_count_for_it_and_are_awaited(self):
        with (squall.fleet(3) as agents,
              squall.Target("--delay", "300ms", "--jitter", "1s") as target):
            result = squall.run("--warmup", "200ms", "-n", "1", "-c", CONCURRENCY, target.url,
                                agents=agents)
            self.check_complete(result, 1)
            self.assertEqual(result.report["warmup"]["recorded"], CONCURRENCY)
            self.assertEqual(result.report["warmup"]["failed"], 0)
            self.assertEqual(target.stats()["requests"], CONCURRENCY + 1)

    def test_interrupted(self):
        with squall.fleet(2) as agents, squall.Target("--delay", "10ms") as target:
            with squall.Run("--warmup", "60s", "-n", "10", target.url, agents=agents) as run:
                wait_until(lambda: target.stats()["requests"] > 50, 20, "requests")
                run.signal(signal.SIGINT)
                result = run.finish(timeout=10)
            self.check_exit(result, 130)
            self.assertEqual(result.recorded, 0)
            self.assertIn("Interrupted during the warm-up", result.stdout)
            self.assertEqual(result.report["warmup"]["recorded"], target.stats()["requests"])


class Ends(squall.TestCase):
    def test_whichever_comes_first(self):
        with squall.fleet(3) as agents, squall.Target("--delay", "10ms") as target:
            result = squall.run("-n", "300", "-z", "60s", "-c", CONCURRENCY, target.url,
                                agents=agents)
            self.check_complete(result, 300)
            self.assertLess(result.seconds, 20)
            self.assertIn("of 300 planned", result.stdout)
            target.clear()
            result = squall.run("-n", "100000000", "-z", "1s", "-c", CONCURRENCY, target.url,
                                agents=agents)
            self.check_complete(result, result.recorded)
            self.assertEqual(result.recorded, target.stats()["requests"])
            self.assertLess(result.report["run"]["elapsed_ns"], 1.5e9)
            self.assertIn("issued", result.stdout)

    def test_drain(self):
        with squall.fleet(3) as agents, squall.Target("--delay", "60s") as target:
            result = squall.run("-z", "500ms", "--drain", "200ms", "-c", CONCURRENCY, target.url,
                                agents=agents)
            self.check_exit(result, 3)  # not one response
            self.check_consistent(result)
            self.assertEqual(result.report["run"]["state"], "complete")
            self.assertEqual(result.errors, {"cut off": CONCURRENCY})
            self.assertGreaterEqual(result.report["run"]["elapsed_ns"], 700_000_000)
            self.assertLess(result.seconds, 20)
        with squall.fleet(3) as agents, squall.Target("--delay", "2s") as target:
            result = squall.run("-z", "500ms", "--drain", "20s", "-c", CONCURRENCY, target.url,
                                agents=agents)
            self.check_complete(result, CONCURRENCY)
            self.assertEqual(result.errors, {})


if __name__ == "__main__":
    unittest.main()
