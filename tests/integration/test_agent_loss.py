"""Agents that die, stand still, or lose their controller in mid-run: nothing is lost, nothing is
counted twice, and nobody goes on alone."""

import signal
import time
import unittest

import context  # noqa: F401
from support import squall
from support.processes import SCALE, wait_until

# All times follow from the grace: this is a fifth of the default.
GRACE = "2s"
LEASE_SECONDS = 1.0


def kinds(result):
    """What happened to agents. An instrumented program may be so slow that a stream breaks and is
    resumed without anybody's doing."""
    return [event["kind"] for event in result.report["events"]
            if SCALE == 1 or event["kind"] != "resumed"]


class AgentLoss(squall.TestCase):
    def setUp(self):
        self.target = self.enterContext(squall.Target("--delay", "5ms"))

    def requests(self):
        return self.target.stats()["requests"]

    def start(self, *arguments, agents):
        """A run under way."""
        run = self.enterContext(squall.Run(*arguments, self.target.url, agents=agents))
        wait_until(lambda: self.requests() > 100, 20, "the run is under way")
        return run

    def check_counts(self, result):
        totals = result.report["totals"]
        self.assertLessEqual(result.recorded, self.requests())
        self.assertLessEqual(self.requests(),
                             result.recorded + totals["resent"] + totals["possibly_repeated"])

    def test_one_of_three_is_killed(self):
        for plan in (["-n", "6000", "-c", "9"], ["-n", "6000", "-q", "1500"]):
            self.target.clear()
            with self.subTest(plan), squall.fleet(3) as agents:
                run = self.start(*plan, "--grace", GRACE, agents=agents)
                agents[0].signal(signal.SIGKILL)
                result = run.finish(timeout=60)
                self.check_complete(result, 6000)
                self.assertEqual(kinds(result), ["lost", "regranted"])
                lost = {event["agent"] for event in result.report["events"]
                        if event["kind"] != "resumed"}
                self.assertEqual(lost, {agents[0].name})
                self.assertIn(agents[0].name, result.stdout.split("\n\n")[0])
                self.check_counts(result)
                # Connections as asked: the others have taken them over.
                if "-c" in plan:
                    self.assertEqual(sum(agent["concurrency"] for agent in result.report["agents"]
                                         if agent["name"] != agents[0].name), 9)
                again = squall.run("-n", "100", self.target.url, agents=agents[1:])
                self.check_complete(again, 100)
                self.assertLess(again.seconds, 3, "the survivors were not free")

    def test_the_only_one_is_killed(self):
        with squall.fleet(1) as agents:
            run = self.start("-n", "100000000", "-c", "9", "--grace", GRACE, agents=agents)
            agents[0].signal(signal.SIGKILL)
            result = run.finish(timeout=20)
        self.check_exit(result, 3)
        self.check_consistent(result)
        self.assertEqual(result.report["run"]["state"], "incomplete")
        self.assertIn(agents[0].name, result.stdout.split("\n\n")[0])
        self.assertGreater(result.recorded, 0)
        self.check_counts(result)

    def test_a_loss_may_end_the_run(self):
        with squall.fleet(2) as agents:
            run = self.start("-n", "100000000", "-c", "8", "--grace", GRACE, "--on-agent-loss",
                             "abort", agents=agents)
            agents[1].signal(signal.SIGKILL)
            result = run.finish(timeout=20)
        self.check_exit(result, 3)
        self.assertEqual(result.report["run"]["state"], "incomplete")
        self.assertIn(agents[1].name, result.stdout.split("\n\n")[0])
        self.check_counts(result)

    def test_stopped_for_a_while(self):
        """Not for so long as to be lost: it goes on."""
        with squall.fleet(2) as agents:
            run = self.start("-n", "6000", "-c", "8", "--grace", GRACE, agents=agents)
            agents[0].signal(signal.SIGSTOP)
            time.sleep(1.2)
            agents[0].signal(signal.SIGCONT)
            result = run.finish(timeout=60)
        self.check_complete(result, 6000)
        self.assertEqual(kinds(result), ["resumed"] if SCALE == 1 else [])
        self.assertIn("resumed", [event["kind"] for event in result.report["events"]])
        self.assertEqual(result.report["totals"]["possibly_repeated"], 0)
        self.assertEqual(self.requests(), 6000)

    def test_stopped_for_too_long(self):
        """What it says when it wakes up is refused, and it is free."""
        with squall.fleet(2) as agents:
            run = self.start("-n", "8000", "-c", "8", "--grace", GRACE, agents=agents)
            agents[0].signal(signal.SIGSTOP)
            time.sleep(3.5)
            agents[0].signal(signal.SIGCONT)
            result = run.finish(timeout=60)
            self.check_complete(result, 8000)
            self.assertEqual(kinds(result), ["lost", "regranted"])
            self.check_counts(result)
            self.check_complete(squall.run("-n", "100", self.target.url, agents=agents), 100)

    def test_the_controller_stands_still(self):
        with squall.fleet(2) as agents:
            run = self.start("-n", "8000", "-c", "8", "--grace", GRACE, agents=agents)
            run.signal(signal.SIGSTOP)
            time.sleep(1.4)
            run.signal(signal.SIGCONT)
            result = run.finish(timeout=60)
        self.check_complete(result, 8000)
        self.assertNotIn("lost", kinds(result))
        self.assertEqual(self.requests(), 8000)

    def test_the_controller_is_killed(self):
        """Agents stop when their lease is over, say so, and are free at the end of the grace."""
        with squall.fleet(2) as agents:
            run = self.start("-n", "100000000", "-c", "8", "--grace", GRACE, agents=agents)
            run.signal(signal.SIGKILL)
            time.sleep(LEASE_SECONDS + 0.5)
            after = self.requests()
            time.sleep(0.3)
            self.assertEqual(self.requests(), after, "somebody goes on")
            result = squall.run("-n", "100", self.target.url, agents=agents)
            self.check_complete(result, 100)
            self.assertLess(result.seconds, 10)
            for agent in agents:
                self.assertIn("controller_gone", agent.stderr)


class Joining(squall.TestCase):
    """Agents that dial."""

    def setUp(self):
        self.target = self.enterContext(squall.Target("--delay", "5ms"))

    def listening(self, *arguments):
        run = self.enterContext(squall.Run("--listen", "127.0.0.1:0", *arguments, self.target.url))
        found = wait_until(lambda: squall.LISTENING.search(run.stderr), 10, "it listens")
        return run, found[1]

    def joined(self, count, address):
        for i in range(count):
            self.enterContext(squall.Agent(f"dialler-{i + 1}", join=address))

    def test_as_many_as_are_expected(self):
        run, address = self.listening("--expect", "3", "-n", "3000", "-c", "9")
        self.joined(3, address)
        result = run.finish(timeout=60)
        self.check_complete(result, 3000)
        self.assertEqual(len(result.report["agents"]), 3)
        for agent in result.report["agents"]:
            self.assertGreater(agent["recorded"], 0)

    def test_one_run_after_the_other(self):
        run, address = self.listening("-n", "500")
        self.joined(1, address)
        self.check_complete(run.finish(timeout=60), 500)
        with squall.Run("--listen", address, "-n", "500", self.target.url) as second:
            self.check_complete(second.finish(timeout=60), 500)

    def test_too_few_come(self):
        run, address = self.listening("--expect", "2", "--wait", "1s", "-n", "500")
        self.joined(1, address)
        result = run.finish(timeout=20)
        self.check_exit(result, 2)
        self.assertIn("1 of 2", result.stderr)
        self.assertEqual(self.target.stats()["requests"], 0)

    def test_one_comes_late(self):
        for plan in (["-n", "6000", "-c", "8"], ["-n", "6000", "-q", "1500"]):
            with self.subTest(plan):
                run, address = self.listening("--join-late", "--grace", GRACE, *plan)
                self.joined(1, address)
                before = self.target.stats()["requests"]
                wait_until(lambda: self.target.stats()["requests"] > before + 200, 20, "it began")
                with squall.Agent("late", join=address):
                    result = run.finish(timeout=60)
                self.check_complete(result, 6000)
                self.assertEqual(kinds(result), ["joined"])
                late = [agent for agent in result.report["agents"] if agent["name"] == "late"]
                self.assertGreater(late[0]["recorded"], 0)
                self.assertLessEqual(self.target.stats()["peak_in_flight"], 8 if "-c" in plan
                                     else 10000)

    def test_a_listening_one_may_come_late_or_again(self):
        with squall.fleet(1) as agents:
            with squall.Agent("absent") as absent:
                address = absent.address
            run = self.enterContext(squall.Run(
                "-n", "6000", "-c", "8", "--join-late", "--grace", GRACE, "--agents",
                f"{agents[0].address},{address}", self.target.url))
            wait_until(lambda: self.target.stats()["requests"] > 200, 20, "it began")
            with squall.Agent("late", listen=address):
                result = run.finish(timeout=60)
        self.check_complete(result, 6000)
        self.assertEqual(kinds(result), ["joined"])


if __name__ == "__main__":
    unittest.main()
