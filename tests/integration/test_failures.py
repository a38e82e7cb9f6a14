"""Every way in which a server can fail is counted in its class, and nothing hangs."""

import tempfile
import unittest
from pathlib import Path

import context  # noqa: F401
from support import squall
from support.bad_server import ANSWERS, BadServer
from support.nginx import closed_port

# What each path of the bad server is to be counted as: a status, or a kind of failure.
CLASSES = {
    "/ok": 200,
    "/until-closed": 200,
    "/moved": 302,
    "/missing": 404,
    "/broken": 500,
    "/closed": "closed before response",
    "/reset": "closed before response",
    "/half-header": "incomplete response",
    "/half-body": "incomplete response",
    "/half-chunk": "incomplete response",
    "/reset-body": "incomplete response",
    "/rubbish": "invalid response",
    "/bad-chunk": "invalid response",
    "/silence": "timeout",
    "/half-silence": "timeout",
    "/drip": "timeout",
}
TIMEOUT_SECONDS = 1.0
SLACK_SECONDS = 0.5


class Failures(squall.TestCase):
    def setUp(self):
        self.server = self.enterContext(BadServer())
        self.agents = self.enterContext(squall.fleet(3))
        self.folder = Path(self.enterContext(tempfile.TemporaryDirectory()))

    def run_over(self, urls, times, *arguments):
        """Asks for every URL so many times, all of them mixed."""
        path = self.folder / "urls"
        path.write_text("\n".join(urls))
        return squall.run("-n", times * len(urls), "--urls", path, "-u", self.server.url,
                          "-t", f"{TIMEOUT_SECONDS}s", *arguments, agents=self.agents)

    def check_classes(self, result, classes, times):
        """Every class has its exact count."""
        self.check_complete(result, times * len(classes))
        statuses, errors = {}, {}
        for kind in classes:
            if isinstance(kind, int):
                statuses[kind] = statuses.get(kind, 0) + times
                kind = f"status {kind}" if kind >= 400 else None
            if kind:
                errors[kind] = errors.get(kind, 0) + times
        self.assertEqual(result.status_codes, statuses)
        self.assertEqual(result.errors, errors)

    def test_all_at_once(self):
        self.assertEqual(CLASSES.keys(), ANSWERS.keys())
        refused = f"http://127.0.0.1:{closed_port()}/"
        for order in ("sequential", "shuffled"):
            with self.subTest(order):
                result = self.run_over([*CLASSES, refused], 20, "-c", "40", "--order", order)
                self.check_classes(result, [*CLASSES.values(), "connection refused"], 20)
                longest = result.report["latency"]["failure"]["service"]["max_ns"] / 1e9
                self.assertGreaterEqual(longest, TIMEOUT_SECONDS)
                self.assertLess(longest, TIMEOUT_SECONDS + SLACK_SECONDS)

    def test_each_alone(self):
        for path, kind in CLASSES.items():
            with self.subTest(path):
                result = self.run_over([path], 6, "-c", "3")
                no_response = isinstance(kind, str)
                self.check_exit(result, 3 if no_response else 0)
                self.check_consistent(result)
                self.assertEqual(result.recorded, 6)
                self.assertEqual(result.errors if no_response else result.status_codes, {kind: 6})
                self.assertLess(result.seconds, 10)

    def test_samples_show_what_came(self):
        samples = {error["kind"]: error["sample"]
                   for error in self.run_over(CLASSES, 3).report["errors"]}
        self.assertIn("hello", samples["status 404"])
        for kind, sample in samples.items():
            self.assertTrue(sample, kind)

    def test_nothing_is_resent_in_silence(self):
        classes = {path: kind for path, kind in CLASSES.items() if kind != "timeout"}
        result = self.run_over(classes, 20, "-m", "POST", "-d", "once", "-c", "8")
        self.check_classes(result, list(classes.values()), 20)
        self.assertEqual(self.server.counts, {path: 20 for path in classes})


if __name__ == "__main__":
    unittest.main()
