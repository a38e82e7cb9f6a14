"""Lists of requests, JSON lines and access logs: what a server saw of them."""

import base64
import gzip
import json
import signal
import tempfile
import time
import unittest
from collections import Counter
from pathlib import Path

import context  # noqa: F401
from support import squall
from support.access_log import log_line
from support.recording_server import RecordingServer

TRANSPORTS = ("http1", "curl")


class ListFormats(squall.TestCase):
    def setUp(self):
        self.folder = Path(self.enterContext(tempfile.TemporaryDirectory()))

    def write(self, text, name="list"):
        path = self.folder / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    def test_a_method_for_each_line(self):
        lines = [f"{method} /{i}?{method.lower()}" for i in range(200)
                 for method in ("GET", "POST", "DELETE", "PUT", "HEAD")]
        urls = self.write("# requests\n" + "\n".join(lines))
        for transport in TRANSPORTS:
            for count in (0, 3):
                with (self.subTest(transport, agents=count), RecordingServer() as server,
                      squall.fleet(count) as fleet):
                    result = squall.run("--urls", urls, "-u", server.url, "-n", len(lines),
                                        "--order", "shuffled", "--transport", transport,
                                        "-c", "8", "-H", "X-A: b", agents=fleet)
                    self.check_complete(result, len(lines))
                    seen = Counter(f"{r.method} {r.target}" for r in server.requests)
                    self.assertTrue(seen == Counter(lines), seen.most_common(3))
                    self.assertEqual({r.values("X-A")[0] for r in server.requests}, {"b"})
                    self.assertEqual(result.report["plan"]["urls"]["methods"],
                                     ["GET", "POST", "DELETE", "PUT", "HEAD"])
                    self.assertIn("1,000 requests of ", result.stdout)

    def test_lines_of_json(self):
        bodies = [bytes(range(256)), b"", b'{"id": {{seq}}}', b"x" * 5000]
        items = []
        for i in range(200):
            item = {"method": ("PUT", "POST")[i % 2], "url": f"/{i}",
                    "header": {"X-Id": [str(i)], "X-Empty": "", "Accept": ["a/b", "c/d"]},
                    "body": base64.b64encode(bodies[i % 4]).decode()}
            if i % 5 == 0:
                item = {"url": f"/{i}"}
            items.append(item)
        urls = self.write("".join(json.dumps(item) + "\n" for item in items))
        for transport in TRANSPORTS:
            for flags in ((), ("--no-templates", "-H", "X-Braces: {{seq}}"), ("--tag",)):
                with self.subTest(transport, flags=flags), RecordingServer() as server:
                    result = squall.run("--urls", urls, "-u", server.url, "-n", len(items),
                                        "--transport", transport, "-c", "4",
                                        "-H", "Accept: */*", *flags)
                    self.check_complete(result, len(items))
                    seen = {r.target: r for r in server.requests}
                    self.assertEqual(len(seen), len(items))
                    for i, item in enumerate(items):
                        self.check_item(seen[f"/{i}"], item, "X-Braces: {{seq}}" in flags)

    def check_item(self, request, item, braces):
        header = item.get("header", {})
        self.assertEqual(request.method, item.get("method", "GET"))
        self.assertEqual(request.body, base64.b64decode(item.get("body", "")))
        self.assertEqual(request.values("Accept"), header.get("Accept", ["*/*"]))
        self.assertEqual(request.values("X-Id"), header.get("X-Id", []))
        self.assertEqual(request.values("X-Empty"), [""] if header else [])
        self.assertEqual(request.values("X-Braces"), ["{{seq}}"] if braces else [])

    def test_an_access_log_is_a_list_of_requests(self):
        lines = [log_line(10 * i, f"{('GET', 'POST')[i % 2]} /{i} HTTP/1.1", False)
                 for i in range(300)]
        lines.insert(7, log_line(70, "-"))
        lines.insert(8, log_line(70, r"\x16\x03\x01"))
        text = "".join(lines).encode()
        for name, content in (("log", text), ("log.gz", gzip.compress(text))):
            for time_ in ("first", "again"):
                with self.subTest(name, time=time_), RecordingServer() as server:
                    result = squall.run("--urls", self.folder / name if time_ == "again" else
                                        self.write(content, name), "--format", "combined",
                                        "-u", server.url + "/base", "-n", "300")
                    self.check_complete(result, 300)
                    self.assertEqual(sorted(f"{r.method} {r.target}" for r in server.requests),
                                     sorted(f"{('GET', 'POST')[i % 2]} /base/{i}"
                                            for i in range(300)))
                    self.assertIn("2 lines name no request that can be sent, the first is line 8: "
                                  "they were left out", result.report["notes"][0])

    def test_a_replay_is_exact(self):
        """Every request once, also from several agents and with one that is lost."""
        count = 1200
        lines = [log_line(5 * i, f"GET /{i} HTTP/1.1") for i in range(count)]
        log = self.write("".join(lines))
        for agents, lost, speed in ((0, False, "4x"), (3, False, "4x"), (3, True, "1x")):
            with (self.subTest(agents=agents, lost=lost), RecordingServer() as server,
                  squall.fleet(agents) as fleet):
                run = squall.Run("--urls", log, "--format", "combined", "--replay-speed", speed,
                                 "-u", server.url, "--grace", "1s", agents=fleet)
                with run:
                    if lost:
                        time.sleep(3)
                        fleet[0].signal(signal.SIGKILL)
                    result = run.finish()
                self.check_exit(result, 0)
                self.assertEqual(result.recorded, count)
                self.assertEqual(result.report["totals"]["planned"], count)
                self.assertEqual({r.target for r in server.requests},
                                 {f"/{i}" for i in range(count)})
                repeated = result.report["totals"]["possibly_repeated"]
                self.assertLessEqual(len(server.requests) - count, repeated)
                if not lost:
                    self.assertEqual(len(server.requests), count)
                    elapsed = result.report["run"]["elapsed_ns"] / 1e9
                    self.assertLess(abs(elapsed - 5 * count / 1000 / 4), 0.5)
                arrivals = result.report["plan"]["phases"][0]["arrivals"]
                self.assertEqual(arrivals["process"], "listed")
                self.assertEqual(arrivals["replay_speed"], float(speed[:-1]))

    def test_nothing_is_sent_of_a_bad_list(self):
        good = log_line(0, "GET / HTTP/1.1")
        rows = [
            ("GET /a\nget /b\n", [], "list:2:1: get: methods are in upper case: did you mean GET?"),
            ("GET /a\nGET /b c\n", [], "list:2:8: c: behind the URL"),
            ('{"url": "/a"}\n{"url": "/b", "metod": "GET"}\n', [],
             "list:2:15: metod: unknown; did you mean method?"),
            ('{"url": "/a"}\n{"url": "/b",}\n', [], "list:2:14: not JSON from here on"),
            (good + "10.0.0.1 - - nothing\n", ["--format", "combined"],
             "list:2:1: no [time] in it"),
            (good, [], "list:1:1: looks like a line of an access log: add --format combined"),
            (good, ["--format", "combined", "--replay-speed", "1x", "-q", "5"],
             "--replay-speed and -q exclude each other"),
        ]
        for text, flags, message in rows:
            with self.subTest(message), RecordingServer() as server:
                path = self.write(text)
                result = squall.run("--urls", path, "-u", server.url, *flags, json=False)
                self.check_exit(result, 2)
                self.assertIn(message, result.stderr)
                self.assertEqual(server.requests, [])


if __name__ == "__main__":
    unittest.main()
