"""What counts as a success is what the user says, over either transport and on any fleet."""

import tempfile
import unittest
from pathlib import Path

import context  # noqa: F401
from support import squall
from support.local_server import LocalServer, QuietHandler

ITEMS = b'{"items": [{"id": 7, "name": "seven"}], "next": null}'
# Status, headers and body by path.
ANSWERS = {
    "/items": (200, {"Content-Type": "application/json", "X-Id": "7"}, ITEMS),
    "/other": (200, {"Content-Type": "text/html"}, b"<p>try later</p>"),
    "/gone": (404, {}, b"gone"),
    "/large": (200, {}, b"x" * (3 << 20) + b"end"),
}


class _Handler(QuietHandler):
    def do_GET(self):
        status, headers, body = ANSWERS[self.path]
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)


# Flags, the path that is asked for, and what each answer fails by (nothing: it is a success).
CASES = [
    (("--expect-status", "404"), "/gone", None),
    (("--expect-status", "404"), "/items", "status 200"),
    (("--expect-status", "200-299,304"), "/gone", "status 404"),
    (("--expect-header", "X-Id: 7"), "/items", None),
    (("--expect-header", "X-Id: 7"), "/other", "header not as expected"),
    (("--expect-header", "content-type: application/json"), "/other", "header not as expected"),
    (("--expect-body", "seven"), "/items", None),
    (("--expect-body", "seven"), "/other", "body not as expected"),
    (("--expect-body", '"id": [0-9]+,'), "/items", None),
    (("--expect-body", "^end"), "/large", "body not as expected"),
    (("--expect-body", "end"), "/large", None),
    (("--expect-json", "$.items[0].id == 7"), "/items", None),
    (("--expect-json", "$.items[1]"), "/items", "JSON not as expected"),
    (("--expect-json", "$"), "/other", "JSON not as expected"),
    (("--expect-json", "$"), "/large", "JSON not as expected"),
    (("--expect-size", f"{len(ITEMS)}"), "/items", None),
    (("--expect-size", "0-10"), "/items", "size not as expected"),
    # The first that does not hold is what it fails by.
    (("--expect-json", "$.no", "--expect-size", "0-10", "--expect-header", "X-No"), "/items",
     "header not as expected"),
]
REQUESTS = 40


class Checks(squall.TestCase):
    def setUp(self):
        self.server = self.enterContext(LocalServer(_Handler))

    def test_each_over_both_transports(self):
        for transport in ("http1", "curl"):
            for flags, path, error in CASES:
                with self.subTest(transport=transport, flags=flags, path=path):
                    result = squall.run("-n", REQUESTS, "-c", 4, "--transport", transport, *flags,
                                        self.server.url + path)
                    self.check_complete(result, REQUESTS)
                    self.assertEqual(result.errors, {error: REQUESTS} if error else {})
                    self.assertEqual(result.status_codes, {ANSWERS[path][0]: REQUESTS})
                    if error:
                        self.assertNotEqual(result.report["errors"][0]["sample"], "")

    def test_a_fleet_and_a_list(self):
        flags = ("--expect-header", "Content-Type", "--expect-json", "$.items", "--expect-status",
                 "200,404")
        agents = self.enterContext(squall.fleet(3))
        path = Path(self.enterContext(tempfile.TemporaryDirectory())) / "urls"
        path.write_text("/items\n/other\n/gone\n")
        result = squall.run("-n", 300, "-c", 9, "--urls", path, "-u", self.server.url, *flags,
                            agents=agents)
        self.check_complete(result, 300)
        self.assertEqual(result.errors,
                         {"JSON not as expected": 100, "header not as expected": 100})
        self.assertEqual(result.status_codes, {200: 200, 404: 100})
        self.assertIn("expecting status 200 or 404, header Content-Type, JSON $.items",
                      " ".join(result.stdout.split()))
        checks = result.report["plan"]["checks"]
        self.assertEqual(checks["statuses"], [[200, 200], [404, 404]])
        self.assertEqual(checks["headers"], [{"name": "Content-Type", "value": None}])
        self.assertEqual(checks["json"], [{"path": "$.items", "value": None}])

    def test_without_checks_nothing_changes(self):
        result = squall.run("-n", REQUESTS, self.server.url + "/gone")
        self.check_complete(result, REQUESTS)
        self.assertEqual(result.errors, {"status 404": REQUESTS})
        self.assertIsNone(result.report["plan"]["checks"])
        self.assertIsNone(result.report["plan"]["fail_fast"])


class FailFast(squall.TestCase):
    def test_ends_a_run_that_fails(self):
        for extra in ((), ("-q", "500"), ("-z", "60s"), ("--warmup", "60s")):
            with (self.subTest(extra=extra), squall.fleet(2) as agents,
                  squall.Target("--fail-every", "2", "--delay", "2ms") as target):
                result = squall.run("--fail-fast", 20, *(extra or ("-n", 10**6)), "-c", 4,
                                    target.url, agents=agents)
                self.check_exit(result, 3)
                self.check_consistent(result)
                self.assertEqual(result.report["run"]["state"], "incomplete")
                failed = result.report["totals"]["failed"]
                if "--warmup" in extra:
                    failed += result.report["warmup"]["failed"]
                self.assertGreaterEqual(failed, 20)
                self.assertLess(result.seconds, 15)
                self.assertIn("requests have failed, and the run was to end at 20 (--fail-fast)",
                              " ".join(result.stdout.split()))

    def test_is_the_same_where_all_came_at_once(self):
        with squall.Target("--fail-every", "1") as target:
            result = squall.run("--fail-fast", 5, "-n", 5, "-c", 5, target.url)
            self.check_exit(result, 3)
            self.assertEqual(result.recorded, 5)

    def test_leaves_a_run_alone_that_does_not_fail_so_often(self):
        with squall.Target("--fail-every", "10") as target:
            result = squall.run("--fail-fast", 101, "-n", 1000, "-c", 4, target.url)
            self.check_complete(result, 1000)
            self.assertEqual(result.report["totals"]["failed"], 100)


if __name__ == "__main__":
    unittest.main()
