"""Runs of users that do not go on as they began: agents are lost, the user or the time ends them, and
scripts want more than they may have."""

import signal
import tempfile
import unittest
from pathlib import Path

import context  # noqa: F401
from support import squall
from support.processes import wait_until

GRACE = "2s"

# Of four requests, each with some time to think before it.
_FLOW = """
function user(u)
  for _, name in ipairs({"one", "two", "three", "four"}) do
    sleep(0.02)
    http.get("/" .. u.id, {name = name})
  end
end
"""


class UserRuns(squall.TestCase):
    def setUp(self):
        self.folder = Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.target = self.enterContext(squall.Target("--delay", "2ms"))

    def script(self, text):
        path = self.folder / "test.lua"
        path.write_text(text)
        return path

    def run_users(self, text, *arguments, **options):
        return squall.run("-s", self.script(text), *arguments, self.target.url, **options)

    def start(self, text, *arguments, requests=60, **options):
        """A run that is under way."""
        run = self.enterContext(
            squall.Run("-s", self.script(text), *arguments, self.target.url, **options))
        wait_until(lambda: self.target.stats()["requests"] > requests, 20, "the run is under way")
        return run

    def steps(self, result):
        return {step["name"]: step["recorded"] for step in result.report["steps"]}

    def test_an_agent_is_killed_in_mid_flow(self):
        agents = self.enterContext(squall.fleet(3))
        for plan in (["-c", "30"], ["-q", "200"]):
            self.target.clear()
            with self.subTest(plan), squall.Agent("lost") as lost:
                run = self.start(_FLOW, "-n", 900, *plan, "--grace", GRACE, requests=1200,
                                 agents=[lost, *agents])
                lost.signal(signal.SIGKILL)
                result = run.finish(timeout=60)
                self.check_complete(result, 900)
                self.assertEqual(result.errors, {})
                self.assertEqual([event["kind"] for event in result.report["events"]],
                                 ["lost", "regranted"])
                repeated = result.report["totals"]["possibly_repeated"]
                self.assertGreater(repeated, 0)
                self.assertIn(f"up to {repeated} flows of lost agents", result.stdout)
                # Flows are repeated whole; what was told of their requests before stays told.
                steps = self.steps(result)
                self.assertEqual(steps.keys(), {"one", "two", "three", "four"})
                for name, recorded in steps.items():
                    self.assertTrue(900 <= recorded <= 900 + repeated, (name, recorded, repeated))
                requests = self.target.stats()["requests"]
                self.assertTrue(sum(steps.values()) <= requests <= 4 * (900 + repeated), requests)

    def test_an_interruption_lets_flows_end(self):
        run = self.start(_FLOW, "-n", 100_000_000, "-c", 20)
        run.signal(signal.SIGINT)
        result = run.finish(timeout=20)
        self.check_exit(result, 130)
        self.check_consistent(result)
        self.assertEqual(result.report["run"]["state"], "interrupted")
        self.assertEqual(result.errors, {})
        self.assertEqual(self.steps(result),
                         dict.fromkeys(["four", "one", "three", "two"], result.recorded))
        self.assertEqual(self.target.stats()["requests"], 4 * result.recorded)

    def test_a_second_interruption_cuts_them_off(self):
        # Once the target has seen them all, nobody is left who would end on being asked to.
        run = self.start("function user(u) http.get('/') if u.id >= 100 then sleep(3600) end end",
                         "-n", 100_000_000, "-c", 20, requests=119)
        run.signal(signal.SIGINT)
        wait_until(lambda: "nterrupt" in run.stderr, 10, "the first one is taken")
        run.signal(signal.SIGINT)
        result = run.finish(timeout=10)
        self.check_exit(result, 130)
        self.check_consistent(result)
        self.assertEqual(result.errors, {"cut off": 20})
        self.assertEqual(result.recorded, 120)

    def test_the_end_of_the_time(self):
        """Who began before it goes on for the time to drain, and is cut off then: a failure that
        is counted."""
        result = self.run_users(
            """
            function user(u)
              http.get("/", {name = "first"})
              sleep(u.id % 2 == 0 and 0.2 or 30)
              http.get("/", {name = "second"})
            end
            """, "-z", "1s", "-c", 10, "--drain", "500ms")
        self.check_exit(result, 0)
        self.check_consistent(result)
        totals, steps = result.report["totals"], self.steps(result)
        self.assertEqual(totals["planned"], totals["recorded"])
        self.assertEqual(result.errors, {"cut off": 10})
        self.assertEqual(steps["first"], totals["recorded"])
        self.assertEqual(steps["second"], totals["succeeded"])
        longest = result.report["latency"]["failure"]["service"]["max_ns"]
        self.assertLess(longest, 300_000_000, "who is cut off asleep has no time of it")
        self.assertLess(result.seconds, 10)

    def test_what_a_script_may_not_have(self):
        cases = [
            ("while true do end", "test.lua:3: more instructions than a call may take"),
            ("local t = {} while true do t[#t + 1] = ('x'):rep(1000000 + #t) end",
             "more memory than it may have"),
            ("local function f() return f() + 1 end f()", "test.lua:3 in f"),
        ]
        for wrong, message in cases:
            with self.subTest(wrong):
                script = f"""function user(u)
                  http.get("/")
                  if u.id % 4 == 3 then {wrong} end
                  http.get("/")
                end"""
                result = self.run_users(script, "-n", 16, "-c", 4)
                self.check_exit(result, 0)
                self.check_consistent(result)
                self.assertEqual(result.errors, {"script error": 4})
                self.assertEqual(result.recorded, 16)
                self.assertIn(message, result.report["errors"][0]["sample"])
                # In what is tried before anything is sent, they are errors of the plan.
                before = self.target.stats()["requests"]
                result = self.run_users(f"function user(u)\n\n{wrong} end", "-n", 16)
                self.check_exit(result, 2)
                self.assertIn(message, " ".join(result.stderr.split()))
                self.assertEqual(self.target.stats()["requests"], before)

    def test_an_error_says_who_called(self):
        result = self.run_users("local function find(x)\n  return x.id.name\nend\n"
                                "function user(u)\n  http.get('/')\n  find(u)\n  find(nil)\nend",
                                "-n", 4)
        self.check_exit(result, 0)
        self.assertEqual(result.errors, {"script error": 4})
        self.assertRegex(result.report["errors"][0]["sample"],
                         r"test\.lua:2: attempt to index .*\(called from .*test\.lua:6")

    def test_users_share_the_connections_of_an_agent(self):
        policy = self.folder / "agent.yaml"
        policy.write_text("max_connections: 3\n")
        agents = [self.enterContext(squall.Agent("small", "--config", policy))]
        result = self.run_users("function user(u) http.get('/', {name = 'one'}) end",
                                "-n", 300, "-c", 30, agents=agents)
        self.check_complete(result, 300)
        self.assertLessEqual(self.target.stats()["peak_in_flight"], 3)
        step = result.report["steps"][0]
        self.assertGreater(step["waited"], 100)
        self.assertIsNone(result.report["waited"], "is of numbers, under a rate")
        self.assertIn("all connections that agents may have", " ".join(result.stdout.split()))

    def test_a_failed_request_is_told_by_its_place_in_the_flow(self):
        with squall.Target("--status", "404") as target:
            result = squall.run("-s", self.script(
                "function user(u) http.get('/a', {expect = 404}) http.get('/b', {name = 'b'}) end"),
                "-n", 3, target.url)
        self.check_exit(result, 0)
        self.assertEqual(result.errors, {"status 404": 3})
        self.assertTrue(result.report["errors"][0]["sample"].startswith("request 2, b"))


if __name__ == "__main__":
    unittest.main()
