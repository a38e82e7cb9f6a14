"""`squall reconcile`: tagged runs against nginx, whose log is then changed in known ways."""

import json
import re
import shutil
import signal
import subprocess
import tempfile
import unittest
from pathlib import Path

import context  # noqa: F401
from support import squall
from support.nginx import Nginx
from support.processes import SCALE, wait_until

REQUESTS = 20_000 // SCALE
HUNDREDTH = REQUESTS // 100
TAG = re.compile(r'"(\S+)" "(\d+)"$')


def reconcile(*arguments, stdin=None):
    """The finished process, and the report of its --json - if it wrote one."""
    done = subprocess.run([squall.SQUALL, "reconcile", *map(str, arguments), "--json", "-"],
                          input=stdin, capture_output=True, text=True, timeout=60)
    return done, json.loads(done.stdout) if done.stdout else None


class Tagged(squall.TestCase):
    """One log of a run with a warm-up, of another run and of other requests."""

    @classmethod
    def setUpClass(cls):
        cls.folder = Path(cls.enterClassContext(tempfile.TemporaryDirectory()))
        cls.result = cls.folder / "result.json"
        with Nginx(log="squall") as nginx, squall.fleet(2) as agents:
            urls = nginx.folder / "urls"
            urls.write_text("/\n/\n/\n/missing\n")
            cls.run_ = squall.run("--tag", "-n", REQUESTS, "-c", 8, "--warmup", "200ms", "--urls",
                                  urls, nginx.url, agents=agents)
            squall.run("--tag", "--transport", "curl", "-n", 50, nginx.url)
            squall.run("-n", 70, nginx.url)
            nginx.quit()
            cls.lines = nginx.access_log.read_text().splitlines()
        cls.result.write_text(json.dumps(cls.run_.report))
        run = cls.run_.report["run"]["id"]
        cls.of_run = [i for i, line in enumerate(cls.lines) if f'"{run}"' in line]

    def log(self, lines, name="access.log"):
        path = self.folder / name
        path.write_text("".join(line + "\n" for line in lines))
        return path

    def check(self, done, code):
        self.assertEqual(done.returncode, code, f"{done.stdout}\n{done.stderr}")

    def test_the_log_as_it_is(self):
        self.check_complete(self.run_, REQUESTS)
        self.assertEqual(self.run_.report["tag"], {"run": self.run_.report["run"]["id"],
                                                   "recorded_runs": [[0, REQUESTS]]})
        done, report = reconcile(self.result, self.log(self.lines))
        self.check(done, 0)
        self.assertTrue(report["agrees"])
        self.assertEqual(report["conclusion"],
                         f"all {REQUESTS:,} requests are in the log, each once")
        self.assertEqual(report["requests"]["logged_once"], REQUESTS)
        log = report["log"]
        self.assertEqual((log["lines"], log["untagged"], log["unreadable"]),
                         (len(self.lines), 70, 0))
        self.assertEqual(log["warmup"], self.run_.report["warmup"]["recorded"])
        self.assertGreater(log["warmup"], 100)
        self.assertEqual(log["other_runs"], 50)
        for status, count in self.run_.report["status_codes"].items():
            counts = report["status_codes"][status]
            self.assertEqual((counts["recorded"], counts["lines"], counts["first_lines"]),
                             (count, count, count))

    def test_text(self):
        done = subprocess.run([squall.SQUALL, "reconcile", self.result, self.log(self.lines)],
                              capture_output=True, text=True, timeout=60)
        self.check(done, 0)
        self.assertTrue(done.stdout.startswith(
            f"all {REQUESTS:,} requests are in the log, each once\n"), done.stdout)
        self.assertNotIn("\x1b", done.stdout)

    def test_every_change_is_found(self):
        """1 % of the lines removed, 1 % doubled, 1 % of another number, 1 % of another status."""
        chosen = iter(self.of_run[::5])
        removed, doubled, renumbered, changed = (
            [next(chosen) for _ in range(HUNDREDTH)] for _ in range(4))
        number = {i: int(TAG.search(self.lines[i])[2]) for i in self.of_run}
        lines = list(self.lines)
        for offset, i in enumerate(renumbered):
            lines[i] = TAG.sub(rf'"\1" "{REQUESTS + offset}"', lines[i])
        for i in changed:
            lines[i] = re.sub(r'" (200|404) ', '" 503 ', lines[i])
        lines += [lines[i] for i in doubled]
        lines = [line for i, line in enumerate(lines) if i not in set(removed)]
        done, report = reconcile(self.result, self.log(lines))
        self.check(done, 1)
        self.assertFalse(report["agrees"])
        requests = report["requests"]
        gone = sorted(number[i] for i in removed + renumbered)
        self.assertEqual(requests["never_logged"], 2 * HUNDREDTH)
        self.assertEqual(requests["first_never_logged"], gone[:10])
        self.assertEqual(requests["repeated"], HUNDREDTH)
        self.assertEqual(requests["repeated_lines"], HUNDREDTH)
        self.assertEqual(requests["first_repeated"], [
            {"request": n, "lines": 2} for n in sorted(number[i] for i in doubled)[:10]])
        self.assertEqual(requests["not_recorded"], HUNDREDTH)
        self.assertEqual(requests["first_not_recorded"],
                         list(range(REQUESTS, REQUESTS + min(HUNDREDTH, 10))))
        self.assertEqual(requests["other_status"], HUNDREDTH)
        self.assertEqual(report["status_codes"]["503"]["first_lines"], HUNDREDTH)
        self.assertEqual(requests["logged_once"] + requests["logged_more_often"]
                         + requests["never_logged"], REQUESTS)

    def test_each_change_alone(self):
        """One line is enough, whatever the change."""
        first = self.of_run[REQUESTS // 2]
        changes = {
            "are not in the log": lambda lines: lines.pop(first),
            "more than once": lambda lines: lines.append(lines[first]),
            "another status": lambda lines: lines.__setitem__(
                first, re.sub(r'" (200|404) ', '" 503 ', lines[first])),
            "not recorded": lambda lines: lines.append(
                TAG.sub(rf'"\1" "{REQUESTS}"', lines[first])),
        }
        for words, change in changes.items():
            with self.subTest(words):
                lines = list(self.lines)
                change(lines)
                done, report = reconcile(self.result, self.log(lines))
                self.check(done, 1)
                self.assertIn(words.replace("are not", "is not"), report["conclusion"])

    def test_several_logs_and_standard_input(self):
        half = self.of_run[REQUESTS // 2]
        second = self.log(self.lines[half:], "second.log")
        first = self.log(self.lines[:half], "first.log")
        done, _ = reconcile(self.result, second, first)
        self.check(done, 0)
        done, _ = reconcile(self.result, second, "-", stdin=first.read_text())
        self.check(done, 0)
        done, _ = reconcile(self.result, second)
        self.check(done, 1)

    def test_a_folder(self):
        folder = self.folder / "saved"
        folder.mkdir()
        shutil.copy(self.result, folder)
        done, _ = reconcile(folder, self.log(self.lines))
        self.check(done, 0)

    def test_headers_that_are_not_logged(self):
        lines = [TAG.sub("", self.lines[i]).rstrip() for i in self.of_run]
        warm_up = [line for line in self.lines if "/warmup" in line]
        done, report = reconcile(self.result, self.log(lines + warm_up))
        self.check(done, 1)  # lines of the warm-up alone
        self.assertEqual(report["requests"]["never_logged"], REQUESTS)
        stripped = [TAG.sub("", line).rstrip() for line in warm_up]
        done, report = reconcile(self.result, self.log(lines + stripped))
        self.check(done, 0)
        self.assertIsNone(report["requests"])
        self.assertIn("the counts agree", report["conclusion"])
        self.assertIn("log Squall-Run and Squall-Request", "".join(report["notes"]))

    def test_lines_that_cannot_be_read(self):
        lines = [*self.lines, "x" * 100_000, "\x1b[2J rubbish", ""]
        done, report = reconcile(self.result, self.log(lines))
        self.check(done, 0)
        log = report["log"]
        self.assertEqual((log["unreadable"], log["lines"]), (3, len(lines)))
        self.assertEqual(log["first_unreadable"]["line"], len(lines) - 2)
        self.assertEqual(log["first_unreadable"]["text"], "x" * 256)

    def test_what_cannot_be_compared(self):
        good = self.log(self.lines)
        text = self.result.read_text()
        damaged, foreign = self.folder / "damaged.json", self.folder / "foreign.json"
        damaged.write_text(text[:len(text) // 2])
        foreign.write_text('{"a": 1}')
        other = [line for line in self.lines if self.run_.report["run"]["id"] not in line]
        tabs = [f"200\tGET\t/{i}\tHTTP/1.1" for i in range(10)]
        missing = self.folder / "none"
        empty_folder = self.folder / "empty"
        empty_folder.mkdir(exist_ok=True)
        rows = [
            ([self.result, self.log([], "empty.log")], "empty.log: no line in the log"),
            ([self.result, self.log(other, "other.log")], "no line is of run"),
            ([self.result, self.log(tabs, "tabs.log")], "10 of 10 lines are of another form"),
            ([self.result, self.log(tabs, "tabs.log")], "tabs.log: line 1: 200 GET /0 HTTP/1.1"),
            ([damaged, good], "damaged.json: line 1: no JSON"),
            ([foreign, good], "foreign.json: no run.id"),
            ([good, self.result], "access.log: line 1: no JSON"),
            ([missing, good], "none: No such file or directory"),
            ([empty_folder, good], "empty/result.json: No such file or directory"),
            ([self.result, missing], "none: No such file or directory"),
            ([self.result, self.folder], "Is a directory"),
            ([self.result, good, good], "named twice"),
            ([self.result, self.result], "this is the result itself"),
            ([self.result], "ACCESS_LOG"),
            ([], "RESULT"),
        ]
        for arguments, words in rows:
            with self.subTest(words):
                done, _ = reconcile(*arguments)
                self.check(done, 2)
                self.assertIn(words, done.stderr)
                self.assertEqual(done.stdout, "")
                self.assertLessEqual(len(done.stderr.splitlines()), 2)

    def test_a_report_that_cannot_be_written(self):
        done = subprocess.run([squall.SQUALL, "reconcile", self.result, self.log(self.lines),
                               "--json", "/dev/full"], capture_output=True, text=True, timeout=60)
        self.check(done, 3)
        done = subprocess.run([squall.SQUALL, "reconcile", self.result, self.log(self.lines),
                               "--json", self.result], capture_output=True, text=True, timeout=60)
        self.check(done, 2)


class OtherRuns(squall.TestCase):
    def check_agrees(self, result, log, *words):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "result.json"
            path.write_text(json.dumps(result.report))
            done, report = reconcile(path, log)
        self.assertEqual(done.returncode, 0, f"{done.stdout}\n{done.stderr}")
        for word in words:
            self.assertIn(word, " ".join([report["conclusion"], *report["notes"]]))
        return report

    def test_not_tagged(self):
        with Nginx(log="combined") as nginx:
            result = squall.run("-n", 500, "-c", 4, nginx.url)
            nginx.quit()
            self.assertIsNone(result.report["tag"])
            self.check_agrees(result, nginx.access_log, "the log has 500 lines", "not tagged")

    def test_every_way_of_sending(self):
        ways = {"http1": [], "libcurl": ["--transport", "curl"], "at a rate": ["-q", "2000"],
                "with a body": ["-m", "PUT", "-d", "a=1"]}
        for name, flags in ways.items():
            with self.subTest(name), Nginx(log="squall", requests_a_connection=100) as nginx:
                result = squall.run("--tag", "-n", 1000, "-c", 4, *flags, nginx.url)
                nginx.quit()
                report = self.check_agrees(result, nginx.access_log)
                self.assertEqual(report["requests"]["never_logged"], 0)

    def test_http2(self):
        with Nginx(listen="http2", log="squall") as nginx:
            result = squall.run("--tag", "--http2", "--streams", 4, "-n", 1000, "-c", 8, nginx.url)
            nginx.quit()
            self.check_agrees(result, nginx.access_log, "all 1,000 requests", "each once")

    def test_redirects(self):
        with Nginx(log="squall") as nginx:
            result = squall.run("--tag", "--follow", "-n", 100, "-c", 2, nginx.url + "/moved")
            nginx.quit()
            report = self.check_agrees(result, nginx.access_log, "redirects were followed")
            self.assertEqual(report["requests"]["repeated"], 100)

    def test_an_agent_is_lost(self):
        with Nginx(log="squall") as nginx, squall.fleet(2) as agents:
            with squall.Run("--tag", "-n", 6000, "-q", 1500, "--grace", "2s", nginx.url,
                            agents=agents) as run:
                wait_until(lambda: nginx.access_log.stat().st_size > 200_000, 20, "it is under way")
                agents[0].signal(signal.SIGKILL)
                result = run.finish(timeout=60)
            nginx.quit()
            self.check_complete(result, 6000)
            self.assertGreater(result.report["totals"]["possibly_repeated"], 0)
            report = self.check_agrees(result, nginx.access_log)
            self.assertEqual(report["requests"]["never_logged"], 0)
            self.assertGreater(report["requests"]["repeated"], 0)


if __name__ == "__main__":
    unittest.main()
