"""Several named requests by weight: what is sent, whoever sends it, and results of each."""

import json
import re
import signal
import tempfile
import unittest
from collections import Counter
from pathlib import Path

import context  # noqa: F401
from support import squall
from support.processes import SCALE, Process, wait_until
from support.recording_server import RecordingServer

REQUESTS = 1200 // SCALE // 10 * 10  # whole cycles


class Mix(squall.TestCase):
    def setUp(self):
        self.folder = Path(self.enterContext(tempfile.TemporaryDirectory(prefix="squall-test-")))
        self.server = self.enterContext(RecordingServer())

    def write(self, text, name="plan.yaml"):
        path = self.folder / name
        path.write_text(text.replace("$URL", self.server.url))
        return path

    def sent(self, plan, *arguments, requests=REQUESTS, **options):
        """The requests of a run as the server got them, and its result."""
        before = len(self.server.requests)
        result = squall.run(plan, "-n", requests, *arguments, **options)
        self.check_complete(result, requests)
        return self.server.requests[before:], result

    def command(self, *arguments):
        with Process(squall.SQUALL, "plan", *arguments) as process:
            return process.wait(20), process.stdout, process.stderr

    EVERYTHING = """\
url: $URL/base/
header: ['X-All: all', 'X-Some: plan']
mix:
  - name: list
    weight: 6
    url: /items
  - name: create
    weight: 2
    url: /items
    data: '{"a": 1}'
    header: ['x-some: own', 'X-More: more']
  - {name: look, url: $URL/other, method: HEAD}
  - name: remove
    method: DELETE
"""

    def test_each_sends_its_own(self):
        plan = self.write(self.EVERYTHING)
        expected = Counter({
            ("GET", "/base/items", "all", ("plan",), (), b""): REQUESTS * 6 // 10,
            ("POST", "/base/items", "all", ("own",), ("more",), b'{"a": 1}'): REQUESTS * 2 // 10,
            ("HEAD", "/other", "all", ("plan",), (), b""): REQUESTS // 10,
            ("DELETE", "/base/", "all", ("plan",), (), b""): REQUESTS // 10})
        for what in ((), ("--transport", "curl"), ("--tag",), ("--transport", "curl", "--tag"),
                     ("-q", REQUESTS), ("--no-templates",)):
            with self.subTest(what):
                requests, result = self.sent(plan, "-c", 7, *what)
                self.assertEqual(Counter(
                    (request.method, request.target, *request.values("X-All"),
                     tuple(request.values("X-Some")), tuple(request.values("X-More")), request.body)
                    for request in requests), expected)
                self.assertEqual([request["recorded"] for request in result.report["requests"]],
                                 [REQUESTS * 6 // 10, REQUESTS * 2 // 10, REQUESTS // 10,
                                  REQUESTS // 10])
                self.assertLessEqual(len({request.client for request in requests}), 7,
                                     "connections are for all of them")
                if "--tag" in what:
                    self.assertEqual(
                        sorted(int(request.values("Squall-Request")[0]) for request in requests),
                        list(range(REQUESTS)))

    def test_seed_decides_whatever_the_fleet(self):
        rows = "".join(f"{i},name {i}\n" for i in range(61))
        (self.folder / "users.csv").write_text("id,name\n" + rows)
        plan = self.write("""\
url: $URL
feed: users.csv
mix:
  - name: list
    weight: 5
    url: /items?p={{int 1 1000000}}&n={{seq}}
  - name: view
    weight: 3
    url: /items/{{col id}}
    header: ['X-Name: {{col name}}', 'X-Id: {{uuid}}']
  - name: create
    weight: 2
    data: '{"h": "{{hex 12}}", "id": {{col id}}}'
  - name: same
    weight: 2
    url: /same
""")
        numbers = REQUESTS // 12 * 12

        def counted(requests):
            return Counter((request.method, request.target, tuple(request.values("X-Id")),
                            tuple(request.values("X-Name")), request.body)
                           for request in requests)

        def multiset(agents, *more, seed=7):
            requests, _ = self.sent(plan, "-c", 20, "--seed", seed, *more, agents=agents,
                                    requests=numbers)
            return counted(requests)
        with squall.fleet(5) as fleet, squall.Agent("four", "--threads", 4) as four, \
                squall.Agent("one", "--threads", 1) as one:
            expected = multiset([one])
            self.assertEqual(expected[("GET", "/same", (), (), b"")], numbers // 6)
            for what, agents, more in (("2 agents", fleet[:2], ()), ("5 agents", fleet, ()),
                                       ("4 threads", [four], ()),
                                       ("a rate", fleet, ("-q", 2 * numbers)),
                                       ("libcurl", fleet[:2], ("--transport", "curl"))):
                with self.subTest(what):
                    self.assertTrue(multiset(agents, *more) == expected)
            with self.subTest("another seed"):
                self.assertFalse(multiset([one], seed=8) == expected)
            with self.subTest("an agent is killed"):
                before = len(self.server.requests)
                with squall.Run(plan, "-n", numbers, "-c", 20, "-q", numbers // 4, "--seed", 7,
                                "--grace", "2s", agents=fleet[:3]) as run:
                    wait_until(lambda: len(self.server.requests) - before > numbers // 4, 20,
                               "a quarter is sent")
                    fleet[1].signal(signal.SIGKILL)
                    result = run.finish(60)
                self.check_complete(result, numbers)
                self.assertEqual([event["kind"] for event in result.report["events"]],
                                 ["lost", "regranted"])
                seen = counted(self.server.requests[before:])
                self.assertFalse(expected - seen, "what is missing")
                totals = result.report["totals"]
                self.assertLessEqual((seen - expected).total(),
                                     totals["possibly_repeated"] + totals["resent"])
        # Each name has every row as often as any other, give or take one.
        for pattern, times in ((r"/items/(\d+)$", numbers // 4), ("", 0)):
            rows = Counter(match[1] for request in expected.elements()
                           if pattern and (match := re.match(pattern, request[1])))
            self.assertEqual(sum(rows.values()), times)
            self.assertLessEqual(max(rows.values(), default=0) - min(rows.values(), default=0), 1)

    def test_results_by_name(self):
        plan = self.write("""\
url: $URL
mix:
  - {name: good, weight: 3, url: /good}
  - name: bad
    url: /bad
    expect_status: 201-204
  - {name: "Kürbis", weight: 2, url: /}
""")
        saved = self.folder / "saved"
        with squall.fleet(2) as fleet:
            result = squall.run(plan, "-n", 600, "-c", 8, "--save", saved, agents=fleet)
        self.check_complete(result, 600)
        good, bad, third = result.report["requests"]
        self.assertEqual((good["succeeded"], bad["failed"], third["succeeded"]), (300, 100, 200))
        self.assertEqual(bad["errors"][0]["kind"], "status 200")
        self.assertEqual(bad["status_codes"], {"200": 100})
        self.assertIsNone(result.report["plan"]["request"])
        self.assertEqual(result.report["plan"]["mix"][1]["checks"]["statuses"], [[201, 204]])
        # What all did is what each did, bucket for bucket: so are the counts, least and most.
        every = result.report["latency"]["success"]["service"]
        times = [request["latency"]["success"]["service"] for request in (good, third)]
        self.assertEqual(every["count"], sum(part["count"] for part in times))
        self.assertEqual(every["min_ns"], min(part["min_ns"] for part in times))
        self.assertEqual(every["max_ns"], max(part["max_ns"] for part in times))
        self.assertRegex(result.stdout, r"(?m)^3 requests by weight: good 3, bad 1, K")
        self.assertRegex(result.stdout, r"(?m)^ +requests +a second +failed +p50 +p90 +p99$")
        self.assertRegex(result.stdout, r"(?m)^  bad +100 .* 100 +- +- +-$")
        again = self.folder / "again.json"
        with Process(squall.SQUALL, "report", saved, "--json", again) as report:
            self.assertEqual(report.wait(20), 0, report.stderr)
            self.assertEqual(report.stdout, result.stdout)
        self.assertEqual(json.loads(again.read_text())["requests"], result.report["requests"])

    def test_an_agent_that_is_lost(self):
        """Nothing is lost of any name."""
        plan = self.write("url: $URL\nmix:\n  - {name: a, weight: 2}\n  - {name: b, url: /b}\n")
        with squall.fleet(2) as fleet:
            with squall.Run(plan, "-n", 3000, "-q", 1000, "--grace", "2s", agents=fleet) as run:
                wait_until(lambda: len(self.server.requests) > 500, 20, "requests")
                fleet[1].signal(signal.SIGKILL)
                result = run.finish()
        self.check_complete(result, 3000)
        self.assertEqual([event["kind"] for event in result.report["events"]],
                         ["lost", "regranted"])
        self.assertEqual([request["recorded"] for request in result.report["requests"]],
                         [2000, 1000])

    def test_what_is_shown_is_the_same_plan(self):
        plan = self.write(self.EVERYTHING)
        code, shown, error = self.command("show", plan, "-n", 50)
        self.assertEqual(code, 0, error)
        again = self.write(shown, "again.yaml")
        self.assertEqual(self.command("show", again)[:2], (0, shown))
        self.assertIn("\nmix:\n  - name: list\n    weight: 6\n    url: /items\n", shown)

    def test_secrets_are_kept(self):
        plan = self.write("url: $URL\nuser: 'ann:s3cr3t-w0rd'\nmix:\n  - name: a\n"
                          "  - {name: b, header: ['Cookie: k=s3cr3t-t0k3n']}\n")
        saved = self.folder / "saved"
        requests, result = self.sent(plan, "--save", saved, requests=20)
        self.assertEqual({tuple(request.values("Authorization")) for request in requests},
                         {("Basic YW5uOnMzY3IzdC13MHJk",)})
        text = result.stdout + json.dumps(result.report) + result.stderr
        for path in saved.iterdir():
            text += path.read_bytes().decode("latin-1")
        self.assertNotIn("s3cr3t-t0k3n", text)
        self.assertNotIn("YW5uOnMzY3IzdC13MHJk", text)

    def test_mistakes_send_nothing(self):
        cases = [
            ("an unknown key", "mix:\n  - name: a\n    urk: /\n",
             ":4:5: urk: unknown; did you mean url?"),
            ("the plan's key", "mix:\n  - name: a\n    rate: 5\n", ":4:5: rate: is for all"),
            ("no name", "mix:\n  - weight: 5\n", ":3:5: mix: a request without a name"),
            ("twice", "mix:\n  - name: a\n  - name: a\n",
             ":4:11: name a: the request in line 3 has it already"),
            ("no weight", "mix:\n  - name: a\n    weight: 0\n", ":4:13: request a: weight 0"),
            ("a bad header", "mix:\n  - name: a\n    header: 'x y: z'\n", ":4:13: request a: -H "),
            ("a placeholder", "mix:\n  - name: a\n    url: /{{sqe}}\n",
             ":4:10: request a: -u column 2: {{sqe}}"),
            ("empty", "mix: []\n", ":2:6: mix: is empty"),
            ("a list of its own", "mix:\n  - name: a\n    urls: x\n", ":4:5: urls: is for all"),
            ("a long name", f"mix:\n  - name: {'x' * 65}\n", ":3:11: name "),
        ]
        for name, text, message in cases:
            with self.subTest(name):
                plan = self.write("url: $URL\n" + text)
                result = squall.run(plan, "-n", 5)
                self.check_exit(result, 2)
                self.assertIn(f"{plan}{message}", result.stderr)
        plan = self.write("mix:\n  - {name: a, url: $URL}\n")
        for arguments, message in ((("-u", self.server.url), "-u: every request of the mix has"),
                                   (("--urls", plan), "--urls and mix exclude each other")):
            with self.subTest(arguments):
                result = squall.run(plan, *arguments)
                self.check_exit(result, 2)
                self.assertIn(message, result.stderr)
        self.assertEqual(self.server.requests, [])


if __name__ == "__main__":
    unittest.main()
