"""What a user can get wrong: each has a message that says what to do, exit 2, nothing sent."""

import os
import shutil
import tempfile
import unittest
from pathlib import Path

import context  # noqa: F401
from support import squall
from support.processes import Process
from support.recording_server import RecordingServer

# Name, arguments, words of the message. {url} is that of a server that must see no request;
# {folder} has the files of setUp.
CASES = [
    ("no URL", "", ["URL"]),
    ("no URL to join to", "--urls {folder}/paths", ["paths", "-u"]),
    ("unknown flag", "{url} --oder shuffled", ["--oder", "--order"]),
    ("unknown flag of an agent", "{url} --agent localhost", ["--agent", "--agents"]),
    ("unknown flag, swapped letters", "{url} --josn result", ["--josn", "--json"]),
    ("unknown flag, near none", "{url} --xylophone", ["--xylophone", "--help"]),
    ("flag without a value", "{url} -n", ["-n"]),
    ("no requests", "{url} -n 0", ["-n", "0"]),
    ("negative requests", "{url} -n -5", ["-n"]),
    ("requests in words", "{url} -n many", ["-n", "many"]),
    ("requests beyond counting", "{url} -n 99999999999999999999", ["-n"]),
    ("no concurrency", "{url} -c 0", ["-c", "0"]),
    ("half a request in flight", "{url} -c 1.5", ["-c", "1.5"]),
    ("no duration", "{url} -z 0s", ["-z"]),
    ("duration without unit", "{url} -z 5", ["-z", "5s"]),
    ("no rate", "{url} -q 0", ["-q", "0"]),
    ("negative rate", "{url} -q -5", ["-q"]),
    ("rate beyond counting", "{url} -q 1000000001", ["-q", "1000000000"]),
    ("bound without a rate", "{url} --max-backlog 5", ["--max-backlog", "-q"]),
    ("a source that is not here", "{url} --source-address 203.0.113.9", ["203.0.113.9"]),
    ("no timeout", "{url} -t 0s", ["-t"]),
    ("timeout in words", "{url} -t soon", ["-t", "soon"]),
    ("URL without scheme", "127.0.0.1:80/", ["http://"]),
    ("ftp URL", "ftp://127.0.0.1/", ["ftp", "http://"]),
    ("URL without host", "http:///path", ["http:///path"]),
    ("URL with a bad port", "http://127.0.0.1:99999/", ["99999"]),
    ("URL with a blank", "-u http://127.0.0.1/a%20b/{blank}c", ["%20"]),
    ("missing list", "--urls {folder}/nowhere", ["nowhere", "No such file"]),
    ("list that is a folder", "--urls {folder}", ["--urls"]),
    ("empty list", "--urls {folder}/empty", ["empty", "no URLs"]),
    ("list of comments", "--urls {folder}/comments", ["comments", "no URLs"]),
    ("list with a bad line", "-u {url} --urls {folder}/bad-line", ["bad-line:4", "ftp"]),
    ("list of binary data", "-u {url} --urls {folder}/binary", ["binary:1"]),
    ("unknown order", "-u {url} --urls {folder}/paths --order backwards",
     ["backwards", "shuffled"]),
    ("bad seed", "-u {url} --urls {folder}/paths --seed -1", ["--seed"]),
    ("header without colon", "{url} -H Accept", ["-H", "Accept", "colon"]),
    ("header without name", "{url} -H :value", ["-H", "name"]),
    ("header with a blank name", "{url} -H X{blank}Y:value", ["-H", "name"]),
    ("header of two lines", "{url} -H X:1{newline}Y:2", ["-H"]),
    ("bad method", "{url} -m GE{blank}T", ["-m"]),
    ("two bodies", "{url} -d text -D {folder}/paths", ["-d", "-D"]),
    ("missing body", "{url} -D {folder}/nowhere", ["nowhere", "No such file"]),
    ("missing certificates", "{url} --cacert {folder}/nowhere", ["nowhere", "No such file"]),
    ("certificates that are none", "{url} --cacert {folder}/paths", ["paths", "certificate"]),
    ("client certificate that is none", "{url} --cert {folder}/paths", ["--cert", "certificate"]),
    ("key without certificate", "{url} --key {folder}/paths", ["--key", "--cert"]),
    ("no streams", "{url} --http2 --streams 0", ["--streams"]),
    ("bad proxy", "{url} --proxy gopher://127.0.0.1/", ["--proxy", "gopher"]),
    ("result in no folder", "{url} --json {folder}/nowhere/result", ["--json", "nowhere"]),
    ("result that is a folder", "{url} --json {folder}", ["--json"]),
    ("bad log level", "{url} --log-level loud", ["--log-level", "loud"]),
    ("duplicate agents", "{url} --agents 127.0.0.1:7999,127.0.0.1:7999", ["127.0.0.1:7999"]),
    ("duplicate by default port", "{url} --agents 127.0.0.1,127.0.0.1:7400", ["127.0.0.1:7400"]),
    ("duplicate in a file", "{url} --agents @{folder}/twice", ["twice:3", "localhost"]),
    ("missing file of agents", "{url} --agents @{folder}/nowhere", ["nowhere", "No such file"]),
    ("file without agents", "{url} --agents @{folder}/comments", ["comments", "no agents"]),
    ("no agents", "{url} --agents ,", ["--agents"]),
    ("agent with a bad port", "{url} --agents localhost:99999", ["99999"]),
]
BLANK, NEWLINE = "\x01", "\x02"  # stand for what would separate arguments


class BadInput(squall.TestCase):
    def setUp(self):
        self.server = self.enterContext(RecordingServer())
        self.folder = Path(self.enterContext(tempfile.TemporaryDirectory()))
        for name, text in {
            "paths": "/a\n/b\n",
            "empty": "",
            "comments": "# nothing\n\n   \n",
            "bad-line": "/a\n# a comment\n\nftp://127.0.0.1/b\n/c\n",
            "twice": "localhost\n# the same again\nlocalhost:7400\n",
        }.items():
            (self.folder / name).write_text(text)
        (self.folder / "binary").write_bytes(bytes(range(256)))

    def arguments(self, line):
        line = line.format(url=self.server.url, folder=self.folder, blank=BLANK, newline=NEWLINE)
        return [word.replace(BLANK, " ").replace(NEWLINE, "\n") for word in line.split()]

    def check_refused(self, result, words):
        """Exit 2, a message with these words and nothing else, not one connection."""
        self.check_told(result, words)
        self.assertEqual(self.server.connections, 0)

    def test_each(self):
        for name, line, words in CASES:
            with self.subTest(name):
                result = squall.run(*self.arguments(line), json=False, timeout=30)
                self.check_refused(result, words)

    def test_list_without_permission(self):
        secret = self.folder / "secret"
        secret.write_text("/a\n")
        secret.chmod(0)
        run = squall.Run("--urls", secret, "-u", self.server.url, json=False)
        if os.geteuid() == 0:  # root may read everything: be somebody else
            if not (setpriv := shutil.which("setpriv")):
                self.skipTest("needs setpriv to run as somebody else")
            program = shutil.copy(run.command[0], self.folder / "squall")
            for path in (self.folder, program):
                os.chmod(path, 0o755)
            run.command = [setpriv, "--reuid", "65534", "--clear-groups", program,
                           *run.command[1:]]
        with run:
            self.check_refused(run.finish(30), ["secret", "Permission denied"])

    def test_old_result_survives_a_refusal(self):
        old = self.folder / "result.json"
        old.write_text("precious")
        result = squall.run(self.server.url, "--json", old, "-n", "0", json=False)
        self.check_refused(result, ["-n"])
        self.assertEqual(old.read_text(), "precious")

    def test_other_commands(self):
        for line, words in [
            ("", ["run", "agent", "target"]),
            ("rum", ["rum", "run"]),
            ("agent --listen nonsense:port", ["nonsense:port"]),
            ("agent --listen 127.0.0.1:0 --threads 0", ["--threads"]),
            ("target --delay -1s", ["--delay"]),
            ("target --status 42", ["--status", "42"]),
        ]:
            with self.subTest(line), Process(squall.SQUALL, *line.split()) as process:
                self.assertEqual(process.wait(20), 2, process.stderr)
                for word in words:
                    self.assertIn(word, process.stderr)

    def test_streams_that_cannot_be_written(self):
        """The exit code says what happened, whatever becomes of the words."""
        run = f"{squall.SQUALL} run -n 3 {self.server.url}"
        for line, exit_code in [
            (f"{squall.SQUALL} run 2>/dev/full", 2),
            (f"{squall.SQUALL} run >&- 2>&-", 2),
            (f"{squall.SQUALL} nonsense 2>/dev/full", 2),
            (f"{squall.SQUALL} --help >/dev/full", 3),
            (f"{squall.SQUALL} --version >/dev/null", 0),
            (f"{squall.SQUALL} version >/dev/full", 3),
            (f"{run} >/dev/full", 3),
            (f"{run} >&- 2>&-", 3),
            (f"{run} 2>/dev/full", 0),
        ]:
            with self.subTest(line), Process("sh", "-c", line) as process:
                self.assertEqual(process.wait(20), exit_code)

    def test_version(self):
        with Process(squall.SQUALL, "--version") as process:
            self.assertEqual(process.wait(20), 0)
            self.assertRegex(process.stdout, r"^\d+\.\d+\.\d+\n$")

    def test_address_in_use(self):
        for command in ("agent", "target"):
            with (self.subTest(command),
                  Process(squall.SQUALL, command, "--listen", self.server.address) as process):
                self.assertIn(process.wait(20), (2, 3))
                self.assertIn(self.server.address, process.stderr)


if __name__ == "__main__":
    unittest.main()
