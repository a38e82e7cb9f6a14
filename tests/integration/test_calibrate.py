"""squall calibrate: agents measure themselves, and later runs say how much of that was used."""

import json
import os
import re
import shutil
import signal
import tempfile
import unittest
from pathlib import Path

import context  # noqa: F401
from support import squall
from support.nginx import closed_port
from support.processes import Process, children, is_running, wait_until

CEILING_KEYS = {"requests_per_second", "connections", "cores", "threads", "version",
                "measured_at"}
LISTENS = "0A"  # in /proc/net/tcp


def sockets(pid):
    """(local address, remote address, state) of each of a process's TCP sockets, as the kernel
    writes them; [] if it is gone."""
    inodes = set()
    try:
        for fd in Path(f"/proc/{pid}/fd").iterdir():
            if match := re.match(r"socket:\[(\d+)\]", os.readlink(fd)):
                inodes.add(match[1])
    except FileNotFoundError:
        pass
    found = []
    for table in ("tcp", "tcp6"):
        for line in Path("/proc/net", table).read_text().splitlines()[1:]:
            fields = line.split()
            if fields[9] in inodes:
                found.append((fields[1].split(":")[0], fields[2].split(":")[0], fields[3]))
    return found


class Calibrate(squall.TestCase):
    def setUp(self):
        self.folder = Path(self.enterContext(tempfile.TemporaryDirectory(prefix="squall-state-")))

    def agent(self, name="agent", *arguments, state=None, **options):
        state = state or self.folder / name
        return self.enterContext(squall.Agent(name, "--state", str(state), *arguments, **options))

    def start(self, agents, *arguments, **options):
        where = ["--agents", ",".join(getattr(agent, "address", agent) for agent in agents)]
        return self.enterContext(Process(squall.SQUALL, "calibrate", *(where if agents else []),
                                         *arguments, **options))

    def calibrate(self, agents, exit_code=0, duration="300ms", **options):
        """What it found, by JSON."""
        process = self.start(agents, "-z", duration, "--json", "-", **options)
        self.assertEqual(process.wait(60), exit_code, process.stdout + process.stderr)
        report = json.loads(process.stdout)
        self.assertEqual(report.keys(), {"version", "ok", "agents"})
        self.assertEqual(report["ok"], exit_code == 0)
        for agent in report["agents"]:
            self.assertEqual(agent.keys(), {"address", "name", "ceiling", "detail"})
            if agent["ceiling"]:
                self.assertEqual(agent["ceiling"].keys(), CEILING_KEYS)
                self.assertGreater(agent["ceiling"]["requests_per_second"], 100)
        return report["agents"]

    def ceiling(self, agent):
        """As fleet check has it."""
        process = self.enterContext(Process(squall.SQUALL, "fleet", "check", "--agents",
                                            agent.address, "--json", "-"))
        process.wait(30)
        return json.loads(process.stdout)["agents"][0]["host"]["ceiling"]

    def check_headroom(self, result, ceilings):
        """What a report says of it follows from its other figures."""
        headroom = result.report["headroom"]
        self.assertEqual(headroom.keys(), {"used", "agents"})
        rates = [agent["requests_per_second"] for agent in result.report["agents"]]
        for agent, rate, ceiling in zip(headroom["agents"], rates, ceilings, strict=True):
            self.assertEqual(agent.keys(), {"name", "ceiling_per_second", "measured_at", "used"})
            self.assertEqual(agent["ceiling_per_second"], ceiling)
            self.assertEqual(agent["measured_at"] is None, ceiling is None)
            if ceiling is None:
                self.assertIsNone(agent["used"])
            else:
                self.assertAlmostEqual(agent["used"], rate / ceiling)
        if None in ceilings:
            self.assertIsNone(headroom["used"])
        else:
            self.assertAlmostEqual(headroom["used"], sum(rates) / sum(ceilings))

    def test_two_agents_and_the_runs_that_follow(self):
        agents = [self.agent("agent-1"), self.agent("agent-2")]
        self.assertEqual([self.ceiling(agent) for agent in agents], [None, None])
        found = self.calibrate(agents)
        self.assertEqual([agent["name"] for agent in found], ["agent-1", "agent-2"])
        ceilings = [agent["ceiling"]["requests_per_second"] for agent in found]
        for agent, entry in zip(agents, found):
            self.assertIsNone(entry["detail"])
            self.assertEqual(entry["address"], agent.address)
            self.assertEqual(self.ceiling(agent),
                             {key: entry["ceiling"][key]
                              for key in ("requests_per_second", "measured_at")})
            self.assertEqual(children(agent.pid), [])
        # It outlives the process.
        agents[0].end()
        agents[0] = self.agent("agent-1")
        target = self.enterContext(squall.Target())
        saved = self.folder / "saved"
        result = squall.run("-q", "400", "-z", "1s", "--save", saved, target.url, agents=agents)
        self.check_exit(result, 0)
        self.check_consistent(result)
        self.check_headroom(result, ceilings)
        self.assertRegex(result.stdout, r"\nAgents used <?\d+(\.\d)? % of their own ceiling "
                                        r"\(squall calibrate\)\n")
        report = self.enterContext(Process(squall.SQUALL, "report", saved, "--json", "-"))
        self.assertEqual(report.wait(20), 0, report.stderr)
        self.assertEqual(json.loads(report.stdout)["headroom"], result.report["headroom"])
        # With one that has none it is not told.
        agents[1] = self.agent("agent-3")
        result = squall.run("-n", "200", target.url, agents=agents)
        self.check_headroom(result, [ceilings[0], None])
        self.assertIn("is not known: agent-3 has none", result.stdout)
        result = squall.run("-n", "200", target.url, agents=agents[1:])
        self.check_headroom(result, [None])
        self.assertNotIn("ceiling", result.stdout)

    def test_this_machine(self):
        env = {"XDG_STATE_HOME": str(self.folder), "STATE_DIRECTORY": ""}
        target = self.enterContext(squall.Target())
        result = squall.run("-n", "200", target.url, env=env)
        self.check_headroom(result, [None])
        self.assertFalse((self.folder / "squall").exists())
        found = self.calibrate([], env=env)
        self.assertEqual(found[0]["address"], "local")
        result = squall.run("-n", "2000", target.url, env=env)
        self.check_complete(result, 2000)
        self.check_headroom(result, [found[0]["ceiling"]["requests_per_second"]])
        self.assertEqual(result.stderr.count("level=warn"), 0, result.stderr)

    def test_stale_or_damaged(self):
        agent = self.agent()
        self.calibrate([agent])
        agent.end()
        path = self.folder / "agent" / "ceiling.txt"
        good = path.read_text()
        for name, text, told, words in [
            ("as it was", good, True, ""),
            ("another version", re.sub(r'version: ".*"', 'version: "0.0.1"', good), False, ""),
            ("other cores", re.sub(r"cores: .*", "cores: 4711", good), False, ""),
            ("cut short", good[:-5], False, "is damaged"),
            ("of something else", "hello\n", False, "is damaged"),
        ]:
            with self.subTest(name):
                self.assertTrue(text == good or name != "as it was")
                path.write_text(text)
                with squall.Agent("agent", "--state", str(path.parent)) as again:
                    self.assertEqual(self.ceiling(again) is not None, told)
                    self.assertIn(words, again.stderr)
                    self.assertEqual("level=warn" in again.stderr, words != "")
        path.write_text(good)
        with squall.Agent("agent", "--state", str(path.parent), "--threads", "97") as again:
            self.assertIsNone(self.ceiling(again))
        taskset = shutil.which("taskset")
        if taskset and len(os.sched_getaffinity(0)) > 1:
            core = str(min(os.sched_getaffinity(0)))
            with Process(taskset, "-c", core, squall.SQUALL, "agent", "--listen", "127.0.0.1:0",
                         "--state", str(path.parent)) as again:
                again.address = again.expect(r"listening on (\S+)")[1]
                self.assertIsNone(self.ceiling(again))

    def test_nowhere_to_keep_it(self):
        (self.folder / "file").write_text("no folder")
        agent = self.agent(state=self.folder / "file" / "below")
        found = self.calibrate([agent])[0]
        self.assertIn("only until its process ends", found["detail"])
        self.assertIn("Not a directory", found["detail"])
        self.assertIn("event=ceiling_not_kept", agent.stderr)
        self.assertEqual(self.ceiling(agent)["requests_per_second"],
                         found["ceiling"]["requests_per_second"])

    def begin(self, agent, *arguments):
        """A long calibration under way, and the agent's target."""
        process = self.start([agent], "-z", "10m", *arguments)
        child = wait_until(lambda: children(agent.pid), 20, "the agent starts its target")[0]
        wait_until(lambda: any(state == "01" for _, _, state in sockets(child)), 20,
                   "requests come")
        return process, child

    def test_nothing_leaves_the_machine(self):
        agent = self.agent()
        process, child = self.begin(agent)
        loopback, nobody = "0100007F", "00000000"
        self.assertEqual([found for found in sockets(child) if found[2] == LISTENS],
                         [(loopback, nobody, LISTENS)])
        for pid in (agent.pid, child):
            found = sockets(pid)
            self.assertGreater(len(found), 5)
            for local, remote, state in found:
                # gRPC's streams are by way of loopback as well here.
                self.assertTrue(local.endswith(loopback), (local, remote))
                self.assertTrue(remote.endswith(loopback) or state == LISTENS, (local, remote))
        process.signal(signal.SIGINT)
        self.assertEqual(process.wait(20), 130)

    def test_ctrl_c(self):
        agent = self.agent()
        process, child = self.begin(agent)
        process.signal(signal.SIGINT)
        self.assertEqual(process.wait(20), 130)
        self.assertEqual(process.stdout, "")
        self.assertTrue(process.stderr.endswith("squall: interrupted\n"), process.stderr)
        wait_until(lambda: not is_running(child), 10, "its target ends")
        self.assertIsNone(self.ceiling(agent))
        self.assertFalse((self.folder / "agent").exists())
        self.calibrate([agent])  # it is free again

    def test_the_agent_is_killed(self):
        agent, other = self.agent("agent-1"), self.agent("agent-2")
        process = self.start([agent, other], "-z", "4s", "--json", "-")
        child = wait_until(lambda: children(agent.pid), 20, "the agent starts its target")[0]
        wait_until(lambda: sockets(child), 20, "requests come")
        os.kill(agent.pid, signal.SIGKILL)
        wait_until(lambda: not is_running(child), 10, "its target ends")
        self.assertEqual(process.wait(60), 3, process.stderr)
        lost, measured = json.loads(process.stdout)["agents"]
        self.assertIsNone(lost["ceiling"])
        self.assertIn(agent.address, lost["detail"])
        self.assertIsNotNone(measured["ceiling"])

    def test_the_controller_is_killed(self):
        agent = self.agent()
        process, child = self.begin(agent)
        process.signal(signal.SIGKILL)
        wait_until(lambda: not is_running(child), 30, "the agent gives up")
        self.assertIsNone(agent.exit_code)
        self.assertIsNone(self.ceiling(agent))

    def test_agents_that_cannot_be_had(self):
        agent = self.agent()
        down = f"127.0.0.1:{closed_port()}"
        found = self.calibrate([down, agent], exit_code=3)
        self.assertIsNone(found[0]["ceiling"])
        self.assertIn(down, found[0]["detail"])
        self.assertIsNotNone(found[1]["ceiling"])
        process = self.start([down], "-z", "300ms")
        self.assertEqual(process.wait(30), 2)
        self.assertIn(down, process.stderr)
        self.assertEqual(process.stdout, "")

    def test_a_busy_agent_is_waited_for(self):
        agent = self.agent()
        target = self.enterContext(squall.Target("--delay", "5ms"))
        run = self.enterContext(squall.Run("-z", "3s", target.url, agents=[agent]))
        wait_until(lambda: target.stats()["requests"] > 10, 20, "a run begins")
        process = self.start([agent], "-z", "300ms")
        self.assertEqual(process.wait(60), 0, process.stderr)
        self.assertIn("busy: ", process.stderr)
        self.check_exit(run.finish(30), 0)

    def test_text(self):
        agent = self.agent("lon-1")
        process = self.start([agent], "-z", "300ms", "--json", str(self.folder / "found.json"))
        self.assertEqual(process.wait(30), 0, process.stderr)
        self.assertRegex(process.stdout, rf"lon-1 +{agent.address} +\d+ +\d+ +[\d,.]+/s +\d{{4}}-")
        self.assertIn(f"calibrating {agent.address} (1 of 1)", process.stderr)
        self.assertTrue(json.loads((self.folder / "found.json").read_text())["ok"])

    def test_what_a_user_can_get_wrong(self):
        for line, words in [
            ("--agents ,", ["--agents"]),
            ("--agents a,a", ["named twice"]),
            ("--agents a -z 5", ["-z", "5s"]),
            ("--agents a -z 1ms", ["-z"]),
            ("--agents a --json /nonexistent/file", ["--json", "/nonexistent/file"]),
            ("--agnets a", ["--agents", "squall calibrate --help"]),
        ]:
            with (self.subTest(line),
                  Process(squall.SQUALL, "calibrate", *line.split()) as process):
                self.assertEqual(process.wait(20), 2, process.stdout)
                self.assertEqual(process.stdout, "")
                for word in words:
                    self.assertIn(word, process.stderr)


if __name__ == "__main__":
    unittest.main()
