"""squall run --save keeps a run whole, and squall report prints it again."""

import contextlib
import json
import os
import pty
import resource
import shutil
import signal
import subprocess
import tempfile
import time
import unittest
from pathlib import Path

import context  # noqa: F401
from support import hdr_log, squall
from support.nginx import closed_port
from support.processes import SCALE, Process, wait_until

FILES = ["latency.hlog", "result.json", "result.pb", "series.jsonl"]


def report(*arguments):
    """The exit code, standard output and standard error of squall report, in bytes."""
    done = subprocess.run([squall.SQUALL, "report", *map(str, arguments)], capture_output=True,
                          timeout=60, check=False)
    return done.returncode, done.stdout, done.stderr


def lines_of(series):
    return [json.loads(line) for line in series.read_text().splitlines()]


def on_a_terminal(*command):
    """What a command writes to a terminal."""
    leader, follower = pty.openpty()
    environment = {**os.environ, "TERM": "xterm", "LC_ALL": "C.UTF-8"}
    with subprocess.Popen([squall.SQUALL, *map(str, command)], stdout=follower,
                          stderr=subprocess.DEVNULL, env=environment) as process:
        os.close(follower)
        shown = b""
        with contextlib.suppress(OSError):  # when the other side is closed
            while data := os.read(leader, 1 << 16):
                shown += data
        os.close(leader)
        process.wait(60)
    return shown


class Save(squall.TestCase):
    def setUp(self):
        folder = self.enterContext(tempfile.TemporaryDirectory(prefix="squall-test-"))
        self.saved = Path(folder) / "run"

    def run_saved(self, *arguments, exit_code=0, **options):
        """A run to its end, which is reported again in the same words and figures."""
        with squall.Run("--save", self.saved, *arguments, **options) as process:
            result = process.finish()
            self.check_exit(result, exit_code)
            printed = (process.folder / "stdout").read_bytes()
            written = (process.folder / "result.json").read_bytes()
        self.assertEqual((self.saved / "result.json").read_bytes(), written)
        self.assertEqual(report(self.saved), (exit_code, printed, b""))
        self.assertEqual(report(self.saved, "--json", "-"), (exit_code, written, b""))
        self.check_consistent(result)
        return result

    def check_latencies(self, path, whole, of_agents):
        """Another implementation reads from a log what the result says: of the fleet, and of each
        agent by its tag."""
        self.assertEqual(set(hdr_log.tags(path)),
                         {None, *(tag for tag, want in of_agents.items() if want["count"])})
        for tag, want in [(None, whole), *of_agents.items()]:
            if want["count"] == 0:
                continue
            got = hdr_log.total(path, tag)
            self.assertEqual(got.count, want["count"], tag)
            for name in "p50", "p90", "p99", "p99_9", "p99_99", "max":
                self.assertEqual(getattr(got, name), hdr_log.bucket_end(want[f"{name}_ns"]),
                                 f"{path} {tag} {name}")

    def check_logs(self, result, rate=False):
        for name, key in [("latency", "service"), ("response", "response")][: 2 if rate else 1]:
            self.check_latencies(
                self.saved / f"{name}.hlog", result.report["latency"]["success"][key],
                {agent["name"]: agent["latency"]["success"][key]
                 for agent in result.report["agents"]})

    def check_series(self, result):
        lines = lines_of(self.saved / "series.jsonl")
        self.assertEqual([line["at_ns"] for line in lines],
                         sorted(line["at_ns"] for line in lines))
        last = len(result.report["plan"]["phases"]) - 1
        for line in lines:
            self.assertEqual(line["measured"], line["phase"] == last)
        for agent in result.report["agents"]:
            mine = [line for line in lines if line["measured"] and line["agent"] == agent["name"]]
            for key in ("recorded", "succeeded", "failed", "bytes_received", "bytes_sent",
                        "connections"):
                self.assertEqual(sum(line[key] for line in mine), agent[key], key)
            self.assertEqual(max((line["max_ns"] or 0 for line in mine), default=0),
                             agent["latency"]["success"]["service"]["max_ns"] or 0)
        if warm_up := result.report["warmup"]:
            self.assertEqual(sum(line["recorded"] for line in lines if not line["measured"]),
                             warm_up["recorded"])
        return lines

    def test_one_agent(self):
        with squall.Target("--fail-every", "7") as target:
            result = self.run_saved("-n", "5000", "-c", "20", target.url)
        self.check_complete(result, 5000)
        self.assertEqual(sorted(os.listdir(self.saved)), FILES)
        self.check_logs(result)
        self.check_series(result)

    def test_three_agents_after_a_warm_up(self):
        with squall.fleet(3) as agents, squall.Target("--fail-every", "50") as target:
            result = self.run_saved("--warmup", "1500ms", "-z", "4s", "-c", "12", target.url,
                                    agents=agents)
        self.check_logs(result)
        self.assertGreater(len(self.check_series(result)), 9)

    def test_three_agents_at_a_rate(self):
        with squall.fleet(3) as agents, squall.Target("--delay", "5ms") as target:
            result = self.run_saved("--warmup", "1s", "-q", "600", "-z", "3s", target.url,
                                    agents=agents)
        self.assertEqual(sorted(os.listdir(self.saved)), sorted([*FILES, "response.hlog"]))
        self.check_logs(result, rate=True)
        self.check_series(result)

    def test_agents_of_one_name(self):
        with squall.Agent("same") as one, squall.Agent("same") as other:
            with squall.Target() as target:
                result = self.run_saved("-n", "2000", "-c", "8", target.url, agents=[one, other])
        counts = [agent["succeeded"] for agent in result.report["agents"]]
        path = self.saved / "latency.hlog"
        self.assertEqual(set(hdr_log.tags(path)), {None, "same", "same#2"})
        self.assertEqual(sorted(hdr_log.total(path, tag).count for tag in ("same", "same#2")),
                         sorted(counts))

    def test_an_agent_that_is_lost(self):
        with squall.fleet(3) as agents, squall.Target("--delay", "2ms") as target:
            with squall.Run("--save", self.saved, "-z", "6s", "-c", "12", "--grace", "1s",
                            target.url, agents=agents) as process:
                wait_until(lambda: target.stats()["requests"] > 1000, 20, "requests")
                agents[1].signal(signal.SIGKILL)
                result = process.finish()
                printed = (process.folder / "stdout").read_bytes()
        self.check_exit(result, 0)
        self.assertIn("lost", [event["kind"] for event in result.report["events"]])
        self.assertEqual(report(self.saved), (0, printed, b""))
        self.check_logs(result)
        self.check_series(result)

    def test_on_a_terminal(self):
        with squall.Target() as target:
            printed = on_a_terminal("run", "--save", self.saved, "-n", "500", target.url)
        self.assertIn(b"\x1b[", printed, "no colours, though it is a terminal")
        self.assertEqual(on_a_terminal("report", self.saved), printed)

    def test_runs_that_fail(self):
        refused = f"http://127.0.0.1:{closed_port()}/"
        self.run_saved("-n", "50", "-c", "5", refused, exit_code=3)
        shutil.rmtree(self.saved)
        with squall.Target("--delay", "100ms") as target:
            with squall.Run("--save", self.saved, "-z", "60s", "-c", "3", target.url) as process:
                wait_until(lambda: target.stats()["requests"] > 10, 20, "requests")
                process.signal(signal.SIGINT)
                self.check_exit(process.finish(), 130)
                printed = (process.folder / "stdout").read_bytes()
        self.assertIn(b"Interrupted after", printed)
        self.assertEqual(report(self.saved), (130, printed, b""))

    def test_secrets_stay_out(self):
        with squall.Target() as target:
            url = target.url.replace("://", "://user:hunter2@")
            self.run_saved("-n", "100", "-d", "password=hunter2", "-H", "Cookie: hunter2", url)
        for path in self.saved.iterdir():
            self.assertNotIn(b"hunter2", path.read_bytes(), path)

    def test_a_controller_that_is_killed(self):
        with squall.fleet(2) as agents, squall.Target("--delay", "2ms") as target:
            with squall.Run("--save", self.saved, "-z", "60s", "-c", "8", target.url,
                            agents=agents) as process:
                series = self.saved / "series.jsonl"
                wait_until(lambda: series.exists() and series.stat().st_size > 2000, 20, "lines")
                process.signal(signal.SIGKILL)
                process.wait(10)
        self.assertEqual(sorted(os.listdir(self.saved)), ["latency.hlog", "series.jsonl"])
        seen = sum(line["succeeded"] for line in lines_of(series))
        path = self.saved / "latency.hlog"
        self.assertEqual(sum(hdr_log.total(path, tag).count for tag in hdr_log.tags(path) if tag),
                         seen)
        self.assertGreater(hdr_log.total(path).count, seen / 3)
        exit_code, out, error = report(self.saved)
        self.assertEqual((exit_code, out), (2, b""))
        self.assertIn(b"holds no result: the run still goes on, or was ended", error)

    def test_folders_that_cannot_be_used(self):
        self.saved.mkdir()
        (self.saved / "notes.txt").write_text("mine")
        with squall.Target() as target:
            for path, message in [(self.saved, "is not empty"),
                                  (self.saved / "notes.txt", "Not a directory"),
                                  (self.saved / "a" / "b", "No such file or directory")]:
                result = squall.run("--save", path, "-n", "10", target.url)
                self.check_exit(result, 2)
                self.assertIn("squall: --save ", result.stderr)
                self.assertIn(message, result.stderr)
            self.assertEqual(target.stats()["requests"], 0)
        self.assertEqual(os.listdir(self.saved), ["notes.txt"])

    def test_nothing_is_left_of_a_run_that_sent_nothing(self):
        nobody = f"127.0.0.1:{closed_port()}"
        result = squall.run("--save", self.saved, "--agents", nobody, f"http://{nobody}/")
        self.check_exit(result, 2)
        self.assertFalse(self.saved.exists())

    def test_a_disk_that_is_full_for_a_while(self):
        # What stands for it is a limit on the size of files, without the signal that comes with it.
        with squall.Target("--delay", "2ms") as target:
            ignoring = ["sh", "-c", "trap '' XFSZ; exec \"$@\"", "sh"]
            with Process(*ignoring, squall.SQUALL, "run", "--save", self.saved, "-z", "5s", "-c",
                         "4", target.url) as process:
                series = self.saved / "series.jsonl"
                wait_until(lambda: series.exists() and series.stat().st_size > 500, 20, "lines")
                _, most = resource.prlimit(process.pid, resource.RLIMIT_FSIZE)
                resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (600, most))
                time.sleep(2.2)
                resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (most, most))
                self.assertEqual(process.wait(60), 3, process.stderr)
                printed = (process.folder / "stdout").read_bytes()
        text = " ".join(printed.decode().split())
        self.assertIn("not all was saved: ", text)
        self.assertIn("series.jsonl: File too large", text)
        self.assertEqual(report(self.saved), (3, printed, b""))
        self.assertEqual(json.loads((self.saved / "result.json").read_text())["run"]["state"],
                         "complete")

    def test_damaged_folders(self):
        with squall.Target() as target:
            self.run_saved("-n", "100", target.url)
        whole = (self.saved / "result.pb").read_bytes()
        middle = len(whole) // 2
        cases = [("empty", b"", "is no result"), ("cut short", whole[:middle], "was cut short"),
                 ("one byte less", whole[:-1], "was cut short"),
                 ("one byte more", whole + b"\0", "or changed"),
                 ("a bit", whole[:middle] + bytes([whole[middle] ^ 1]) + whole[middle + 1:],
                  "or changed"),
                 ("foreign", (self.saved / "result.json").read_bytes(), "is no result"),
                 ("zeros", bytes(1000), "is no result")]
        for name, data, message in cases:
            with self.subTest(name):
                (self.saved / "result.pb").write_bytes(data)
                for arguments in [], ["--json", "-"]:
                    exit_code, out, error = report(self.saved, *arguments)
                    self.assertEqual((exit_code, out), (2, b""))
                    self.assertIn(f"squall: {self.saved}/result.pb is no result", error.decode())
                    self.assertIn(message, error.decode())
        (self.saved / "result.pb").unlink()
        (self.saved / "result.pb").mkdir()
        empty = self.saved / "empty"
        empty.mkdir()
        for path, message in [(self.saved, "Is a directory"),
                              (empty, "holds no result.pb: name a folder that squall run --save"),
                              (self.saved / "none", "No such file or directory"),
                              (self.saved / "result.json", "Not a directory")]:
            exit_code, out, error = report(path)
            self.assertEqual((exit_code, out), (2, b""))
            self.assertIn(message, error.decode())

    def test_the_report_is_not_written_over_what_it_is_read_from(self):
        with squall.Target() as target:
            self.run_saved("-n", "100", target.url)
        exit_code, _, error = report(self.saved, "--json", self.saved / "result.pb")
        self.assertEqual(exit_code, 2)
        self.assertIn(b"one of the files that are read", error)
        self.assertEqual(report(self.saved, "--json", "/dev/full")[0], 3)
        self.assertEqual(report()[0], 2)

    @unittest.skipIf(SCALE > 1, "sanitizers keep memory of their own")
    def test_memory_does_not_grow(self):
        with squall.Target() as target:
            with squall.Run("--save", self.saved, "-z", "9s", "-c", "16", target.url) as process:
                time.sleep(3)
                early = process.resident_bytes
                time.sleep(5)
                late = process.resident_bytes
                self.check_exit(process.finish(), 0)
        self.assertLess(late - early, 2 << 20)


if __name__ == "__main__":
    unittest.main()
