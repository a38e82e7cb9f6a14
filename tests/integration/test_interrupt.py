"""Ctrl-C once and twice, and a controller that is killed."""

import os
import signal
import tempfile
import time
import unittest
from pathlib import Path

import context  # noqa: F401
from support import squall
from support.processes import SCALE, children, is_running, wait_until

ENDLESS = ("-n", "100000000")
SETTLE_SECONDS = 0.5  # more than any request of the quick target lasts


def agents_of(pid):
    """The children that are agents by now: before, a child is a copy of the run and dies with it."""
    return [child for child in children(pid)
            if b"\0agent\0" in Path(f"/proc/{child}/cmdline").read_bytes()]


class Interrupt(squall.TestCase):
    def started(self, target, agents, *arguments, env=None):
        """A run that has requests in flight, in a process group as a shell would give it."""
        run = self.enterContext(squall.Run(*ENDLESS, "-c", "20", target.url, *arguments,
                                           agents=agents, env=env))
        wait_until(lambda: target.stats()["peak_in_flight"] >= 20, 20, "20 requests in flight")
        return run

    def check_interrupted(self, result):
        self.check_exit(result, 130)
        self.check_consistent(result)
        self.assertEqual(result.report["run"]["state"], "interrupted")
        self.assertIn("interrupted", result.stdout.lower())

    def test_once(self):
        for count in (0, 3):  # 0: an agent of its own, which the Ctrl-C must not reach
            with (self.subTest(agents=count), squall.fleet(count) as agents,
                  squall.Target("--delay", "50ms") as target):
                run = self.started(target, agents)
                time.sleep(1)
                run.signal(signal.SIGINT)
                result = run.finish(timeout=10)
                self.check_interrupted(result)
                self.assertEqual(result.errors, {})
                self.assertEqual(result.recorded, target.stats()["requests"])
                if agents:
                    self.check_complete(squall.run("-n", "10", target.url, agents=agents), 10)

    def test_once_under_a_duration(self):
        with squall.fleet(3) as agents, squall.Target("--delay", "50ms") as target:
            with squall.Run("-z", "60s", "-c", "20", target.url, agents=agents) as run:
                wait_until(lambda: target.stats()["requests"] > 50, 20, "requests")
                run.signal(signal.SIGINT)
                result = run.finish(timeout=10)
            self.check_interrupted(result)
            self.assertEqual(result.recorded, target.stats()["requests"])

    def test_twice(self):
        for count in (0, 3):
            with (self.subTest(agents=count), squall.fleet(count) as agents,
                  squall.Target("--delay", "30s") as target):
                run = self.started(target, agents, "-t", "60s")
                run.signal(signal.SIGINT)
                time.sleep(1)
                self.assertIsNone(run.exit_code, "the first Ctrl-C drains, and did not wait")
                again = time.monotonic()
                run.signal(signal.SIGINT)
                result = run.finish(timeout=20)
                self.assertLess(time.monotonic() - again, 2 if SCALE == 1 else 6)
                self.check_interrupted(result)
                self.assertEqual(result.report["totals"]["succeeded"], 0)
                if agents:  # are free again, whatever is still in flight at the target
                    with squall.Target() as other:
                        self.check_complete(squall.run("-n", "10", other.url, agents=agents), 10)

    def test_before_the_start(self):
        """While it waits for an agent that never answers."""
        with squall.FakeAgent("silent") as fake, squall.Target() as target:
            with squall.Run(target.url, agents=[fake]) as run:
                time.sleep(1)
                run.signal(signal.SIGINT)
                self.assertEqual(run.wait(10), 130)
            self.assertEqual(target.stats()["peak_in_flight"], 0)

    def test_paused_controller(self):
        """What agents said while the controller stood still counts as said in time."""
        with squall.fleet(2) as agents, squall.Target("--delay", "50ms") as target:
            run = self.enterContext(squall.Run("-z", "14s", "-c", "20", target.url, agents=agents))
            wait_until(lambda: target.stats()["requests"] > 50, 20, "requests")
            run.signal(signal.SIGSTOP)
            time.sleep(8)  # longer than a lease: the agents have paused
            run.signal(signal.SIGCONT)
            result = run.finish(timeout=30)
            self.check_exit(result, 0)
            self.assertNotIn("lost", [event["kind"] for event in result.report["events"]])
            self.check_consistent(result)
            self.assertEqual(result.recorded, target.stats()["requests"])

    def test_after_a_loss(self):
        """A loss that ends the run stays the graver news."""
        with squall.fleet(2) as agents, squall.Target("--delay", "3s") as target:
            run = self.started(target, agents, "--on-agent-loss", "abort", "--grace", "1s")
            agents[0].signal(signal.SIGKILL)
            wait_until(lambda: "was lost" in run.stderr, 10, "the loss is noticed")
            run.signal(signal.SIGINT)
            result = run.finish(timeout=10)
            self.check_exit(result, 3)
            self.assertEqual(result.report["run"]["state"], "incomplete")

    def test_killed_controller(self):
        with squall.fleet(3) as agents, squall.Target("--delay", "50ms") as target:
            run = self.started(target, agents)
            run.signal(signal.SIGKILL)
            time.sleep(5)
            self.check_stands_still(target)
            result = squall.run("-n", "10", target.url, agents=agents)
            self.check_complete(result, 10)
            self.assertLess(result.seconds, 10)

    def test_killed_controller_with_its_own_agent(self):
        for delay in ("50ms", "60s"):
            with (self.subTest(delay=delay), squall.Target("--delay", delay) as target,
                  tempfile.TemporaryDirectory() as folder):
                run = self.started(target, [], env={"TMPDIR": folder})
                agents = children(run.pid)
                self.assertEqual(len(agents), 1)
                self.assertNotEqual(os.getpgid(agents[0]), os.getpgid(run.pid))
                self.assertEqual(len(os.listdir(folder)), 1, "the folder of its socket")
                self.check_nothing_outlives(run, agents, folder)
                time.sleep(SETTLE_SECONDS)
                self.check_stands_still(target)

    def test_killed_while_its_own_agent_starts(self):
        """At any moment from the agent's first on: before, it is the run alone that knows."""
        with squall.Target("--delay", "50ms") as target:
            for milliseconds in (0, 1, 3, 10, 30, 100):
                with (self.subTest(milliseconds=milliseconds),
                      tempfile.TemporaryDirectory() as folder,
                      squall.Run(*ENDLESS, target.url, env={"TMPDIR": folder}) as run):
                    agents = wait_until(lambda: agents_of(run.pid), 20, "an agent of its own",
                                        every=0.0005)
                    time.sleep(milliseconds / 1000)
                    self.check_nothing_outlives(run, agents, folder)

    def check_nothing_outlives(self, run, agents, folder):
        """Kills a run: its own agent ends, and takes the folder of its socket with it."""
        run.signal(signal.SIGKILL)
        for agent in agents:
            wait_until(lambda: not is_running(agent), 5, "the agent ends with its parent")
        self.assertEqual(os.listdir(folder), [])

    def check_stands_still(self, target):
        before = target.stats()["requests"]
        time.sleep(1)
        self.assertEqual(target.stats()["requests"], before)

    def test_while_its_own_agent_starts(self):
        """Neither the agent nor the folder of its socket outlives the run."""
        with squall.Target() as target, tempfile.TemporaryDirectory() as folder:
            with squall.Run(*ENDLESS, target.url, env={"TMPDIR": folder}) as run:
                agents = wait_until(lambda: children(run.pid), 20, "an agent of its own")
                run.signal(signal.SIGINT)
                self.assertEqual(run.wait(20), 130)
                for agent in agents:
                    self.assertFalse(is_running(agent))
            self.assertEqual(os.listdir(folder), [])

    def test_servers_end_by_ctrl_c(self):
        for start in (squall.Agent, squall.Target):
            with self.subTest(start.__name__), start() as process:
                process.signal(signal.SIGINT)
                self.assertEqual(process.wait(10), 0, process.stderr)


if __name__ == "__main__":
    unittest.main()
