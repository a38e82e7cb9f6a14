"""Values of placeholders: the same requests from the same seed, whoever sends them."""

import os
import re
import tempfile
import unittest
from collections import Counter
from pathlib import Path

import context  # noqa: F401
from support import squall
from support.processes import SCALE
from support.recording_server import RecordingServer

REQUESTS = 1200 // SCALE
UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")


class Templates(squall.TestCase):
    def setUp(self):
        self.folder = Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.server = self.enterContext(RecordingServer())

    def file(self, name, text):
        path = self.folder / name
        path.write_text(text)
        return path

    def sent(self, *arguments, requests=REQUESTS, agents=(), url="/", **options):
        """The requests of a run, as the server got them."""
        before = len(self.server.requests)
        result = squall.run("-n", requests, *arguments, "-u", self.server.url + url,
                            agents=agents, **options)
        self.check_complete(result, requests)
        return self.server.requests[before:]

    def test_seed_decides_whatever_the_fleet(self):
        rows = "".join(f'{i},"Tom ""{i}"" & Co"\n' for i in range(97))
        feed = self.file("users.csv", "id,full name\n" + rows)
        arguments = ("-c", 12, "--feed", feed, "--feed-order", "random",
                     "-H", "X-Id: {{uuid}}", "-H", "X-Name: {{col \"full name\"}}",
                     "-d", '{"n":{{seq}},"k":{{zipf 1.1 1000}},"h":"{{hex 9}}"}')
        url = "/{{int 1 100000}}/{{col id}}?q={{pick a b c}}&n={{col \"full name\"}}"

        def multiset(agents, *more, seed=7):
            requests = self.sent(*arguments, "--seed", seed, *more, url=url, agents=agents)
            return Counter((request.target, tuple(request.values("X-Id")),
                            tuple(request.values("X-Name")), request.body)
                           for request in requests)
        with squall.fleet(3) as fleet, squall.Agent("four", "--threads", 4) as four:
            expected = multiset(fleet[:1])
            self.assertEqual(len(expected), REQUESTS, "all differ")
            for what, agents, more in (("2 agents", fleet[:2], ()), ("3 agents", fleet, ()),
                                       ("4 threads", [four], ()),
                                       ("libcurl", fleet[:2], ("--transport", "curl"))):
                with self.subTest(what):
                    self.assertTrue(multiset(agents, *more) == expected)
            with self.subTest("another seed"):
                self.assertFalse(multiset(fleet[:1], seed=8) == expected)

    def test_every_row_once(self):
        feed = self.file("rows.csv", "id\n" + "".join(f"{i}\n" for i in range(300)))
        with squall.fleet(3) as fleet:
            requests = self.sent("--feed", feed, "-c", 9, url="/{{col id}}", requests=600,
                                 agents=fleet)
        self.assertEqual(Counter(request.target for request in requests),
                         Counter({f"/{i}": 2 for i in range(300)}))

    def test_lists(self):
        urls = self.file("urls", "/plain\n/{{seq}}/{{uuid}}\n/x?{{pick a b}}#f\n")
        for transport in ("http1", "curl"):
            with self.subTest(transport):
                requests = self.sent("--urls", urls, "--transport", transport, "-c", 3,
                                     requests=30, url="")
                targets = Counter(re.sub(UUID, "U", request.target) for request in requests)
                self.assertEqual(targets["/plain"], 10)
                self.assertEqual(targets["/x?a"] + targets["/x?b"], 10)
                for n in range(1, 30, 3):
                    self.assertEqual(targets[f"/{n}/U"], 1)

    def test_what_is_on_the_wire(self):
        document = self.file("document", "line\n{{seq}}\n")
        for transport in ("http1", "curl"):
            with self.subTest(transport):
                requests = self.sent(
                    "--transport", transport, "-c", 1, "--tag", "-H", "X-Empty: {{env EMPTY}}",
                    "-H", "X-Token: {{env TOKEN}}", "-H", "X-Open: {{\"{{\"}}",
                    "-d", "<{{seq}}{{file " + str(document) + "}}>", requests=12, url="?a={{seq}}",
                    env={**os.environ, "EMPTY": "", "TOKEN": "s3cret"})
                for n, request in enumerate(requests):
                    self.assertEqual(request.target, f"/?a={n}")
                    self.assertEqual(request.body, f"<{n}line\n{{{{seq}}}}\n>".encode())
                    self.assertEqual(request.values("X-Empty"), [""])
                    self.assertEqual(request.values("X-Token"), ["s3cret"])
                    self.assertEqual(request.values("X-Open"), ["{{"])
                    self.assertEqual(request.values("Squall-Request"), [str(n)])
                    self.assertEqual(request.values("Content-Length"), [str(len(request.body))])

    def test_reports_keep_what_variables_hold_to_themselves(self):
        save = self.folder / "saved"
        result = squall.run("-n", 3, "--save", save, "-H", "X-Token: {{env TOKEN}}",
                            self.server.url + "/{{seq}}",
                            env={**os.environ, "TOKEN": "s3cr3t-t0k3n"})
        self.check_complete(result, 3)
        plan = result.report["plan"]
        self.assertTrue(plan["templates"])
        self.assertEqual(plan["request"]["headers"][0]["value"], "{{env TOKEN}}")
        self.assertIn("/{{seq}}", result.stdout)
        for path in save.iterdir():
            self.assertNotIn(b"s3cr3t-t0k3n", path.read_bytes(), path.name)
        self.assertNotIn("s3cr3t-t0k3n", result.stdout + result.stderr)

    def test_mistakes_send_nothing(self):
        result = squall.run("-n", 5, self.server.url + "/{{sqe}}")
        self.check_exit(result, 2)
        self.assertIn("did you mean seq?", result.stderr)
        self.assertEqual(self.server.requests, [])


if __name__ == "__main__":
    unittest.main()
