"""How much an agent may do, and the file that says so."""

import re
import time
import unittest
from pathlib import Path

import context  # noqa: F401
from support import squall
from support.certs import Authority
from support.policy import ALLOWED, PolicyTest
from support.processes import Process
from support.recording_server import RecordingServer

EXAMPLE = Path(__file__).resolve().parents[2] / "deploy/agent.yaml"


class Limits(PolicyTest):
    def test_connections(self):
        agent = self.agent("max_connections: 3\n")
        with RecordingServer(ALLOWED) as server:
            self.check_refused(agent, f"makes at most 3 connections, and its share of this run is 4: "
                                      f"max_connections ({self.file}:1)",
                               server.url, "-n", 100, "-c", 4)
            self.check_complete(squall.run(server.url, "-n", 100, "-c", 3, agents=[agent]), 100)
            # Without -c a run at a rate takes what the agent may have.
            result = squall.run(server.url, "-q", 50, "-z", "1s", agents=[agent])
            self.check_exit(result, 0)
            self.assertEqual(result.report["agents"][0]["concurrency"], 3)

    def test_rate(self):
        agent = self.agent("name: lon-2\nmax_rate: 50.5\n")
        with RecordingServer(ALLOWED) as server:
            self.check_refused(agent, "a run without a rate cannot promise: max_rate", server.url)
            self.check_refused(agent, f"at most 50.5 requests per second, and its share of this run "
                                      f"is 60: max_rate ({self.file}:2)",
                               server.url, "-q", 60, "-z", "1s")
            self.check_exit(squall.run(server.url, "-q", 50.5, "-z", "1s", agents=[agent]), 0)
            # What others take is not its share.
            with squall.Agent("other") as other:
                result = squall.run(server.url, "-q", 120, "-z", "1s", "--weights", "1,2",
                                    agents=[agent, other])
                self.check_exit(result, 0)

    def test_duration(self):
        agent = self.agent("max_duration: 2s\n")
        with RecordingServer(ALLOWED) as server:
            self.check_refused(agent, f"works 2s on a run at most, and this one takes 3s: "
                                      f"max_duration ({self.file}:1)", server.url, "-z", "3s")
            self.check_exit(squall.run(server.url, "-z", "2s", "-q", 20, agents=[agent]), 0)
            start = time.monotonic()
            result = squall.run(server.url, "-n", 10**9, "-c", 1, agents=[agent])
            self.check_exit(result, 3)
            self.assertLess(time.monotonic() - start, 20)
            self.assertIn("works 2s on a run at most", result.stdout + result.stderr)
            before = len(server.requests)
            time.sleep(0.5)
            self.assertEqual(len(server.requests), before)
        self.assertEqual([audit["outcome"] for audit in self.audits(agent, 3)],
                         ["refused", "done", "failed"])

    def test_bytes(self):
        agent = self.agent("max_bytes_per_second: 20000\n")
        with squall.Target("--body-bytes", 1000) as target:
            result = squall.run(target.url, "-z", "30s", "-q", 100, agents=[agent])
            self.check_exit(result, 3)
            self.assertLess(result.seconds, 25)
            self.assertIn(f"max_bytes_per_second ({self.file}:1)", result.stdout + result.stderr)
            self.check_exit(squall.run(target.url, "-z", "3s", "-q", 5, agents=[agent]), 0)


class Files(PolicyTest):
    def test_bad_ones(self):
        for text, reason in (
                ("max_conections: 5\n", ":1:1: max_conections: unknown; did you mean "
                                        "max_connections?"),
                ("name: a\ndeny_targets:\n- 10.0.0.0/33\n", ":3:3: deny_targets: 10.0.0.0/33: "),
                ("allow_targets:\n- *.test.internal\n", ":2:3: what begins with * or [ needs quotes"),
        ):
            with self.subTest(text):
                self.file.write_text(text)
                with Process(squall.SQUALL, "agent", "--config", self.file) as agent:
                    self.assertEqual(agent.wait(20), 2)
                    self.assertIn(f"{self.file}{reason}", agent.stderr)

    def test_one_that_is_not_there(self):
        with Process(squall.SQUALL, "agent", "--config", self.file) as agent:
            self.assertEqual(agent.wait(20), 2)
            self.assertIn(f"{self.file}: No such file", agent.stderr)

    def test_flags_come_first(self):
        self.file.write_text("listen: 192.0.2.1:7400\nname: from-file\nthreads: 1\n")
        with squall.Agent("from-flag", "--config", self.file) as agent, \
                RecordingServer(ALLOWED) as server:
            result = squall.run(server.url, "-n", 10, agents=[agent])
            self.check_complete(result, 10)
            self.assertEqual(result.report["agents"][0]["name"], "from-flag")

    def test_the_example(self):
        text = EXAMPLE.read_text()
        authority = Authority(self.file.parent / "fleet")
        text = text.replace("/etc/squall/agent.pem", str(authority.agent("lon-1")))
        text = text.replace("/etc/squall/revoked.pem", str(authority.revoked))
        for commented in (text, re.sub("(?m)^#(?=[a-z_]+:|  - )", "", text)):
            self.file.write_text(re.sub("(?m)^(listen|join|state):.*", "", commented))
            with squall.Agent("example", "--config", self.file):
                """It has said that it listens."""


if __name__ == "__main__":
    unittest.main()
