"""A few rounds of chaos; and that its checks see what they are there for."""

import copy
import unittest

import chaos
import context  # noqa: F401
from chaos_check import Happening, Line, Seen, breaches
from chaos_plan import Fault, Plan, draw_plan
from support import network


def setUpModule():
    network.skip_without()


class Chaos(unittest.TestCase):
    def test_without_faults(self):
        self.assertEqual(chaos.main(["--rounds", "3", "--divide", "10", "--dry"]), 0)

    def test_with_faults(self):
        if not chaos.knows_faults():
            self.skipTest("this squall does not go on after a loss")
        self.assertEqual(chaos.main(["--rounds", "5", "--divide", "5"]), 0)

    def test_the_seed_decides(self):
        drawn = [repr(draw_plan(1, number, 5)) for number in range(100)]
        self.assertEqual(drawn, [repr(draw_plan(1, number, 5)) for number in range(100)])
        self.assertEqual(len(set(drawn)), 100)
        self.assertNotEqual(drawn[0], repr(draw_plan(2, 0, 5)))


def example():
    """30 numbers over 10 URLs, three agents, one of which was lost and had one number repeated; all
    as it should be."""
    plan = Plan(seed=1, number=0, divide=5, agents=["a", "b", "c"], dialled=True, clocks={},
                delay_ms=1, length=3, rate=10, open_loop=True, poisson=False, requests=0,
                concurrency=3, entries=10, faults=[Fault("cut-to", "a", 0.5, 2.2)])
    lines = [Line(0.1 * i, "abc"[i % 3 if i < 10 else 1 + i % 2], f"/{i % 10}", 200)
             for i in range(30)]
    lines.append(Line(2.5, "b", "/9", 200))
    by_agent = {"a": 3, "b": 14, "c": 13}
    agents = [{"name": name, "recorded": count, "succeeded": count, "failed": 0}
              for name, count in by_agent.items()]
    totals = {"planned": 30, "recorded": 30, "succeeded": 30, "failed": 0, "dropped": 0,
              "unsent": 0, "resent": 0, "possibly_repeated": 1}
    report = {"run": {"state": "complete"}, "totals": totals, "agents": agents,
              "status_codes": {"200": 30}}
    return plan, Seen(exit_code=0, report=report, lines=lines, target_requests=31,
                      addresses={name: name for name in "abc"},
                      happenings=[Happening(plan.faults[0], 0.5, 2.7)])


def _take(seen, **totals):
    seen.totals.update(totals)


def _log(seen, *lines):
    seen.lines += lines
    seen.target_requests += len(lines)


def _fewer(seen, key):
    """One result less than there are, in all figures that sum up."""
    seen.totals[key] -= 1
    seen.totals["recorded"] -= 1
    seen.report["agents"][1][key] -= 1
    seen.report["agents"][1]["recorded"] -= 1


# What is wrong, how it comes about in plan and seen, and what must be said of it.
WRONG = (
    ("no report", lambda plan, seen: setattr(seen, "report", None), "no report"),
    ("given up", lambda plan, seen: (setattr(seen, "exit_code", 3),
                                     seen.report["run"].update(state="incomplete")),
     "though b, c was there"),
    ("exit code", lambda plan, seen: setattr(seen, "exit_code", 1), "do not go together"),
    ("failures", lambda plan, seen: _take(seen, failed=1), "succeeded + failed"),
    ("an agent's figure", lambda plan, seen: seen.report["agents"][0].update(recorded=4),
     "recorded is not the sum"),
    ("a result is missing", lambda plan, seen: _fewer(seen, "succeeded"), "planned 30, but"),
    ("a result is missing of -n", lambda plan, seen: setattr(plan, "requests", 31),
     "recorded 30 of 31"),
    ("the schedule is cut", lambda plan, seen: setattr(plan, "length", 3.1), "31 fell due"),
    ("the target's log is cut", lambda plan, seen: seen.lines.pop(), "logs 30"),
    ("an invented response", lambda plan, seen: seen.report.update(status_codes={"200": 32}),
     "32 responses"),
    ("a repetition in silence", lambda plan, seen: _take(seen, possibly_repeated=0),
     "asked 31 times"),
    ("one more than told of", lambda plan, seen: _log(seen, Line(2.9, "b", "/9", 200)),
     "asked 32 times"),
    ("a repetition without cause", lambda plan, seen: plan.faults.clear(), "nothing went wrong"),
    ("another status", lambda plan, seen: _log(seen, Line(2.9, "b", "/9", 500)), "answer 200"),
    ("results of another", lambda plan, seen: seen.report["agents"][0].update(succeeded=5),
     "a succeeded 5 times, but came 4 times"),
    ("a stranger", lambda plan, seen: _log(seen, Line(2.9, "x", "/9", 200)), "strangers"),
    ("a URL is left out", lambda plan, seen: seen.lines.__setitem__(
        14, seen.lines[14]._replace(path="/5")), "1 requests are missing"),
    ("URLs in place of others", lambda plan, seen: [
        seen.lines.__setitem__(i, seen.lines[i]._replace(path="/5")) for i in (13, 14)],
     "2 requests are missing"),
    ("a number for two", lambda plan, seen: (
        setattr(plan, "entries", 60), _take(seen, possibly_repeated=0)), "URLs that had come"),
    ("sent without a lease", lambda plan, seen: _log(seen, Line(2.0, "a", "/9", 200)),
     "1 requests of a from 2.00 s on"),
    ("sent after death", lambda plan, seen: (
        setattr(seen.happenings[0], "fault", Fault("kill", "a", 0.3, 0)),
        _log(seen, Line(2.9, "a", "/9", 200))), "(kill)"),
)


class Checks(unittest.TestCase):
    def test_what_is_right_is_let_pass(self):
        self.assertEqual(breaches(*example()), [])

    def test_what_is_wrong_is_seen(self):
        for name, spoil, said in WRONG:
            with self.subTest(name):
                plan, seen = copy.deepcopy(example())
                spoil(plan, seen)
                found = breaches(plan, seen)
                self.assertTrue(any(said in breach for breach in found), found)

    def test_failures_without_a_response_excuse(self):
        plan, seen = example()
        _take(seen, succeeded=29, failed=1)
        seen.report["agents"][1].update(succeeded=13, failed=1)
        seen.report["status_codes"] = {"200": 29}
        seen.lines = [line for line in seen.lines if line is not seen.lines[14]]
        seen.target_requests -= 1
        self.assertEqual(breaches(plan, seen), [])

    def test_the_last_agent_s_loss_ends_a_run_before_its_time(self):
        plan, seen = example()
        plan.agents = ["a"]
        seen.exit_code = 3
        seen.report["run"]["state"] = "incomplete"
        _take(seen, planned=40)
        self.assertEqual(breaches(plan, seen), [])


if __name__ == "__main__":
    unittest.main()
