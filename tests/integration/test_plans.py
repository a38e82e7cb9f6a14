"""Plan files: the flags of squall run as settings."""

import json
import tempfile
import unittest
from pathlib import Path

import context  # noqa: F401
from support import squall
from support.processes import Process


class Plans(squall.TestCase):
    def setUp(self):
        self.folder = Path(self.enterContext(tempfile.TemporaryDirectory(prefix="squall-test-")))

    def write(self, text, name="plan.yaml"):
        path = self.folder / name
        path.write_text(text)
        return path

    def command(self, *arguments):
        """Exit code, standard output and standard error of squall plan."""
        with Process(squall.SQUALL, "plan", *arguments) as process:
            return process.wait(20), process.stdout, process.stderr

    def test_a_run_of_one(self):
        with squall.Target() as target, squall.fleet(2) as fleet:
            (self.folder / "paths.txt").write_text("/a\n/b\n")
            plan = self.write(f"url: {target.url}\nurls: paths.txt\nrequests: 500\nconcurrency: 4\n"
                              "header:\n  - 'X-Team: checkout'\ntag: true\n")
            self.check_complete(squall.run(plan, agents=fleet), 500)
            result = squall.run(plan, "-n", 200, "-q", 1000, agents=fleet)
            self.check_complete(result, 200)
            self.assertEqual(target.stats()["requests"], 700)
            self.assertEqual(result.report["plan"]["request"]["headers"][0]["name"], "X-Team")

    def test_what_is_wrong_is_said_with_its_place(self):
        plan = self.write("url: http://127.0.0.1:1/\nconcurency: 5\n")
        for command in (("plan", "check"), ("plan", "show"), ("run",)):
            with self.subTest(command), Process(squall.SQUALL, *command, plan) as process:
                self.assertEqual(process.wait(20), 2)
                self.assertIn(f"{plan}:2:1: concurency: unknown; did you mean concurrency?",
                              process.stderr)

    def test_what_is_shown_is_the_same_plan(self):
        plan = self.write("url: http://127.0.0.1:1/?a=b\nheader:\n  - 'A: b #c'\nfollow: true\n")
        code, shown, _ = self.command("show", plan, "-z", "5s", "--seed", "7")
        self.assertEqual(code, 0)
        again = self.write(shown, "again.yaml")
        self.assertEqual(self.command("show", again)[:2], (0, shown))
        self.assertEqual(self.command("check", again)[:2], (0, f"{again}: 5s\n"))

    def test_from_curl(self):
        with squall.Target() as target:
            code, plan, _ = self.command(
                "from-curl", f"curl '{target.url}' \\\n  -H 'Accept: */*' --data-raw '{{\"id\": 7}}'")
            self.assertEqual(code, 0)
            result = squall.run(self.write(plan), "-n", 20)
            self.check_complete(result, 20)
            self.assertEqual(result.report["plan"]["request"]["method"], "POST")
        code, _, error = self.command("from-curl", "curl --ftp-pasv http://127.0.0.1/")
        self.assertEqual(code, 2)
        self.assertIn("curl's --ftp-pasv: has no counterpart here", error)

    def test_the_schema_has_every_flag(self):
        code, text, _ = self.command("schema")
        self.assertEqual(code, 0)
        properties = json.loads(text)["properties"]
        self.assertLess({"url", "requests", "header", "rate", "agents", "follow"}, set(properties))
        self.assertNotIn("help", properties)


if __name__ == "__main__":
    unittest.main()
