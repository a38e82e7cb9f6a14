"""A server's own count of what is in flight stands beside squall's, and nobody is asked unasked."""

import json
import signal
import subprocess
import tempfile
import time
import unittest
from pathlib import Path

import context  # noqa: F401
from support import squall
from support.counting_server import CountingServer
from support.nginx import Nginx
from support.processes import SCALE, Process

SECONDS = 3 / min(SCALE, 2)
# Of a mean: what an instrumented client does with 64 answers at once takes time.
MARGIN = 0.02 if SCALE == 1 else 0.1


class ServerCounts(squall.TestCase):
    def check_agrees(self, result, most, margin=MARGIN, target=True):
        """Its mean is that of the fleet, and its peak as asked."""
        self.check_consistent(result)
        parallelism = result.report["parallelism"]
        server = parallelism["server"]
        self.assertIsNotNone(server, result.stdout)
        self.assertEqual(server["target"], target)
        # Where a server tells no history, its peak may have been there when it was asked first.
        self.assertIn(server["max"], (most,) if target else (None, most))
        self.assertAlmostEqual(server["mean"], parallelism["mean"],
                               delta=margin * parallelism["mean"])
        who, rest = ("target", "") if target else ("server", "( since .*)?")
        self.assertRegex(result.stdout, f"by the {who}'s own count +{server['mean']:.1f}  on average"
                                        f".*, at most {most:,} at once{rest}\n")
        return server

    def check_silent(self, result):
        self.check_exit(result, 0)
        self.assertIsNone(result.report["parallelism"]["server"])
        self.assertNotIn("own count", result.stdout)

    def test_a_target_agrees(self):
        for agents in (1, 3):
            for transport in ("http1", "curl"):
                with self.subTest(agents=agents, transport=transport), \
                        squall.Target("--delay", "256ms", "--threads", 2) as target, \
                        squall.fleet(agents) as fleet:
                    result = squall.run(target.url, "-c", 64, "-z", f"{SECONDS}s", "--transport",
                                        transport, agents=fleet)
                    server = self.check_agrees(result, 64)
                    stats = target.stats()
                    counted = stats["in_flight_ns"] / result.report["run"]["elapsed_ns"]
                    self.assertAlmostEqual(server["mean"], counted, delta=0.001 * counted)
                    self.assertEqual(server["from_ns"], 0)
                    self.assertEqual(server["to_ns"], result.report["run"]["elapsed_ns"])
                    # Who asks is not counted.
                    self.assertEqual(stats["requests"], result.recorded)
                    self.assertEqual(stats["connections"],
                                     result.report["totals"]["connections"])

    def test_a_short_run_is_known_whole(self):
        with squall.Target("--delay", "5ms") as target:
            result = squall.run(target.url, "-c", 8, "-n", 200)
            self.check_agrees(result, 8, margin=0.1)

    def test_an_earlier_run_is_not_this_one(self):
        with squall.Target("--delay", "20ms") as target:
            squall.run(target.url, "-c", 50, "-n", 500)
            result = squall.run(target.url, "-c", 5, "-n", 250)
            server = self.check_agrees(result, 5)
            self.assertEqual(server["peak_since_start"], 50)

    def test_a_warm_up_is_no_part_of_it(self):
        with squall.Target("--delay", "20ms") as target:
            result = squall.run(target.url, "-q", 500, "-z", f"{SECONDS}s", "--warmup", "1s")
            parallelism = result.report["parallelism"]
            server = parallelism["server"]
            self.assertLess(server["from_ns"], 300_000_000)
            self.assertAlmostEqual(server["mean"], parallelism["mean"],
                                   delta=0.05 * parallelism["mean"])

    def test_whoever_of_the_fleet_is_lost(self):
        with squall.Target("--delay", "50ms") as target, squall.fleet(4) as fleet:
            with squall.Run(target.url, "-c", 40, "-z", f"{2 * SECONDS}s", "--grace", "2s",
                            agents=fleet) as run:
                time.sleep(SECONDS)
                fleet[0].signal(signal.SIGKILL)
                result = run.finish()
            self.check_exit(result, 0)
            server = result.report["parallelism"]["server"]
            # Who is the last to end may be none of those that ask.
            told = server["to_ns"] - server["from_ns"]
            untold = result.report["run"]["elapsed_ns"] - told
            self.assertLess(untold, 0.1 * told)
            counted = target.stats()["in_flight_ns"]
            self.assertLessEqual(server["mean"] * told, 1.001 * counted)
            self.assertGreaterEqual(server["mean"] * told, 0.999 * counted - 40 * max(untold, 0))
            self.assertGreaterEqual(server["max"], 40)

    def test_others_are_not_asked(self):
        for listen, flags in ("", []), ("ssl", ["-k"]), ("", ["--transport", "curl"]):
            with self.subTest(listen=listen, flags=flags), Nginx(listen) as nginx:
                result = squall.run(f"{nginx.url}/", "-n", 300, "-c", 3, *flags)
                self.check_silent(result)
                log = nginx.finish()
                self.assertEqual({request.uri for request in log.requests}, {"/"})
                self.assertEqual(len(log.requests), 300)

    def test_of_several_addresses_nobody_is_asked(self):
        # One server to us, but it might be two.
        with squall.Target("--threads", 1) as target:
            port = target.url.rpartition(":")[2]
        with Process(squall.SQUALL, "target", "--listen", f"0.0.0.0:{port}") as both:
            both.expect(r"listening on (http://\S+)")
            result = squall.run(f"http://name.test:{port}/", "-n", 300, "-c", 4, "--resolve",
                                f"name.test:{port}:127.0.0.1,127.0.0.2")
            self.assertEqual(len(result.report["addresses"]), 2)
            self.check_silent(result)

    def test_a_saved_run_tells_it_again(self):
        folder = Path(self.enterContext(tempfile.TemporaryDirectory(prefix="squall-test-")))
        with squall.Target("--delay", "5ms") as target:
            result = squall.run(target.url, "-n", 400, "-c", 4, "--save", folder / "run")
        self.assertIn("by the target's own count", result.stdout)
        again = subprocess.run([squall.SQUALL, "report", folder / "run"], capture_output=True,
                               timeout=60, check=False, text=True)
        self.assertEqual(again.stdout, result.stdout)
        self.assertEqual(json.loads((folder / "run" / "result.json").read_text()), result.report)

    def test_where_the_user_says(self):
        delay = 0.05
        with CountingServer(delay) as server, squall.fleet(1) as fleet:
            result = squall.run(f"{server.url}/", "-c", 8, "-z", f"{SECONDS}s", "--server-counts",
                                "/counts", "-H", "X-Mine: yes", agents=fleet)
            self.check_exit(result, 0)
            server_says = self.check_agrees(result, 8, margin=0.05, target=False)
            self.assertLess(server_says["from_ns"], 100_000_000)
            self.assertEqual(result.report["plan"]["server_counts"], f"{server.url}/counts")
            self.assertGreaterEqual(len(server.asked), SECONDS)
            for headers in server.asked:
                self.assertNotIn("X-Mine", dict(headers))
                self.assertTrue(dict(headers)["User-Agent"].startswith("squall/"))

    def test_a_server_that_tells_nothing_spoils_no_run(self):
        def hang(_):
            time.sleep(5)
            return 200, b"{}"

        cases = [
            ("rubbish", lambda _: (200, b"\x00\xff<html>"), "no JSON object"),
            ("another object", lambda _: (200, b'{"up": true}'), "peak_in_flight"),
            ("a wrong type", lambda _: (200, b'{"peak_in_flight": "8"}'), "peak_in_flight"),
            ("an error", lambda _: (404, b'{"peak_in_flight": 8}'), "status 404"),
            ("too much", lambda _: (200, b" " * 1_000_000), "too long"),
            ("silence", hang, None),
        ]
        for name, tell, words in cases:
            with self.subTest(name), CountingServer(0.01, tell) as server:
                result = squall.run(f"{server.url}/", "-c", 2, "-n", 20, "--server-counts",
                                    f"{server.url}/counts")
                self.check_complete(result, 20)
                self.assertIsNone(result.report["parallelism"]["server"])
                notes = [note for note in result.report["notes"] if "--server-counts" in note]
                self.assertEqual(len(notes), 1, result.report["notes"])
                self.assertIn(words or "heard nothing", notes[0])
                self.assertLess(result.seconds, 4)

    def test_a_silent_one_is_given_up_in_time(self):
        with CountingServer(0.01, lambda _: time.sleep(30)) as server:
            result = squall.run(f"{server.url}/", "-c", 2, "-z", "3s", "--server-counts", "/counts")
            self.check_exit(result, 0)
            self.assertLess(result.seconds, 6)
            self.assertIn("(--server-counts): ", " ".join(result.report["notes"]))


if __name__ == "__main__":
    unittest.main()
