"""What a report says of the URLs that were requested, against the target's own log.

SQUALL_TEST_COVERAGE_ENTRIES is the length of the list, if another than that of CI is wanted."""

import itertools
import os
import signal
import tempfile
import unittest
from collections import Counter
from pathlib import Path

import context  # noqa: F401
from support import squall
from support.processes import wait_until

ENTRIES = int(os.environ.get("SQUALL_TEST_COVERAGE_ENTRIES", "10007"))
# In numbers of requests: a part of the list, all of it, and more than once.
LENGTHS = (ENTRIES * 7 // 10, ENTRIES, ENTRIES * 3 // 2)
RATE = min(ENTRIES // 2, 20_000)
CONCURRENCY = max(8, ENTRIES // 15_000)  # so that a run lasts for seconds, not minutes
GRACE = "2s"


class Coverage(squall.TestCase):
    def setUp(self):
        self.folder = Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.lines = [f"/item/{i}" for i in range(ENTRIES)]
        self.urls = self.folder / "urls"
        self.urls.write_text("".join(line + "\n" for line in self.lines))
        self.missed_file = self.folder / "missed"

    def serve(self, *arguments):
        self.log = self.folder / "log"
        self.target = self.enterContext(squall.Target("--log", self.log, *arguments))

    def flags(self, *arguments, to=None):
        return ["--urls", self.urls, "-u", self.target.url, "--coverage", to or self.missed_file,
                *arguments]

    def requested(self):
        """How often each line was, by the log."""
        self.target.stats()  # which writes all of it
        with self.log.open() as log:
            return Counter(line.split(" ")[3] for line in log)

    def check_own_figures(self, result):
        """Those that follow from each other; returns what the report says."""
        coverage = result.report["coverage"]
        self.assertEqual(coverage["listed"], ENTRIES)
        self.assertEqual(coverage["distinct"] + coverage["missed"], ENTRIES)
        self.assertEqual(coverage["possibly_repeated"],
                         result.report["totals"]["possibly_repeated"])
        if coverage["whole_passes"] is not None and coverage["more_passes"] == 0:
            self.assertEqual(result.recorded, coverage["whole_passes"] * ENTRIES
                             + sum(entry["held"] for entry in coverage["passes"]))
        self.assertIn("\nCoverage ", result.stdout)
        self.assertEqual("\n  missed " in result.stdout, coverage["missed"] > 0)
        return coverage

    def missed(self):
        return self.missed_file.read_text().splitlines()

    def check_exact(self, result, before=None):
        """Nothing was repeated: the report says what the log says, to the last URL."""
        coverage = self.check_own_figures(result)
        totals = result.report["totals"]
        self.assertEqual((totals["possibly_repeated"], totals["resent"]), (0, 0))
        seen = self.requested() - (before or Counter())
        self.assertEqual(sum(seen.values()), result.recorded)
        self.assertEqual(coverage["distinct"], len(seen))
        # Not assertEqual, which would take an age to word its complaint.
        self.assertTrue(self.missed() == [line for line in self.lines if line not in seen],
                        "other URLs are missed than by the log")
        if coverage["times_least"] is not None:
            self.assertEqual(coverage["times_least"], min(seen[line] for line in self.lines))
        if coverage["times_most"] is not None:
            self.assertEqual(coverage["times_most"], max(seen.values(), default=0))
        return coverage

    def test_below_at_and_above_the_length_of_the_list(self):
        self.serve()
        with squall.fleet(2) as fleet:
            for order, requests in itertools.product(("sequential", "shuffled", "random"),
                                                     LENGTHS):
                with self.subTest(order=order, requests=requests):
                    before = self.requested()
                    result = squall.run(*self.flags("-n", requests, "-c", 32, "--order", order),
                                        agents=fleet)
                    self.check_complete(result, requests)
                    coverage = self.check_exact(result, before)
                    if order == "random":
                        self.assertIsNone(coverage["whole_passes"])
                        self.assertLess(coverage["distinct"], ENTRIES)
                        continue
                    whole, rest = divmod(requests, ENTRIES)
                    self.assertEqual(coverage["whole_passes"], whole)
                    self.assertEqual(coverage["passes"], [] if rest == 0 else [
                        {"pass": whole + 1, "held": rest, "of": ENTRIES}])
                    self.assertEqual(coverage["times_least"], whole)
                    self.assertEqual(coverage["times_most"], whole + (rest != 0))

    def test_at_a_rate(self):
        self.serve()
        with squall.fleet(2) as fleet:
            for requests in LENGTHS:
                with self.subTest(requests):
                    before = self.requested()
                    result = squall.run(*self.flags("-n", requests, "-q", RATE, "--order",
                                                    "shuffled"), agents=fleet)
                    self.check_complete(result, requests)
                    coverage = self.check_exact(result, before)
                    self.assertEqual(coverage["whole_passes"], requests // ENTRIES)

    def test_with_requests_that_are_not_sent(self):
        """Where many are dropped and some are unsent, numbers have gaps."""
        self.serve("--delay", "5ms", "--workers", "2")
        result = squall.run(*self.flags("-q", 4000, "-z", "3s", "--max-backlog", 50, "-c", 4))
        self.check_exit(result, 0)
        self.check_consistent(result)
        self.assertGreater(result.report["totals"]["dropped"], 1000)
        coverage = self.check_exact(result)
        self.assertGreater(coverage["missed"], 0)
        self.assertEqual(coverage["whole_passes"], 0)

    def test_after_ctrl_c(self):
        self.serve("--delay", "2ms")
        with squall.Run(*self.flags("-n", 100 * ENTRIES, "-c", 8)) as run:
            wait_until(lambda: self.target.stats()["requests"] > 500, 20, "it is under way")
            run.signal(signal.SIGINT)
            result = run.finish(60)
        self.check_exit(result, 130)
        self.check_exact(result)

    def killed(self, *arguments):
        """A run of two agents, one of which is killed."""
        self.serve("--delay", "2ms", "--threads", "2")
        with squall.fleet(2) as fleet:
            with squall.Run(*self.flags("--order", "shuffled", "--grace", GRACE,
                                        *arguments), agents=fleet) as run:
                wait_until(lambda: self.target.stats()["requests"] > ENTRIES // 5, 120,
                           "it is under way", every=0.1)
                fleet[0].signal(signal.SIGKILL)
                result = run.finish(300)
        self.check_consistent(result)
        self.assertIn("lost", [event["kind"] for event in result.report["events"]])
        return result, self.check_own_figures(result), self.requested()

    def check_repeated(self, result, seen):
        totals = result.report["totals"]
        self.assertLessEqual(result.recorded, sum(seen.values()))
        self.assertLessEqual(sum(seen.values()),
                             result.recorded + totals["possibly_repeated"] + totals["resent"])

    def test_an_agent_is_killed(self):
        """What it had is sent by the other, so that the URLs are the very ones, though some of
        them were requested once more than the report says."""
        plans = [(requests, "-c", CONCURRENCY) for requests in LENGTHS]
        for requests, *flags in [*plans, (LENGTHS[-1], "-q", RATE)]:
            with self.subTest(requests=requests, flags=flags):
                result, coverage, seen = self.killed("-n", requests, *flags)
                self.check_complete(result, requests)
                self.check_repeated(result, seen)
                whole, rest = divmod(requests, ENTRIES)
                self.assertEqual(coverage["whole_passes"], whole)
                self.assertEqual(coverage["distinct"], min(requests, ENTRIES))
                self.assertEqual(coverage["times_least"], whole)
                self.assertEqual(coverage["times_most"], whole + (rest != 0))
                self.assertTrue(self.missed() == [line for line in self.lines
                                                  if line not in seen],
                                "other URLs are missed than by the log")
                self.assertGreaterEqual(min(seen[line] for line in self.lines), whole)
                more = sum(max(count - whole - (rest != 0), 0) for count in seen.values())
                self.assertLessEqual(more, coverage["possibly_repeated"])

    def test_an_agent_is_killed_and_nobody_goes_on(self):
        """All that the report says was requested was; the other URLs that were are at most as many
        as may have been sent without being told of."""
        result, coverage, seen = self.killed("-n", 100 * ENTRIES, "-c", CONCURRENCY, "--on-agent-loss", "abort")
        self.check_exit(result, 3)
        self.check_repeated(result, seen)
        reported = set(self.lines) - set(self.missed())
        self.assertEqual(len(reported), coverage["distinct"])
        self.assertTrue(reported <= set(seen), "a URL was not requested")
        self.assertLessEqual(len(set(seen) - reported), coverage["possibly_repeated"])

    def test_a_file_that_cannot_be_written(self):
        self.serve()
        result = squall.run(*self.flags("-n", 100, to="/no/such/folder/x"))
        self.check_exit(result, 2)
        self.assertIn("--coverage /no/such/folder/x", result.stderr)
        self.assertEqual(self.target.stats()["requests"], 0)
        result = squall.run(*self.flags("-n", 100, to="/dev/full"))
        self.check_exit(result, 3)
        self.assertIn("/dev/full: cannot write", result.stderr)
        self.assertIn("Coverage ", result.stdout)


if __name__ == "__main__":
    unittest.main()
