"""Lists of many URLs: sent to an agent once, kept there, and found again; and what goes wrong."""

import gzip
import os
import shutil
import subprocess
import tempfile
import time
import unittest
from collections import Counter
from pathlib import Path

import context  # noqa: F401
from support import squall
from support.processes import SCALE, Process

# SQUALL_TEST_LIST_ENTRIES is the length of the long list, if another than that of CI is wanted; of its
# entries SQUALL_TEST_LIST_REQUESTS are requested.
ENTRIES = int(os.environ.get("SQUALL_TEST_LIST_ENTRIES", "300000"))
REQUESTS = int(os.environ.get("SQUALL_TEST_LIST_REQUESTS", str(min(ENTRIES, 60_000))))
# Memory of its own that a process may have for a list, beside what it has without one. (What an
# instrumented program has freed stays.)
OWN_MEMORY = 64 << 20 if SCALE == 1 else 1 << 40


def anonymous(process):
    """A process's own memory in bytes: without what is of files."""
    status = Path(f"/proc/{process.pid}/status").read_text()
    return int(status.split("RssAnon:")[1].split()[0]) << 10


class ListCache(squall.TestCase):
    def setUp(self):
        self.folder = Path(self.enterContext(tempfile.TemporaryDirectory()))
        # What the controllers know of files they have read is the test's own.
        os.environ["XDG_CACHE_HOME"] = str(self.folder / "cache")
        self.addCleanup(os.environ.pop, "XDG_CACHE_HOME")
        self.urls = self.folder / "urls"
        self.log = self.folder / "log"

    def serve(self, *arguments):
        self.target = self.enterContext(squall.Target("--log", self.log, *arguments))
        return self.target

    def agents(self, count):
        return [self.enterContext(squall.Agent(f"agent-{i + 1}", "--state", self.state(i)))
                for i in range(count)]

    def state(self, agent):
        return self.folder / f"state-{agent + 1}"

    def write(self, entries, prefix="/item"):
        with self.urls.open("w") as file:
            file.writelines(f"{prefix}/{i:08}?name=a-list-of-very-many-lines\n"
                            for i in range(entries))
        # A file that has just been written is not remembered.
        old = time.time() - 3600
        os.utime(self.urls, (old, old))
        time.sleep(0.2)

    def run_list(self, *flags, agents=()):
        return squall.run("--urls", self.urls, "-u", self.target.url, *flags, agents=agents)

    def requested(self):
        """How often each path was, by the target's log."""
        self.target.stats()  # which writes all of it
        with self.log.open() as log:
            return Counter(line.split(" ")[3] for line in log)

    def kept(self, agent):
        return sorted(path.name for path in (self.state(agent) / "lists").iterdir())

    def test_a_long_list(self):
        self.write(ENTRIES)
        size = self.urls.stat().st_size
        self.serve("--threads", "1")
        fleet = self.agents(3)
        idle = [anonymous(agent) for agent in fleet]
        figures = {}
        for run in ("first", "second"):
            with self.subTest(run):
                before = self.target.stats()["requests"]
                began = time.monotonic()
                with squall.Run("--urls", self.urls, "-u", self.target.url, "-n", REQUESTS, "-c",
                                60, "--order", "shuffled", "--seed", 7 if run == "first" else 8,
                                agents=fleet) as process:
                    while self.target.stats()["requests"] == before:
                        time.sleep(0.01)
                    figures[run] = time.monotonic() - began
                    own = [anonymous(agent) for agent in fleet]
                    figures[f"{run} controller"] = anonymous(process) >> 20
                    result = process.finish(1200)
                self.check_complete(result, REQUESTS)
                coverage = result.report["coverage"]
                self.assertEqual((coverage["listed"], coverage["distinct"]), (ENTRIES, REQUESTS))
                own = [max(pair) for pair in zip(own, map(anonymous, fleet), strict=True)]
                figures[f"{run} agents"] = [now - then >> 20
                                            for now, then in zip(own, idle, strict=True)]
                figures[f"{run} late ms"] = [
                    agent["vitals"] and agent["vitals"]["late_most_ns"] / 1e6
                    for agent in result.report["agents"]]
                for now, then in zip(own, idle, strict=True):
                    self.assertLess(now - then, OWN_MEMORY)
                self.assertLess(figures[f"{run} controller"] << 20, OWN_MEMORY + idle[0])
                if run == "first":
                    seen = self.requested()
                    self.assertEqual(len(seen), REQUESTS)
                    self.assertEqual(max(seen.values()), 1)
        print(f"\n{ENTRIES} entries, {size >> 20} MiB: {figures}")
        self.assertEqual([len(self.kept(i)) for i in range(3)], [2, 2, 2])
        self.assertLess(figures["second"], 1.5)  # machines of CI are slow

    def test_a_list_that_is_kept_is_not_sent_again(self):
        self.write(1000)
        self.serve()
        fleet = self.agents(1)
        self.check_complete(self.run_list("-n", 10, agents=fleet), 10)
        # Were it sent, it would be written anew.
        kept = next(path for path in (self.state(0) / "lists").iterdir()
                    if path.suffix == ".list")
        inode = kept.stat().st_ino
        self.check_complete(self.run_list("-n", 1000, agents=fleet), 1000)
        self.assertEqual(kept.stat().st_ino, inode)
        self.assertEqual(len(self.requested()), 1000)

    def test_damage_is_mended(self):
        self.write(1000)
        self.serve()
        fleet = self.agents(1)
        self.check_complete(self.run_list("-n", 10, agents=fleet), 10)
        for harm in (lambda path: path.write_bytes(b"x" * path.stat().st_size),
                     lambda path: path.write_bytes(b""), lambda path: path.unlink()):
            for path in (self.state(0) / "lists").iterdir():
                harm(path)
            self.target.clear()
            self.check_complete(self.run_list("-n", 1000, agents=fleet), 1000)
        self.assertIn("list_damaged", fleet[0].stderr + fleet[0].stdout)

    def test_a_full_disk(self):
        small = self.folder / "small"
        small.mkdir()
        mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "none", str(small)],
                                 check=False, capture_output=True)
        if mounted.returncode != 0:
            self.skipTest("only root can have a small disk")
        self.addCleanup(subprocess.run, ["umount", "-l", str(small)], check=True)
        self.write(60_000)
        self.serve()
        agent = self.enterContext(squall.Agent("small", "--state", small))
        result = self.run_list("-n", 10, agents=[agent])
        self.check_exit(result, 2)
        self.assertIn("no room for", result.stderr)
        self.assertEqual(self.target.stats()["requests"], 0)
        self.write(1000)
        self.check_complete(self.run_list("-n", 1000, agents=[agent]), 1000)

    def test_standard_input_pipes_and_packed_files(self):
        self.write(1000)
        self.serve()
        packed = self.folder / "urls.gz"
        packed.write_bytes(gzip.compress(self.urls.read_bytes()))
        flags = ["-n", "1000", "-u", self.target.url, "--urls"]
        command = f'"{squall.SQUALL}" run {" ".join(flags)} '
        ways = {
            "standard input": f'{command} - < "{self.urls}"',
            "a pipe": f'cat "{self.urls}" | {command} -',
            "a packed pipe": f'cat "{packed}" | {command} -',
            "a packed file": f'{command} "{packed}"',
        }
        if shutil.which("zstd"):
            ways["zstd"] = f'zstd -c "{self.urls}" | {command} -'
        for name, way in ways.items():
            with self.subTest(name):
                self.target.clear()
                self.log.write_text("")
                done = subprocess.run(["sh", "-c", way], capture_output=True, text=True,
                                      timeout=60, check=False)
                self.assertEqual(done.returncode, 0, done.stderr)
                self.assertEqual(self.target.stats()["requests"], 1000)

    def test_showing_and_clearing(self):
        self.write(1000)
        self.serve()
        fleet = self.agents(1)
        self.check_complete(self.run_list("-n", 10, agents=fleet), 10)

        def lists(*flags):
            with Process(squall.SQUALL, "agent", "lists", "--state", str(self.state(0)),
                         *flags) as process:
                self.assertEqual(process.wait(10), 0, process.stderr)
                return process.stdout

        self.assertRegex(lists(), r"/lists: 1 list, \d+\.\d KiB\n[0-9a-f]{16} +\d+\.\d KiB ")
        self.assertIn("1 list removed", lists("--clear"))
        self.assertIn("0 lists", lists())
        self.check_complete(self.run_list("-n", 10, agents=fleet), 10)

    def test_bad_lines_are_told_before_anything_is_sent(self):
        self.serve()
        self.urls.write_text("/good\n\n# x\n/b ad\n")
        for _ in range(2):
            result = self.run_list("-n", 10)
            self.check_exit(result, 2)
            self.assertIn(f"{self.urls}:4:1: ", result.stderr)
            self.assertIn("a space at position", result.stderr)
        self.assertEqual(self.target.stats()["requests"], 0)


if __name__ == "__main__":
    unittest.main()
