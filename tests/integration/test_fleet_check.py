"""squall fleet check: who can be used, how far away they are, and why the others cannot."""

import json
import signal
import socket
import time
import unittest

import context  # noqa: F401
from support import squall
from support.nginx import Nginx, closed_port
from support.processes import Process, wait_until

TOP_KEYS = {"version", "checked_at", "ok", "warnings", "agents"}
AGENT_KEYS = {"address", "name", "ok", "state", "detail", "host", "clock",
              "to_agent_bytes_per_second", "from_agent_bytes_per_second"}
HOST_KEYS = {"os", "machine", "cores", "version", "load", "file_limit", "ports",
             "ceiling"}
# An agent is loaded for at most a second; the rest is for slow machines.
SECONDS_AN_AGENT = 3


class FleetCheck(squall.TestCase):
    def check(self, agents, *arguments, json_to="-"):
        """The process, at its end; what it wrote as JSON; and how long it took."""
        addresses = [getattr(agent, "address", agent) for agent in agents]
        start = time.monotonic()
        process = self.enterContext(Process(
            squall.SQUALL, "fleet", "check", "--agents", ",".join(addresses), *arguments,
            *(["--json", json_to] if json_to else [])))
        process.wait(60)
        seconds = time.monotonic() - start
        report = json.loads(process.stdout) if json_to == "-" else None
        if report:
            self.assertEqual(report.keys(), TOP_KEYS)
            self.assertEqual([agent["address"] for agent in report["agents"]], addresses)
            for agent in report["agents"]:
                self.assertEqual(agent.keys(), AGENT_KEYS)
                self.assertEqual(agent["ok"], agent["state"] == "ok")
                self.assertEqual(agent["detail"] is None, agent["ok"])
            self.assertEqual(report["ok"], all(agent["ok"] for agent in report["agents"]))
            self.assertEqual(process.exit_code, 0 if report["ok"] else 3, process.stderr)
        return process, report, seconds

    def check_ok(self, agent):
        self.assertEqual(agent["state"], "ok", agent["detail"])
        self.assertEqual(agent["host"].keys(), HOST_KEYS)
        self.assertGreater(agent["host"]["cores"], 0)
        self.assertGreater(agent["host"]["file_limit"], 0)
        clock = agent["clock"]
        # It is the same clock.
        self.assertLessEqual(abs(clock["offset_ns"]), clock["error_ns"])
        self.assertGreater(clock["rtt_ns"], 0)
        self.assertGreater(agent["to_agent_bytes_per_second"], 1e5)
        self.assertGreater(agent["from_agent_bytes_per_second"], 1e5)

    def test_all_can_be_used(self):
        with squall.fleet(3) as agents, squall.Target() as target:
            _, report, seconds = self.check(agents)
            for agent, found in zip(agents, report["agents"]):
                self.check_ok(found)
                self.assertEqual(found["name"], agent.name)
            self.assertLess(seconds, 3 * SECONDS_AN_AGENT)
            # Nobody was taken, and nobody has seen anything.
            result = squall.run("-n", "100", target.url, agents=agents)
            self.check_complete(result, 100)

    def test_text_and_file(self):
        with squall.fleet(2) as agents:
            path = agents[0].folder / "check.json"
            process, _, _ = self.check(agents, json_to=path)
            self.assertEqual(process.exit_code, 0, process.stderr)
            self.assertTrue(json.loads(path.read_text())["ok"])
            for words in ("agent-1", "agent-2", agents[1].address, "round trip", "MB/s",
                          "All 2 agents can be used."):
                self.assertIn(words, process.stdout)
            process, _, _ = self.check(agents[:1], json_to=None)
            self.assertIn("The agent can be used.", process.stdout)

    def test_agents_from_a_file(self):
        with squall.fleet(2) as agents:
            path = agents[0].folder / "agents"
            path.write_text(f"# all\n{agents[0].address}\n{agents[1].address}*2\n")
            process = self.enterContext(
                Process(squall.SQUALL, "fleet", "check", "--agents", f"@{path}"))
            self.assertEqual(process.wait(30), 0, process.stderr)

    def test_busy_and_not_disturbed(self):
        with squall.fleet(2) as agents, squall.Target("--delay", "10ms") as target:
            run = self.enterContext(squall.Run("-z", "5s", "-c", "4", target.url,
                                               agents=agents[:1]))
            wait_until(lambda: target.stats()["requests"] > 10, 20, "a run begins")
            _, report, _ = self.check(agents)
            busy, free = report["agents"]
            self.check_ok(free)
            self.assertEqual(busy["state"], "busy")
            for words in (socket.gethostname(), f"process {run.pid}", "since"):
                self.assertIn(words, busy["detail"])
            self.assertIsNotNone(busy["clock"])
            self.assertIsNone(busy["to_agent_bytes_per_second"])
            self.assertIsNone(busy["from_agent_bytes_per_second"])
            self.assertIsNone(run.exit_code)
            result = run.finish(30)
            self.check_exit(result, 0)
            self.check_consistent(result)
            self.assertEqual(result.report["events"], [])

    def test_agents_that_cannot_be_used(self):
        down = f"127.0.0.1:{closed_port()}"
        with (squall.Agent("good") as good, Nginx() as web, Nginx("http2") as web2,
              squall.FakeAgent("silent") as silent, squall.FakeAgent("silent") as silent2,
              squall.FakeAgent("wrong-version") as version,
              squall.FakeAgent("refuses-version") as refuses,
              squall.FakeAgent("honest") as honest):
            expected = [
                (down, "unreachable", "squall agent"),
                (web.address, "unreachable", "HTTP/1"),
                (web2.address, "unreachable", "squall agent"),
                (silent.address, "unreachable", "no answer within 2"),
                (silent2.address, "unreachable", "no answer within 2"),
                ("unix:/nonexistent/agent.sock", "unreachable", "agent.sock"),
                (version.address, "other_version", "install the same version"),
                (refuses.address, "other_version", "another protocol version"),
            ]
            agents = [good, *(address for address, _, _ in expected), honest]
            _, report, seconds = self.check(agents, "--timeout", "2s")
            self.check_ok(report["agents"][0])
            self.assertEqual(report["agents"][-1]["state"], "ok")
            # All at once: the silent ones cost one timeout together.
            self.assertLess(seconds, 2 + 2 * SECONDS_AN_AGENT)
            for found, (address, state, words) in zip(report["agents"][1:], expected):
                with self.subTest(address):
                    self.assertEqual(found["state"], state, found["detail"])
                    self.assertIn(words, found["detail"])
            # The fake is of another version, but speaks the same protocol.
            self.assertTrue(any("fake-agent (fake)" in line for line in report["warnings"]))
            process, _, _ = self.check([good, down, version], json_to=None)
            self.assertEqual(process.exit_code, 3)
            self.assertIn("2 of 3 agents cannot be used now:", process.stdout)

    def test_one_agent_under_two_names(self):
        with squall.Agent() as agent:
            port = agent.address.rpartition(":")[2]
            _, report, _ = self.check([agent, f"localhost:{port}"])
            self.check_ok(report["agents"][0])
            self.assertEqual(report["agents"][1]["state"], "unusable")
            self.assertIn(agent.address, report["agents"][1]["detail"])

    def test_ctrl_c(self):
        with (squall.FakeAgent("silent") as silent,
              Process(squall.SQUALL, "fleet", "check", "--agents", silent.address,
                      "--timeout", "10m") as process):
            time.sleep(0.5)
            self.assertIsNone(process.exit_code)
            process.signal(signal.SIGINT)
            self.assertEqual(process.wait(5), 130)
            self.assertEqual(process.stdout, "")
            self.assertEqual(process.stderr, "squall: interrupted\n")

    def test_what_a_user_can_get_wrong(self):
        for line, words in [
            ("check", ["--agents", "squall fleet check --help"]),
            ("check --agents ,", ["--agents"]),
            ("check --agents a,a", ["named twice"]),
            ("check --agents @/nonexistent", ["/nonexistent", "No such file"]),
            ("check --agents a --timeout 5", ["--timeout", "5s"]),
            ("check --agents a --timeout 0s", ["--timeout"]),
            ("check --agents a --json /nonexistent/file", ["--json", "/nonexistent/file"]),
            ("check --agents a --jsno -", ["--jsno", "--json", "squall fleet check --help"]),
            ("chekc", ["chekc", "squall fleet check"]),
        ]:
            with (self.subTest(line),
                  Process(squall.SQUALL, "fleet", *line.split()) as process):
                self.assertEqual(process.wait(20), 2, process.stdout)
                self.assertEqual(process.stdout, "")
                for word in words:
                    self.assertIn(word, process.stderr)

    def test_output_that_cannot_be_written(self):
        with squall.Agent() as agent:
            check = f"{squall.SQUALL} fleet check --agents {agent.address}"
            for line, exit_code in [(f"{check} >/dev/full", 3), (f"{check} 2>/dev/full", 0),
                                    (f"{squall.SQUALL} fleet >/dev/full", 3),
                                    (f"{squall.SQUALL} fleet", 0)]:
                with self.subTest(line), Process("sh", "-c", line) as process:
                    self.assertEqual(process.wait(30), exit_code, process.stderr)


if __name__ == "__main__":
    unittest.main()
