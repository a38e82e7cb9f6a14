"""Agents with a file of their owner's, and what else their tests need."""

import contextlib
import http.server
import random
import re
import shutil
import socket
import subprocess
import tempfile
import threading
from pathlib import Path

from support import squall
from support.processes import wait_until
from support.recording_server import RecordingServer

# All of 127/8 is this machine's.
ALLOWED, DENIED = "127.0.0.1", "127.0.0.2"


def port_of_both():
    """One that both addresses have free, and that nobody's connection takes meanwhile: systems
    choose theirs above."""
    while True:
        port = random.randrange(10_000, 32_000)
        with contextlib.suppress(OSError), socket.socket() as one, socket.socket() as other:
            one.bind((ALLOWED, port))
            other.bind((DENIED, port))
            return port


def may_mount():
    """Whether an agent can be given an /etc/hosts of its own."""
    unshare = shutil.which("unshare")
    return unshare is not None and subprocess.run(
        [unshare, "--mount", "true"], capture_output=True).returncode == 0


class Redirector(http.server.ThreadingHTTPServer):
    """Sends everybody to one place; a context manager, like RecordingServer."""

    def __init__(self, location):
        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                self.send_response(302)
                self.send_header("Location", location)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                """Standard error belongs to the test."""

        super().__init__((ALLOWED, 0), Handler)
        self.url = f"http://{ALLOWED}:{self.server_address[1]}/"

    def __enter__(self):
        threading.Thread(target=self.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.shutdown()
        self.server_close()


class AgentWithHosts(squall.Agent):
    """An agent whose /etc/hosts is a file of the test."""

    def __init__(self, hosts, *arguments):
        super().__init__("lon-2", *arguments)
        self.command = ["unshare", "--mount", "sh", "-c",
                        'mount --bind "$0" /etc/hosts && exec "$@"', str(hosts), *self.command]


class PolicyTest(squall.TestCase):
    def setUp(self):
        self.folder = Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.file = self.folder / "agent.yaml"
        self.denied = self.enterContext(RecordingServer(DENIED, port_of_both()))

    def agent(self, text, hosts=None):
        self.file.write_text(text)
        arguments = ("--config", self.file)
        return self.enterContext(AgentWithHosts(hosts, *arguments) if hosts else
                                 squall.Agent("lon-2", *arguments))

    def hosts(self, *lines):
        """A file for AgentWithHosts; its content may change, but not its inode."""
        hosts = self.folder / "hosts"
        with open(hosts, "a+") as file:
            file.truncate(0)
            file.write("".join(f"{line}\n" for line in lines))
        return hosts

    def audits(self, agent, count=1):
        """The audit lines of an agent, as dictionaries."""
        lines = wait_until(
            lambda: (found := re.findall("event=audit (.*)", agent.stderr)) and
            len(found) >= count and found, 10, f"{count} audit lines: {agent.stderr}")
        return [dict(re.findall(r'(\w+)=("[^"]*"|\S+)', line)) for line in lines]

    def check_refused(self, agent, reason, *arguments):
        """Nothing was sent; the user is told by whom, and by which rule."""
        result = squall.run(*arguments, agents=[agent])
        self.check_exit(result, 2)
        self.assertIn(reason, result.stderr)
        self.assertIn("agent lon-2 ", result.stderr)
        return result

    def check_nothing_came(self):
        self.assertEqual(self.denied.connections, 0)
        self.assertEqual(self.denied.requests, [])
