"""What a run prints, and where."""

import json
import os
import pty
import subprocess
import unittest
from datetime import datetime, timedelta, timezone

import context  # noqa: F401
from support import squall
from support.nginx import Nginx

PERCENTILES = ["p50", "p75", "p90", "p95", "p99", "p99.9", "p99.99"]


class Report(squall.TestCase):
    def setUp(self):
        self.agents = self.enterContext(squall.fleet(3))

    def test_text(self):
        with Nginx() as nginx:
            urls = nginx.folder / "urls"
            urls.write_text("/\n/\n/missing\n")
            result = squall.run("-n", "3000", "-c", "9", "--urls", urls, nginx.url,
                                agents=self.agents)
            self.check_complete(result, 3000)
        words = [*PERCENTILES, "min", "mean", "stddev", "max", "200", "404", "2,000", "1,000",
                 "3,000", "status 404", "nothing here", *(agent.name for agent in self.agents),
                 *(agent.address for agent in self.agents)]
        for word in words:
            self.assertIn(word, result.stdout)
        self.assertNotIn("\x1b", result.stdout, "colours, though it is no terminal")
        self.assertTrue(all(len(line) <= 120 for line in result.stdout.splitlines()))

    def test_json(self):
        with squall.Target("--fail-every", "4", "--body-bytes", "100") as target:
            started = datetime.now(timezone.utc)
            result = squall.run("-n", "2000", "-c", "9", "--seed", "42", target.url,
                                agents=self.agents)
        self.check_complete(result, 2000)
        report = result.report
        self.assertEqual(report["totals"]["failed"], 500)
        self.check_keys(report["run"], "id seed started_at elapsed_ns state")
        self.check_keys(report["totals"], "planned recorded succeeded failed bytes_received "
                                          "bytes_sent resent requests_per_second")
        self.assertEqual(report["run"]["seed"], 42)
        self.assertIn("plan", report)
        at = datetime.fromisoformat(report["run"]["started_at"])
        self.assertLess(abs(at - started), timedelta(seconds=20))
        self.assertAlmostEqual(report["totals"]["requests_per_second"],
                               2000 / report["run"]["elapsed_ns"] * 1e9, places=0)
        self.assertGreaterEqual(report["totals"]["bytes_received"], 1500 * 100)
        for key in ("success", "failure"):
            self.check_latency(report["latency"][key]["service"])
        for part in (report, *report["agents"]):
            self.check_timings(part["timings"])
        timings = report["timings"]
        self.assertEqual(timings["first_byte_fresh"]["count"], report["totals"]["connections"])
        self.assertEqual(timings["first_byte_reused"]["count"],
                         2000 - report["totals"]["connections"])
        for absent in "schedule_lag", "waited", "waited_beside_free":
            self.assertIsNone(report[absent], "there was no rate")
        for error in report["errors"]:
            self.check_keys(error, "kind count sample")
        self.assertEqual([agent["name"] for agent in report["agents"]],
                         [agent.name for agent in self.agents])
        for agent in report["agents"]:
            self.check_keys(agent, "name address recorded succeeded failed connections host")
            self.check_keys(agent["host"], "os cores version")

    def check_keys(self, value, keys):
        self.assertLessEqual(set(keys.split()), set(value))

    def check_latency(self, service):
        rising = [service[key] for key in (
            "min_ns", *(name.replace(".", "_") + "_ns" for name in PERCENTILES), "max_ns")]
        self.assertEqual(rising, sorted(rising))
        self.assertTrue(all(isinstance(value, int) and value > 0 for value in rising))
        self.assertLessEqual(service["min_ns"], service["mean_ns"])
        self.assertLessEqual(service["mean_ns"], service["max_ns"])
        self.assertGreaterEqual(service["stddev_ns"], 0)

    def check_timings(self, timings):
        self.assertEqual(timings["connect"]["count"], timings["first_byte_fresh"]["count"])
        self.assertEqual(timings["tls"]["count"], 0)
        for sort in "fresh", "reused":
            first_byte, transfer = timings[f"first_byte_{sort}"], timings[f"transfer_{sort}"]
            self.assertEqual(first_byte["count"], transfer["count"])
            self.assertGreater(first_byte["min_ns"], 0)

    def test_json_to_standard_output(self):
        with squall.Target() as target:
            result = squall.run("-n", "100", target.url, "--json", "-", json=False,
                                agents=self.agents)
        self.check_exit(result, 0)
        self.assertEqual(json.loads(result.stdout)["totals"]["recorded"], 100)

    def test_progress(self):
        with squall.Target("--delay", "20ms") as target:
            result = squall.run("-z", "6s", "-c", "4", target.url, agents=self.agents)
            quiet = squall.run("-z", "6s", "-c", "4", target.url, "--quiet", agents=self.agents)
        self.assertGreaterEqual(len(result.stderr.splitlines()), 1)
        self.assertNotIn("\r", result.stderr, "lines are rewritten, though it is no terminal")
        self.assertEqual(quiet.stderr, "")
        for run in result, quiet:
            self.check_exit(run, 0)
            self.assertIn("p99.99", run.stdout)

    def test_live_progress_on_a_terminal(self):
        with squall.Target("--delay", "20ms") as target:
            leader, follower = pty.openpty()
            environment = {**os.environ, "TERM": "xterm"}
            done = subprocess.run(
                [squall.SQUALL, "run", "-z", "3s", "-c", "4", target.url], env=environment,
                stdout=subprocess.PIPE, stderr=follower, timeout=30, check=False, text=True)
            os.close(follower)
            shown = os.read(leader, 1 << 16).decode()
            os.close(leader)
        self.assertEqual(done.returncode, 0, shown)
        self.assertIn("\r", shown)
        self.assertIn("p99", shown)
        self.assertNotIn("\r", done.stdout)


class Target(squall.TestCase):
    def test_counts_of_its_own(self):
        with squall.Target() as target:
            self.check_complete(squall.run("-n", "500", "-c", "7", target.url), 500)
            stats = target.stats()
            self.assertEqual(stats["requests"], 500)
            self.assertLessEqual(stats["peak_in_flight"], 7)
            target.clear()
            self.assertEqual(target.stats()["requests"], 0)
            self.check_complete(squall.run("-n", "321", target.url), 321)
            target.end()
            self.assertIn("321", target.stdout)


if __name__ == "__main__":
    unittest.main()
