"""Credentials, cookies and compression as a server sees them, and secrets that nobody else does."""

import gzip
import re
import tempfile
import threading
import unittest
from collections import Counter
from pathlib import Path

import context  # noqa: F401
from support import squall
from support.local_server import LocalServer, QuietHandler

TEXT = b'{"id": 7, "pad": "' + b"x" * 5000 + b'"}'
PACKED = gzip.compress(TEXT)
SECRET = "hunter2"


class _Handler(QuietHandler):
    def _answer(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        with self.server.lock:
            self.server.recorded.append((self.headers, body))
            number = len(self.server.recorded)
        answer, headers = TEXT, {}
        if self.path == "/packed":
            answer, headers = PACKED, {"Content-Encoding": "gzip"}
        if self.path == "/broken":
            answer, headers = PACKED[:10] + b"\xff" * 20, {"Content-Encoding": "gzip"}
        if self.path == "/cookie" and "Cookie" not in self.headers:
            headers = {"Set-Cookie": f"id={number}; Path=/"}
        if self.path == "/many":
            headers = {"Set-Cookie": f"id{number}={number}; Path=/"}
        if self.path == "/away":
            headers = {"Location": self.server.elsewhere}
        self.send_response(302 if self.path == "/away" else 200)
        self.send_header("Content-Length", str(len(answer)))
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(answer)

    do_GET = do_POST = _answer

    def handle_expect_100(self):
        with self.server.lock:
            self.server.continued += 1
        return super().handle_expect_100()


class _Server(LocalServer):
    def __init__(self):
        super().__init__(_Handler)
        self.lock = threading.Lock()
        self.recorded, self.continued, self.elsewhere = [], 0, ""

    def values(self, name):
        """How often requests had which value of a header."""
        with self.lock:
            return Counter(headers.get(name) for headers, _ in self.recorded)


class Sending(squall.TestCase):
    def setUp(self):
        self.server = self.enterContext(_Server())
        self.folder = Path(self.enterContext(tempfile.TemporaryDirectory()))

    def run_to(self, path, *arguments, requests=20, concurrency=4, **options):
        result = squall.run("-n", requests, "-c", concurrency, *arguments, self.server.url + path, **options)
        self.check_complete(result, requests)
        return result

    def test_credentials(self):
        secret = self.folder / "secret"
        secret.write_text(SECRET + "\n")
        env = {"TOKEN": SECRET, "SQUALL_PASSWORD": SECRET}
        basic, bearer = "Basic YW5uOmh1bnRlcjI=", f"Bearer {SECRET}"
        for transport in ("http1", "curl"):
            for flags, want in ((("--user", f"ann:{SECRET}"), basic),
                                (("--user", f"ann:@{secret}"), basic),
                                (("--user", "ann"), basic),
                                (("--bearer-file", secret), bearer),
                                (("--bearer-env", "TOKEN"), bearer),
                                (("-b", "a=b", "-b", f"c={SECRET}"), None)):
                with self.subTest(transport=transport, flags=flags):
                    self.server.recorded.clear()
                    saved = self.folder / f"{transport}-{len(list(self.folder.iterdir()))}"
                    result = self.run_to("/", "--transport", transport, *flags, "--log-level",
                                         "trace", "--save", saved, env=env)
                    self.assertEqual(self.server.values("Authorization"), {want: 20})
                    cookie = None if want else f"a=b; c={SECRET}"
                    self.assertEqual(self.server.values("Cookie"), {cookie: 20})
                    shown = [result.stdout.encode(), result.stderr.encode(),
                             *(path.read_bytes() for path in saved.iterdir()),
                             str(result.report).encode()]
                    for text in shown:
                        self.assertIsNone(re.search(b"hunter2|YW5uOmh1bnRlcjI", text))

    def test_credentials_stay_with_their_host(self):
        other = self.enterContext(_Server())
        self.server.elsewhere = other.url + "/"
        for flags in (("--user", f"ann:{SECRET}"), ("-b", f"a={SECRET}")):
            self.run_to("/away", "--follow", *flags)
        self.assertEqual(len(other.recorded), 40)
        self.assertEqual(other.values("Authorization"), {None: 40})
        self.assertEqual(other.values("Cookie"), {None: 40})

    def test_compressed_answers(self):
        result = self.run_to("/packed", "--compressed", "--expect-json", "$.id == 7",
                             "--expect-size", len(TEXT))
        self.assertEqual(result.report["totals"]["failed"], 0)
        self.assertEqual(self.server.values("Accept-Encoding"), {"gzip, deflate": 20})
        head = result.report["totals"]["bytes_received"] / 20 - len(PACKED)
        self.assertGreater(head, 50)
        self.assertLess(head, 300)
        plain = self.run_to("/", "--compressed")
        self.assertGreater(plain.report["totals"]["bytes_received"], 20 * len(TEXT))
        # As they came, where nobody asks for more.
        self.run_to("/packed", "--expect-size", len(PACKED))

    def test_answers_that_cannot_be_decoded(self):
        result = squall.run("-n", 8, "-c", 2, "--compressed", self.server.url + "/broken")
        self.assertEqual(result.errors, {"invalid response": 8})

    def test_a_compressed_body(self):
        for transport in ("http1", "curl"):
            self.server.recorded.clear()
            result = self.run_to("/", "--transport", transport, "-d", TEXT.decode(),
                                 "--compress-body")
            self.assertEqual(self.server.values("Content-Encoding"), {"gzip": 20})
            bodies = {body for _, body in self.server.recorded}
            self.assertEqual([gzip.decompress(body) for body in bodies], [TEXT])
            self.assertEqual(result.report["plan"]["request"]["body_bytes"], len(bodies.pop()))

    def test_expect_continue(self):
        result = self.run_to("/", "-d", "hello", "--expect-continue")
        self.assertEqual(self.server.continued, 20)
        self.assertEqual({body for _, body in self.server.recorded}, {b"hello"})
        self.assertLess(result.seconds, 10)

    def test_a_jar_for_each_in_flight(self):
        self.run_to("/cookie", "--cookies", "-b", "mine=1", requests=40)
        cookies = self.server.values("Cookie")
        # -b alone is not what the server asks for: it sets none then.
        self.assertEqual(cookies, {"mine=1": 40})
        self.server.recorded.clear()
        self.run_to("/cookie", "--cookies", requests=40)
        cookies = self.server.values("Cookie")
        self.assertLessEqual(cookies.pop(None), 4)
        self.assertLessEqual(len(cookies), 4)
        self.assertEqual(len({cookie.count(";") for cookie in cookies}), 1)

    def test_headers_that_are_rendered_beside_a_jar(self):
        self.run_to("/many", "--cookies", "-H", "Cookie: mine=1", "-H", "X-Id: {{seq}}",
                    "-H", "X-End: {{hex 4}}", requests=5, concurrency=1)
        headers = [headers for headers, _ in self.server.recorded]
        self.assertEqual([each.get_all("X-Id") for each in headers],
                         [[str(n)] for n in range(5)])
        self.assertEqual({len(each.get_all("X-End")) for each in headers}, {1})
        self.assertEqual({len(each.get_all("Cookie")) for each in headers}, {1})
        self.assertNotIn("Expect", headers[0])

    def test_a_jar_and_a_cookie_of_ones_own_are_one_header(self):
        self.run_to("/many", "--cookies", "-b", "mine=1", requests=5, concurrency=1)
        seen = [headers["Cookie"] for headers, _ in self.server.recorded]
        self.assertEqual(seen[0], "mine=1")
        self.assertEqual(sorted(seen[3].split("; ")), ["id1=1", "id2=2", "id3=3", "mine=1"])

    def test_a_jar_does_not_grow_for_ever(self):
        result = self.run_to("/many", "--cookies", requests=3000)
        longest = max(len(cookie or "") for cookie in self.server.values("Cookie"))
        self.assertLess(longest, 8192)
        self.assertEqual(result.report["plan"]["transport"]["cookies"], True)


if __name__ == "__main__":
    unittest.main()
